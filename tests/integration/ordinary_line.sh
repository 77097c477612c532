#!/bin/sh
# An hour and a half of two probes' day, and one round in real time, beside what ordinary devices show.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/ordinary.py" --hours 1.5 --scale 60
