#!/bin/sh
# Three compilations of the analyzer say the same of small countries, byte for byte.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_builds.py"
