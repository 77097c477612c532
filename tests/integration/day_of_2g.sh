#!/bin/sh
# Two hours of the profile 2g, reckoned up to a day, and a cut at their end.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/day2g.py" --hours 2 --scale 120
