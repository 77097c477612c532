#!/bin/sh
# Both packages made, installed, used as README.md prints it, and purged, on a fresh Debian.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../package/trial.py"
