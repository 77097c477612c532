#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/merkle.h"

#define N 64

/* Section 2.1.1 as it stands there, to compare with: MTH(D[n]) by halves. */
static void
root_by_definition(uint8_t *out, const uint8_t (*leaves)[HASH_BYTES], size_t n)
{
	uint8_t front[1 + HASH_BYTES] = {0x01}, right[HASH_BYTES];
	size_t k = 1;

	if (n == 1) {
		memcpy(out, leaves[0], HASH_BYTES);
		return;
	}
	while (2 * k < n)
		k *= 2;
	root_by_definition(front + 1, leaves, k);
	root_by_definition(right, leaves + k, n - k);
	crypto_sha256_2(out, front, sizeof front, right, sizeof right);
}

static void
leaves_make(uint8_t (*leaves)[HASH_BYTES])
{
	uint8_t i;

	for (i = 0; i < N; i++)
		crypto_sha256(leaves[i], &i, 1);
}

static void
assert_hash(const uint8_t *hash, const char *hex)
{
	char text[HASH_HEX_BYTES];

	crypto_hex(text, hash, HASH_BYTES);
	assert_string_equal(text, hex);
}

static void
roots_are_those_of_certificate_transparency(void **state)
{
	/* The entries and roots that implementations of RFC 6962 have long shared. */
	static const struct span entries[] = {{"", 0}, {"\x00", 1}, {"\x10", 1},
		{"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
		{"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
		{"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
			16}};
	uint8_t leaves[8][HASH_BYTES], root[HASH_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++)
		crypto_sha256_2(leaves[i], "\0", 1, entries[i].at, entries[i].len);
	merkle_root(root, leaves, 0);
	assert_hash(root,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	merkle_root(root, leaves, 1);
	assert_hash(root,
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
	merkle_root(root, leaves, 2);
	assert_hash(root,
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
	merkle_root(root, leaves, 8);
	assert_hash(root,
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void
a_root_is_what_the_definition_says_for_every_size_to_64(void **state)
{
	uint8_t leaves[N][HASH_BYTES], root[HASH_BYTES], want[HASH_BYTES];
	size_t n;

	(void)state;
	leaves_make(leaves);
	for (n = 1; n <= N; n++) {
		merkle_root(root, leaves, n);
		root_by_definition(want, leaves, n);
		assert_memory_equal(root, want, sizeof root);
	}
}

/* What must not verify, next to what does. */
static void
check_leaf(const uint8_t (*leaves)[HASH_BYTES], size_t n, size_t i)
{
	uint8_t path[MERKLE_PATH_MAX + 1][HASH_BYTES], root[HASH_BYTES];
	size_t path_n = merkle_path(path, leaves, n, i), j;

	merkle_root(root, leaves, n);
	assert_true(merkle_path_verify(root, n, i, leaves[i], path, path_n));
	for (j = 0; j < n; j++) {
		if (j == i)
			continue;
		assert_false(merkle_path_verify(root, n, j, leaves[i], path, path_n));
		assert_false(merkle_path_verify(root, n, i, leaves[j], path, path_n));
	}
	for (j = 0; j < path_n; j++) {
		path[j][j] ^= 1;
		assert_false(merkle_path_verify(root, n, i, leaves[i], path, path_n));
		path[j][j] ^= 1;
		assert_false(merkle_path_verify(root, n, i, leaves[i], path, j));
	}
	memcpy(path[path_n], root, HASH_BYTES);
	assert_false(merkle_path_verify(root, n, i, leaves[i], path, path_n + 1));
	root[31] ^= 1;
	assert_false(merkle_path_verify(root, n, i, leaves[i], path, path_n));
}

static void
every_leaf_of_every_tree_to_64_is_proved_and_no_other(void **state)
{
	uint8_t leaves[N][HASH_BYTES];
	size_t n, i;

	(void)state;
	leaves_make(leaves);
	for (n = 1; n <= N; n++)
		for (i = 0; i < n; i++)
			check_leaf(leaves, n, i);
}

static void
an_index_past_the_end_has_no_proof(void **state)
{
	uint8_t leaves[N][HASH_BYTES], path[MERKLE_PATH_MAX][HASH_BYTES];
	uint8_t root[HASH_BYTES];

	(void)state;
	leaves_make(leaves);
	merkle_root(root, leaves, 1);
	assert_int_equal(merkle_path(path, leaves, 4, 4), 0);
	assert_false(merkle_path_verify(root, 1, 1, leaves[0], path, 0));
	assert_false(merkle_path_verify(root, 0, 0, leaves[0], path, 0));
}

static void
a_salt_depends_on_seed_and_index(void **state)
{
	uint8_t seed[SEED_BYTES] = {7}, salt[SALT_BYTES], mac[HASH_BYTES];

	(void)state;
	merkle_salt(salt, seed, 0x0102030405060708);
	crypto_hmac(mac, seed, "\1\2\3\4\5\6\7\x8", 8);
	assert_memory_equal(salt, mac, sizeof salt);
}

static void
a_leaf_hashes_zero_salt_and_line(void **state)
{
	uint8_t salt[SALT_BYTES], leaf[HASH_BYTES], want[HASH_BYTES];
	char entry[1 + SALT_BYTES + 4] = {0};

	(void)state;
	memset(salt, 's', sizeof salt);
	memset(entry + 1, 's', sizeof salt);
	memcpy(entry + 1 + SALT_BYTES, "line", 4);
	crypto_sha256(want, entry, sizeof entry);
	merkle_leaf(leaf, salt, "line", 4);
	assert_memory_equal(leaf, want, sizeof leaf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_certificate_transparency),
		cmocka_unit_test(
			a_root_is_what_the_definition_says_for_every_size_to_64),
		cmocka_unit_test(every_leaf_of_every_tree_to_64_is_proved_and_no_other),
		cmocka_unit_test(an_index_past_the_end_has_no_proof),
		cmocka_unit_test(a_salt_depends_on_seed_and_index),
		cmocka_unit_test(a_leaf_hashes_zero_salt_and_line),
	};

	return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
