#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"

/* RFC 9162 section 2.1 Merkle trees over SHA-256. Pure. */

/* leaf = SHA-256(0x00 || salt || line): the entry is salt || line (WIRE: salted leaves). */
void merkle_leaf(uint8_t out[static HASH_BYTES], const uint8_t salt[static SALT_BYTES],
	const void *line, size_t n);
/* salt_i = first 16 bytes of HMAC-SHA-256(seed, i as 8 bytes big-endian). */
void merkle_salt(uint8_t out[static SALT_BYTES], const uint8_t seed[static SEED_BYTES],
	uint64_t index);
/* Root of n leaves; n = 0 gives SHA-256(""). */
void merkle_root(
	uint8_t out[static HASH_BYTES], const uint8_t (*leaves)[HASH_BYTES], size_t n);

#define MERKLE_PATH_MAX 64
/* Inclusion path of leaf ${index} (section 2.1.3.1); returns its length. */
size_t merkle_path(uint8_t (*path)[HASH_BYTES], const uint8_t (*leaves)[HASH_BYTES],
	size_t n, size_t index);
/* Section 2.1.3.2. */
bool merkle_path_verify(const uint8_t root[static HASH_BYTES], size_t n, size_t index,
	const uint8_t leaf[static HASH_BYTES], const uint8_t (*path)[HASH_BYTES],
	size_t path_n);
