#!/usr/bin/env bash
# lint.sh CHANGES: what lintian says of the packages; fails on an error or a warning.
set -euo pipefail
user=()
[ "$(id -u)" != 0 ] || user=(--allow-root)
lintian "${user[@]}" --tag-display-limit 0 --fail-on error,warning "$@"
echo "dev: lintian has nothing against them"
