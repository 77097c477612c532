#!/bin/sh
# Six scenarios of the world from their rows to scores.json.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_run.py"
