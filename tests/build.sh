#!/usr/bin/env bash
# build.sh KIND: configures and builds build/KIND. The kinds differ in compiler and flags
# only; gcc-O0 and clang are there to show that a verdict does not depend on them.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

options=()
case ${1-} in
dev) options=(-DCMAKE_C_COMPILER=gcc) ;;
release) options=(-DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release) ;;
sanitize) options=(-DCMAKE_C_COMPILER=gcc -DSANITIZE=ON) ;;
fuzz) options=(-DCMAKE_C_COMPILER=clang -DSANITIZE=ON -DFUZZ=ON) ;;
clang) options=(-DCMAKE_C_COMPILER=clang "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O2 -g -march=native") ;;
gcc-O0) options=(-DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug) ;;
*)
	echo "dev: there is no build '${1-}'; there are dev, release, sanitize, fuzz, clang, gcc-O0" >&2
	exit 2
	;;
esac

build=build/$1
mkdir -p "$build"
echo "dev: building $build"
if ! cmake -G Ninja -S . -B "$build" "${options[@]}" >"$build/configure.log" 2>&1; then
	cat "$build/configure.log" >&2
	echo "dev: $build could not be configured; the reason stands above" >&2
	exit 1
fi
quiet=(--quiet)
[ ! -t 1 ] || quiet=()
if ! ninja -C "$build" "${quiet[@]}" "${@:2}"; then
	echo "dev: $build does not build; the first error above says why" >&2
	exit 1
fi
