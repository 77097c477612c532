#!/bin/sh
# What a third of all probes claim, or all of one cohort, is no event of the whole country; what
# is true is one all the same. A few countries of many.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_liars.py"
