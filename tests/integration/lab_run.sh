#!/bin/sh
# One fault with real probes and a real analyzer, from the packets to the verdict; what the
# lab prints fits its schema.
here=$(dirname "$0")
export PYTHONDONTWRITEBYTECODE=1
lines=$("$here/../lab/lab.py" --seed 21 --format json cable) || exit 1
echo "$lines"
echo "$lines" | "$here/../validate.py" lab --least 1
