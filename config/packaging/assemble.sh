#!/usr/bin/env bash
# assemble.sh DIR: lays the sources of both packages into DIR/faultline-VERSION, with the
# debian/ folder where debhelper wants it, and prints that path. Version: CMake's, for
# this Debian. Time: the last commit's, so that the same commit gives the same bytes.
set -euo pipefail
dir=$(realpath -m -- "$1")
cd -- "$(dirname -- "$0")/../.."

version=$(sed -n 's/^project(faultline VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
# One package a Debian release: each is linked against that release's libraries.
release=${RELEASE-$(sed -n 's/^VERSION_ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release)}
maintainer=$(git log -1 --format='%an <%ae>')
source=$dir/faultline-$version

rm -rf "$source"
mkdir -p "$source"
git ls-files -z -- CMakeLists.txt LICENSE '*.md' common probe analyzer config |
	tar -c --null -T - | tar -x -C "$source"
mv "$source/config/packaging/debian" "$source/debian"
# What the programs are linked against stands in one list; the tests' own library does not
# go into a package.
libraries=$(awk '/^(lib[a-z0-9.+-]+|zlib1g)-dev[\t ]/ && !/^lib(c6|cmocka)-dev/ {
	printf "%s%s", comma, $1; comma = ", " }' tests/packages.txt)
sed -i "s/@MAINTAINER@/$maintainer/; s/@LIBRARIES@/$libraries/" "$source/debian/control"
cat >"$source/debian/changelog" <<-END
	faultline ($version~deb$release) unstable; urgency=medium

	  * Built from commit $(git rev-parse --short=12 HEAD).

	 -- $maintainer  $(git log -1 --format=%cd --date=rfc2822)
END
echo "$source"
