#!/usr/bin/env bash
# Installs the packages of packages.txt that are missing, and says which. With NO_INSTALL
# set it only says. ALSO names a second list. Arguments (names of packages) are what it
# calls itself with as root.
set -euo pipefail
[ -z "${ALSO-}" ] || ALSO=$(realpath -- "$ALSO")
cd -- "$(dirname -- "$0")"

die() {
	echo "dev: $1" >&2
	exit 1
}

have() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Whether this Debian offers it: only asked for rows with a choice.
offered() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

missing() {
	local row name found
	while read -r row _; do
		case $row in '' | '#'*) continue ;; esac
		found=
		for name in ${row//|/ }; do
			if have "$name"; then found=yes; fi
		done
		[ -n "$found" ] || echo "$row"
	done < <(cat packages.txt ${ALSO+"$ALSO"})
}

pick() { # a row with a choice -> the first name on offer
	local name
	for name in ${1//|/ }; do
		if [ "$name" = "$1" ] || offered "$name"; then
			echo "$name"
			return
		fi
	done
	echo "${1##*|}"
}

# Packages may try to start services or set kernel values; nothing of ours wants that.
# policy-rc.d is Debian's way to say no; one that is there already is left as it is.
policy=/usr/sbin/policy-rc.d
forbid_services() {
	[ ! -e $policy ] || return 0
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
}

apt() {
	DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -y \
		-o DPkg::Lock::Timeout=120 "$@" </dev/null
}

install() {
	local rows=("$@") row names=()
	forbid_services
	apt update >/dev/null ||
		die "the package lists could not be fetched; is there a network, and is /etc/apt/sources.list right?"
	for row in "${rows[@]}"; do
		names+=("$(pick "$row")")
	done
	apt -o Dpkg::Use-Pty=0 install --no-install-recommends "${names[@]}" ||
		die "these packages could not be installed: ${names[*]}"
}

if [ $# -gt 0 ]; then
	install "$@"
	exit
fi
command -v dpkg-query >/dev/null ||
	die "this is not Debian; install by hand what tests/packages.txt lists"
mapfile -t rows < <(missing)
[ ${#rows[@]} -gt 0 ] || exit 0
echo "dev: ${#rows[@]} Debian packages are missing: ${rows[*]}"
[ -z "${NO_INSTALL-}" ] || die "nothing was installed, as --no-install asks"
if [ "$(id -u)" = 0 ]; then
	install "${rows[@]}"
elif command -v sudo >/dev/null; then
	echo "dev: installing them with sudo"
	sudo -- "$PWD/install.sh" "${rows[@]}"
else
	die "installing them needs root, and there is no sudo; run as root: apt-get install --no-install-recommends ${rows[*]}"
fi
