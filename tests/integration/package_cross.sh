#!/bin/sh
# The packages for arm64, built in a fresh Debian; under the emulator the probe runs, and the
# analyzer finds the same events as here.
command -v debootstrap >/dev/null || {
	echo "debootstrap is not on this machine; ./dev package installs it"
	exit 77
}
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../sweep/check_builds.py" --cross arm64
