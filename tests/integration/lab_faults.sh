#!/bin/sh
# Every fault of the lab proves itself with counters, curl and ping, without the programs
# under test; and every one but the quiet country fails that proof when nothing is broken.
set -u
lab=$(dirname "$0")/../lab/lab.py
export PYTHONDONTWRITEBYTECODE=1
failed=0

"$lab" --prove --seed 11 || failed=1
"$lab" --prove --no-breakage quiet || failed=1
for fault in $("$lab" --names); do
	[ "$fault" = quiet ] && continue
	if "$lab" --prove --no-breakage --seed 12 "$fault" 2>/dev/null; then
		echo "$fault: proved although nothing was broken"
		failed=1
	fi
done
exit $failed
