#!/bin/sh
# One fault with real probes and a real analyzer, from the packets to the verdict; what the
# lab prints fits its schema, and every probe measured both families and each kind of check.
here=$(dirname "$0")
"$here/../lab/enter.py" || exit
export PYTHONDONTWRITEBYTECODE=1
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
lines=$("$here/../lab/lab.py" --seed 21 --format json --keep "$kept" cable) || exit 1
echo "$lines"
echo "$lines" | "$here/../validate.py" lab --least 1 || exit 1
run=$kept/cable
"${BUILD:-build}/faultline-analyzer" query measurements --dir "$run/analyzer" \
	--config "$run/analyzer.conf" --format json | "$here/../lab/measured.py" "$run/targets.csv"
