#!/usr/bin/env bash
# fuzz.sh [TARGET] [SECONDS]: every target, or one, for so long each (60). New inputs are
# kept in build/fuzz/found/TARGET; what breaks a parser belongs in tests/fuzz/corpus.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

targets=()
for file in tests/fuzz/*.c; do
	name=$(basename "$file" .c)
	[ "$name" = replay ] || [ ! -e "$file" ] || targets+=("$name")
done
seconds=60
for arg in "$@"; do
	case $arg in
	*[!0-9]*) targets=("$arg") ;;
	*) seconds=$arg ;;
	esac
done
[ ${#targets[@]} -gt 0 ] || { echo "dev: there are no fuzz targets" >&2; exit 1; }
for name in "${targets[@]}"; do
	[ -e "tests/fuzz/$name.c" ] || {
		echo "dev: there is no fuzz target '$name' in tests/fuzz" >&2
		exit 2
	}
done

tests/build.sh fuzz fuzz
for name in "${targets[@]}"; do
	echo "dev: fuzzing $name for $seconds s"
	found=build/fuzz/found/$name
	mkdir -p "$found"
	build/fuzz/tests/fuzz_"$name" -max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="$found/broke-" "$found" "tests/fuzz/corpus/$name"
done
