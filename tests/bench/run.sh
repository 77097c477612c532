#!/usr/bin/env bash
# run.sh [NAME...]: the measurements of this folder by name, all of them where none is
# named. Each prints what it measured and how; exit 1 if one found us worse than allowed.
set -euo pipefail
cd -- "$(dirname -- "$0")"

names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(basename -s .py ./*.py)
for name in "${names[@]}"; do
	if [ ! -x "$name.py" ]; then
		known=$(basename -s .py ./*.py | tr '\n' ' ')
		echo "dev: there is no measurement '$name'; there are: $known" >&2
		exit 2
	fi
done
failed=0
for name in "${names[@]}"; do
	"./$name.py" || failed=1
done
exit $failed
