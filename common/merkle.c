#include "common/merkle.h"

#include <string.h>

/* RFC 9162 section 2.1.1: the prefixes that keep leaves and nodes apart. */
#define LEAF 0x00
#define NODE 0x01

void
merkle_leaf(uint8_t out[static HASH_BYTES], const uint8_t salt[static SALT_BYTES],
	const void *line, size_t n)
{
	uint8_t front[1 + SALT_BYTES] = {LEAF};

	memcpy(front + 1, salt, SALT_BYTES);
	crypto_sha256_2(out, front, sizeof front, line, n);
}

void
merkle_salt(uint8_t out[static SALT_BYTES], const uint8_t seed[static SEED_BYTES],
	uint64_t index)
{
	uint8_t number[8], mac[HASH_BYTES];
	int i;

	for (i = 0; i < 8; i++)
		number[i] = (uint8_t)(index >> (56 - 8 * i));
	crypto_hmac(mac, seed, number, sizeof number);
	memcpy(out, mac, SALT_BYTES);
}

/* out may be left or right: it is written last. */
static void
node(uint8_t out[static HASH_BYTES], const uint8_t *left, const uint8_t *right)
{
	uint8_t front[1 + HASH_BYTES] = {NODE};

	memcpy(front + 1, left, HASH_BYTES);
	crypto_sha256_2(out, front, sizeof front, right, HASH_BYTES);
}

void
merkle_root(
	uint8_t out[static HASH_BYTES], const uint8_t (*leaves)[HASH_BYTES], size_t n)
{
	/* Roots of whole subtrees, larger ones first: one for each bit set in i. The RFC's
	 * split at the largest power of two below n is these, folded from the right. */
	uint8_t stack[MERKLE_PATH_MAX + 1][HASH_BYTES];
	size_t i, depth = 0;

	if (!n) {
		crypto_sha256(out, "", 0);
		return;
	}
	for (i = 0; i < n; i++) {
		size_t ones;

		memcpy(stack[depth++], leaves[i], HASH_BYTES);
		for (ones = i; ones & 1; ones >>= 1, depth--)
			node(stack[depth - 2], stack[depth - 2], stack[depth - 1]);
	}
	for (; depth > 1; depth--)
		node(stack[depth - 2], stack[depth - 2], stack[depth - 1]);
	memcpy(out, stack[0], HASH_BYTES);
}

/* The largest power of two below n, n > 1. */
static size_t
split(size_t n)
{
	size_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

size_t
merkle_path(uint8_t (*path)[HASH_BYTES], const uint8_t (*leaves)[HASH_BYTES], size_t n,
	size_t index)
{
	struct {
		size_t first, n;
	} sibling[MERKLE_PATH_MAX];
	size_t depth = 0, first = 0, i;

	if (index >= n)
		return 0;
	/* From the root down; the path is written from the leaf up. */
	while (n > 1) {
		size_t k = split(n);

		if (index - first < k) {
			sibling[depth].first = first + k;
			sibling[depth++].n = n - k;
			n = k;
		} else {
			sibling[depth].first = first;
			sibling[depth++].n = k;
			first += k;
			n -= k;
		}
	}
	for (i = 0; i < depth; i++) {
		size_t at = depth - 1 - i;

		merkle_root(path[i], leaves + sibling[at].first, sibling[at].n);
	}
	return depth;
}

bool
merkle_path_verify(const uint8_t root[static HASH_BYTES], size_t n, size_t index,
	const uint8_t leaf[static HASH_BYTES], const uint8_t (*path)[HASH_BYTES],
	size_t path_n)
{
	/* fn, sn and r as section 2.1.3.2 names them. */
	size_t fn = index, sn = n - 1, i;
	uint8_t r[HASH_BYTES];

	if (index >= n)
		return false;
	memcpy(r, leaf, HASH_BYTES);
	for (i = 0; i < path_n; i++) {
		if (!sn)
			return false;
		if ((fn & 1) || fn == sn) {
			node(r, path[i], r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			node(r, r, path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && crypto_equal(r, root, HASH_BYTES);
}
