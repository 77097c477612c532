#!/bin/sh
# The baselines that stand beside the analyzer's verdicts are computed right.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_baselines.py"
