#!/bin/sh
# What looks alike is told apart by what it is meant to be told apart by: one pair of many.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_pairs.py"
