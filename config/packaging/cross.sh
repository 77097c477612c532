#!/usr/bin/env bash
# cross.sh arm64: both packages for another processor into build/package-arm64, built in a
# fresh Debian in a folder, so that this machine gets no second architecture. There the
# probe is installed and run under the processor's emulator; with FOLDERS=DIR so is the
# analyzer, and the events that it finds in each folder of DIR are beside the packages as
# NAME.jsonl. Needs root, debootstrap and a mirror (MIRROR=URL); exit 77 and a sentence where
# they cannot be had.
set -euo pipefail
cd -- "$(dirname -- "$0")/../.."
here=config/packaging

die() {
	echo "dev: $1" >&2
	exit "${2-1}"
}
skip() {
	echo "dev: $1"
	exit 77
}

case "${1-} $#" in
"arm64 1") ;;
*) die "package: --cross takes arm64" 2 ;;
esac
arch=$1
[ "$(id -u)" = 0 ] || skip "a fresh Debian in a folder is made by root: run this with sudo"
ALSO=$here/packages.txt tests/install.sh

out=$PWD/build/package-$arch
rm -rf "$out"
mkdir -p "$out"
dir=$(mktemp -d)
trap 'rm -rf --one-file-system "$dir"' EXIT
chmod 755 "$dir"
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
echo "dev: making a Debian ($codename) in $dir"
debootstrap --variant=minbase --include=build-essential,qemu-user-static "$codename" \
	"$dir" ${MIRROR:+"$MIRROR"} >"$out/debootstrap.log" ||
	skip "debootstrap failed; $out/debootstrap.log says why"
mkdir "$dir/build"
$here/assemble.sh "$dir/build" >"$out/source"

# What runs inside. One Debian holds one foreign architecture; documentation stays out,
# for two copies of one library's may differ.
inside() { # inside LOG COMMAND: in namespaces of its own, so that nothing stays mounted
	local log=$out/$1
	# shellcheck disable=SC2016 # the inner shell's own variables
	dir=$dir unshare --mount --pid --fork --kill-child --propagation private sh -euc '
		mount -t proc proc "$dir/proc"
		exec env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$dir" sh -euc "$1"
	' sh "$2" >"$log" 2>&1 </dev/null
}
echo "dev: getting the compiler and the libraries for $arch"
inside apt.log "
	printf 'path-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n' \
		>/etc/dpkg/dpkg.cfg.d/nodoc
	dpkg --add-architecture $arch
	apt-get -q update
	apt-get -q -y --no-install-recommends install crossbuild-essential-$arch
	apt-get -q -y --no-install-recommends build-dep -a $arch -P cross,nocheck \
		/build/faultline-*/
" || skip "apt has not all that $arch needs today; $out/apt.log says what"
echo "dev: building for $arch"
inside build.log "
	cd /build/faultline-*/
	dpkg-buildpackage -us -uc -b -a$arch -Pcross,nocheck
" || { tail -n 40 "$out/build.log" >&2 && die "the packages do not build for $arch"; }
cp "$dir"/build/*.deb "$dir"/build/*.changes "$out"

echo "dev: installing the probe for $arch and running it under its emulator"
inside run.log "
	apt-get -q -y --no-install-recommends install /build/faultline-probe_*_$arch.deb
	run=\"qemu-aarch64-static /usr/bin/faultline-probe\"
	\$run checks
	\$run --check-config
	\$run --version
" || { tail -n 40 "$out/run.log" >&2 && die "the probe does not run for $arch"; }
tail -n 40 "$out/run.log" | grep -A 99 '^check '
if [ -n "${FOLDERS-}" ]; then
	echo "dev: installing the analyzer for $arch and computing events under its emulator"
	cp -r "$FOLDERS" "$dir/folders"
	inside events.log "
		apt-get -q -y --no-install-recommends install \
			/build/faultline-analyzer_*_$arch.deb
		for folder in /folders/*; do
			run=\"qemu-aarch64-static /usr/bin/faultline-analyzer --dir \$folder\"
			\$run analyze
			\$run events --format json >\$folder.jsonl
		done
	" || { tail -n 40 "$out/events.log" >&2 && die "the analyzer does not run for $arch"; }
	cp "$dir"/folders/*.jsonl "$out"
fi
for deb in "$out"/faultline-{probe,analyzer}_*.deb; do
	[ "$(dpkg-deb -f "$deb" Architecture)" = "$arch" ] || die "$deb is not for $arch"
	echo "dev: made ${deb#"$PWD/"}"
done
