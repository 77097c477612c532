#!/usr/bin/env bash
# package.sh [--trial | --cross arm64]: makes faultline-probe and faultline-analyzer for
# this Debian in build/package and asks lintian about them. --trial then builds them again
# and compares, and installs, uses and purges both on a fresh Debian in a folder; --cross
# builds for another processor in one. Both need root.
set -euo pipefail
cd -- "$(dirname -- "$0")/../.."
here=config/packaging
out=$PWD/build/package

die() {
	echo "dev: $1" >&2
	exit "${2-1}"
}

trial=
while [ $# -gt 0 ]; do
	case $1 in
	--trial) trial=yes ;;
	--cross) exec $here/cross.sh "${@:2}" ;;
	*) die "package: '$1' is not understood; ./dev package [--trial | --cross arm64]" 2 ;;
	esac
	shift
done

ALSO=$here/packages.txt tests/install.sh
rm -rf "$out"
mkdir -p "$out"

build() { # build DIR: assembles and builds there
	local source
	source=$($here/assemble.sh "$1")
	echo "dev: building the packages in $source"
	if ! (cd "$source" && dpkg-buildpackage -us -uc -b) >"$1/build.log" 2>&1; then
		tail -n 40 "$1/build.log" >&2
		die "the packages do not build; the reason stands above, all of it in $1/build.log"
	fi
}

build "$out"
$here/lint.sh "$out"/*.changes
for deb in "$out"/faultline-{probe,analyzer}_*.deb; do
	echo "dev: made ${deb#"$PWD/"}"
done
[ -n "$trial" ] || exit 0

# The same commit must give the same bytes to whoever builds it, wherever and whenever.
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
(umask 027 && TZ=Asia/Tokyo build "$again")
for deb in "$out"/*.deb; do
	cmp "$deb" "$again/${deb##*/}" || die "${deb##*/} differs when it is built again"
done
echo "dev: built again in another place, the same bytes"
export PYTHONDONTWRITEBYTECODE=1
tests/package/trial.py "$out"
echo "dev: once more, with systemd running"
tests/package/trial.py --booted "$out" || [ $? = 77 ]
