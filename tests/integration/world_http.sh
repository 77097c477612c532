#!/bin/sh
# What is fed past the network and what goes through it is the same.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_http.py"
