#!/bin/sh
# Nights are a timetable, class changes phases, and what an event says of another is true of it.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_around.py"
