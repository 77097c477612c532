#!/bin/sh
# The tree that the world is tried with learns what can be learnt, and no more.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_tree.py"
