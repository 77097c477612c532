#!/bin/sh
# The lab counts a verdict as right only where it is, and a fault's table as held only where
# every cell of it is what was measured; labs side by side leave each other alone.
export PYTHONDONTWRITEBYTECODE=1
here=$(dirname "$0")
for check in score ladder side; do
	"$here/../lab/check_$check.py" || exit 1
done
