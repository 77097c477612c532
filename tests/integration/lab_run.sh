#!/bin/sh
# Nine faults with real probes and a real analyzer, from the packets to the verdict: the
# measurements fit each fault's table, no verdict is wrong, and what the lab prints fits its
# schema. In one of them every probe measured both families and each kind of check.
here=$(dirname "$0")
"$here/../lab/enter.py" || exit
export PYTHONDONTWRITEBYTECODE=1
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
lines=$("$here/../lab/lab.py" --seed 21 --format json --keep "$kept" --nine)
failed=$?
echo "$lines"
echo "$lines" | "$here/../validate.py" lab --least 9 || failed=1
run=$kept/cable
"${BUILD:-build}/faultline-analyzer" query measurements --dir "$run/analyzer" \
	--config "$run/analyzer.conf" --format json |
	"$here/../lab/measured.py" "$run/targets.csv" || failed=1
exit $failed
