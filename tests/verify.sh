#!/bin/sh
# What a stranger with sha256sum, openssl and xxd can check of one segment: its salts and
# root are computed again from the lines and the seed, and openssl confirms the note.
# Written from common/FORMAT.md. Exit 0 only if every check holds. Keys of small order,
# which openssl takes, are refused by verify.py.
set -eu

if [ $# -ne 1 ] || [ ! -f "$1" ]; then
	echo "usage: verify.sh FILE.seg" >&2
	exit 2
fi
file=$1
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # what, got, wanted
	if [ "$2" != "$3" ]; then
		echo "FAIL $file: $1"
		exit 1
	fi
	echo "ok $file: $1"
}
line() { # the file's line of this number
	sed -n "$1{p;q;}" "$file"
}
sha256() {
	sha256sum | cut -d ' ' -f 1
}
hex() {
	xxd -p | tr -d '\n'
}
unbase64() { # to a file; fails unless it is the one form
	printf %s "$1" | base64 -d >"$2" 2>/dev/null &&
		[ "$(base64 -w 0 "$2")" = "$1" ]
}

# Lines, an empty one, origin, count, root, an empty one, signature, seed.
total=$(wc -l <"$file")
n=$(awk '!length { print NR - 1; exit }' "$file")
check "lines of the file" "$total" "$((${n:-0} + 7))"
check "its last byte ends a line" "$(tail -c 1 "$file" | hex)" 0a
origin=$(line $((n + 2)))
epoch=$(printf %s "$origin" | sed -n 's|^faultline/segment/\([0-9a-f]\{64\}\)/[1-9][0-9]\{0,15\}$|\1|p')
check "origin" "${#epoch}" 64
check "number of lines" "$(line $((n + 3)))" "$n"
root=$(line $((n + 4)))
check "empty line before the signature" "$(line $((n + 5)) | hex)" 0a
name=epoch-$(printf %s "$epoch" | cut -c 1-16)
signature=$(line $((n + 6)) | sed -n "s|^— $name \([A-Za-z0-9+/]*=*\)\$|\1|p")
seed=$(line $((n + 7)) | sed -n 's|^seed \([A-Za-z0-9+/]*=*\)$|\1|p')
check "base64 of root, signature and seed" "$(
	unbase64 "$root" "$work/root" && unbase64 "$signature" "$work/signature" &&
		unbase64 "$seed" "$work/seed" && echo right)" right
check "their lengths" \
	"$(cd "$work" && wc -c <root) $(cd "$work" && wc -c <signature) $(cd "$work" && wc -c <seed)" \
	"32 68 32"

# Salt i: HMAC-SHA-256(seed, i as 8 bytes), 16 bytes of it. Leaf: SHA-256(00 salt line).
seed=$(hex <"$work/seed")
i=0
while [ "$i" -lt "$n" ]; do
	salt=$(printf %016x "$i" | xxd -r -p |
		openssl dgst -sha256 -mac HMAC -macopt "hexkey:$seed" -binary | hex | cut -c 1-32)
	{
		printf '00%s' "$salt" | xxd -r -p
		line $((i + 1)) | tr -d '\n'
	} | sha256
	i=$((i + 1))
done >"$work/level"
# Level by level: two hashes a node, the odd one goes up as it is.
while [ "$(wc -l <"$work/level")" -gt 1 ]; do
	while read -r left; do
		if read -r right; then
			printf '01%s%s' "$left" "$right" | xxd -r -p | sha256
		else
			echo "$left"
		fi
	done <"$work/level" >"$work/above"
	mv "$work/above" "$work/level"
done
check "salts and root" "$(cat "$work/level")" "$(hex <"$work/root")"

check "key hash" "$(head -c 4 "$work/signature" | hex)" "$(
	{
		printf '%s\n\001' "$name"
		printf %s "$epoch" | xxd -r -p
	} | sha256 | cut -c 1-8)"
# SubjectPublicKeyInfo of an Ed25519 key (RFC 8410): this and the key.
printf '302a300506032b6570032100%s' "$epoch" | xxd -r -p >"$work/key"
tail -c 64 "$work/signature" >"$work/sig"
sed -n "$((n + 2)),$((n + 4))p" "$file" >"$work/text"
check "signature" "$(openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key" \
	-rawin -in "$work/text" -sigfile "$work/sig" 2>&1)" "Signature Verified Successfully"
echo "ok $file: id $(sed -n "$((n + 2)),$((n + 6))p" "$file" | sha256)"
