#!/bin/sh
# The figures of a sweep are computed right.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_figures.py"
