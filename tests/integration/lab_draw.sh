#!/bin/sh
# What the lab draws from its seed keeps its promises.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/check_draw.py"
