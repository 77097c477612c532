#!/bin/sh
# What is said of how far a verdict has been tried is what is counted.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_real.py"
