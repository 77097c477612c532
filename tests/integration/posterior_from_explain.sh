#!/bin/sh
# The text of explain is enough to compute a verdict again, also with other weights.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_posterior.py"
