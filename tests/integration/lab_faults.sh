#!/bin/sh
# Every fault of the lab proves itself with counters, curl and ping, without the programs
# under test; and every one that breaks something fails that proof when nothing is broken.
set -u
"$(dirname "$0")/../lab/enter.py" || exit
lab=$(dirname "$0")/../lab/lab.py
export PYTHONDONTWRITEBYTECODE=1
failed=0
faults=$("$lab" --names | grep -vx quiet)

"$lab" --prove --seed 11 || failed=1
"$lab" --prove --no-breakage quiet || failed=1
# shellcheck disable=SC2086 # one word a fault
unbroken=$("$lab" --prove --no-breakage --seed 12 $faults 2>/dev/null)
echo "$unbroken"
for fault in $faults; do
	if ! echo "$unbroken" | grep -q "^$fault: NOT PROVED, "; then
		echo "$fault: did not say NOT PROVED although nothing was broken"
		failed=1
	fi
done
exit $failed
