#!/bin/sh
# How long a round lasts in which everything is dark.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/blackout.py"
