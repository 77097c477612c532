#!/bin/sh
# What changed a verdict is kept, and told by explain --history.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_history.py"
