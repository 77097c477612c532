#!/usr/bin/env bash
# Every build, every test, one last line. With options: what ctest picks with them, from
# build/dev alone.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."
results=$PWD/build/results
rm -rf "$results"
mkdir -p "$results"

# A build is a test too: "compiles without a warning".
build() {
	if tests/build.sh "$@"; then
		echo "build/$1 passed" >>"$results/builds.txt"
	else
		echo "build/$1 failed" >>"$results/builds.txt"
		return 1
	fi
}

run() { # run KIND [CTEST OPTION...]: what fails is counted at the end, from the results
	local kind=$1
	shift
	echo "dev: testing build/$kind"
	ctest --test-dir "build/$kind" --parallel 2 --output-on-failure \
		--test-output-size-passed 65536 --test-output-size-failed 1048576 \
		--output-junit "$results/$kind.xml" "$@" || true
	[ -e "$results/$kind.xml" ] || echo "ctest/$kind failed" >>"$results/builds.txt"
}

if [ $# -gt 0 ]; then
	! build dev || run dev "$@"
else
	# The tests of build/dev compare the verdicts of three compilations.
	! build clang || export BUILD_CLANG=$PWD/build/clang
	! build gcc-O0 || export BUILD_GCC_O0=$PWD/build/gcc-O0
	! build dev || run dev
	# Under the sanitizers: every unit test, and every fuzz corpus replayed.
	! build sanitize || run sanitize -L 'unit|fuzz'
fi
exec tests/summary.py "$results"
