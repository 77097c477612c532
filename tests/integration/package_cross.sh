#!/bin/sh
# The packages for arm64, built in a fresh Debian; the probe runs under the emulator.
command -v debootstrap >/dev/null || {
	echo "debootstrap is not on this machine; ./dev package installs it"
	exit 77
}
exec "$(dirname "$0")/../../config/packaging/cross.sh" arm64
