#!/bin/sh
# Memory of the whole probe at rest, and the bytes of one default round on the router.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/footprint.py"
