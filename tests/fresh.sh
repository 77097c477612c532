#!/usr/bin/env bash
# fresh.sh [--chroot] [DIR] [VERB...]: debootstraps Debian 12 with nothing but git and
# ca-certificates into DIR (default: a temporary folder, removed afterwards), clones what
# is committed here into it, enters it, and types ./dev VERB for each (default: test,
# demo). Enters by pivot_root in a mount and pid namespace of its own, so that nothing
# stays mounted; with --chroot by chroot inside them, where user namespaces are refused
# and ./dev has to do without. Needs root, debootstrap and a mirror (MIRROR=URL). No part
# of ./dev test.
set -euo pipefail
cd -- "$(dirname -- "$0")/.."

die() {
	echo "dev: $1" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "a fresh machine is made by root: run this with sudo"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"

enter=pivot_root
if [ "${1-}" = --chroot ]; then
	enter=chroot
	shift
fi
if [ $# -gt 0 ]; then
	dir=$(realpath -m -- "$1")
	shift
	mkdir -p "$dir"
else
	dir=$(mktemp -d)
	trap 'rm -rf --one-file-system "$dir"' EXIT
fi
[ $# -gt 0 ] || set -- test demo

if [ ! -e "$dir/etc/debian_version" ]; then
	echo "dev: making a Debian 12 in $dir"
	debootstrap --variant=minbase --include=git,ca-certificates bookworm "$dir" \
		${MIRROR:+"$MIRROR"} >/dev/null ||
		die "debootstrap failed; $dir/debootstrap/debootstrap.log says why"
fi
rm -rf "$dir/root/faultline"
git clone -q . "$dir/root/faultline"

# What runs inside: first as pid 1 of the namespaces, then as a person in the new root.
read -r -d '' inside <<'END' || true
set -eu
mount --bind "$dir" "$dir"
mount -t proc proc "$dir/proc"
mount --rbind /sys "$dir/sys"
mount --rbind /dev "$dir/dev"
clean="env -i HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
cd "$dir"
if [ "$enter" = pivot_root ]; then
	mkdir -p mnt/old
	pivot_root . mnt/old
	cd /root/faultline
	umount -l /mnt/old
	into=
else
	into="chroot $dir"
fi
for verb; do
	echo "dev: on the fresh machine, by $enter: ./dev $verb"
	$clean $into /bin/sh -c "cd /root/faultline && ./dev $verb"
done
END
export dir enter
unshare --mount --pid --fork --propagation private /bin/sh -c "$inside" fresh "$@"
echo "dev: done on a fresh Debian 12 by $enter: $*"
