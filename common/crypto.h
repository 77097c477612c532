#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/* libsodium's only door. */
#define HASH_BYTES 32 /* SHA-256 */
#define SALT_BYTES 16
#define SEED_BYTES 32
#define PUBLIC_KEY_BYTES 32
#define SIG_BYTES 64
#define HASH_HEX_BYTES (2 * HASH_BYTES + 1)

void crypto_random(void *out, size_t n);
void crypto_sha256(uint8_t out[static HASH_BYTES], const void *bytes, size_t n);
/* SHA-256 over two runs, as trees want it. */
void crypto_sha256_2(uint8_t out[static HASH_BYTES], const void *a, size_t an,
	const void *b, size_t bn);
/* HMAC-SHA-256 (RFC 2104) with a 32-byte key. */
void crypto_hmac(uint8_t out[static HASH_BYTES], const uint8_t key[static 32],
	const void *bytes, size_t n);

/* RFC 8032 strict: S < L, small-order points and non-canonical encodings refused. */
bool crypto_verify(const uint8_t sig[static SIG_BYTES],
	const uint8_t key[static PUBLIC_KEY_BYTES], const void *bytes, size_t n);

/*
 * An Ed25519 secret in a page of its own: locked, left out of core dumps, and under
 * MADV_WIPEONFORK, so that in a forked child it reads as zeroes.
 */
struct crypto_key;
NODISCARD enum err crypto_key_open(
	struct crypto_key **key, const uint8_t seed[static 32]);
void crypto_key_close(struct crypto_key *key);
const uint8_t *crypto_key_public(const struct crypto_key *key);
/* False in a forked child: a check asserts it as its first act. */
bool crypto_key_present(const struct crypto_key *key);
/* For the file it is kept in; the caller wipes its copy at once. */
void crypto_key_seed(uint8_t out[static SEED_BYTES], const struct crypto_key *key);
void crypto_key_sign(uint8_t sig[static SIG_BYTES], const struct crypto_key *key,
	const void *bytes, size_t n);

/* An anonymous box to an Ed25519 key: X25519 and XSalsa20-Poly1305 under a key of its own
 * (libsodium's crypto_box_seal, the key converted as there). out holds n + CRYPTO_SEAL_BYTES;
 * ERR_FORMAT: that is no key. */
#define CRYPTO_SEAL_BYTES 48
NODISCARD enum err crypto_seal(uint8_t *out, const uint8_t key[static PUBLIC_KEY_BYTES],
	const void *bytes, size_t n);
/* out holds n - CRYPTO_SEAL_BYTES; false: it was not sealed to this key, or is damaged. */
bool crypto_key_unseal(
	void *out, const struct crypto_key *key, const uint8_t *sealed, size_t n);

/* Lower-case hex; out holds 2n+1. */
void crypto_hex(char *out, const void *bytes, size_t n);
/* Exactly 2n lower-case digits, else false. */
bool crypto_unhex(void *out, size_t n, struct span text);
/* RFC 4648 section 4, padded, canonical; appended to out. */
void crypto_base64(struct buf *out, const void *bytes, size_t n);
/* False unless text is the canonical form; *n in: room, out: length. */
bool crypto_unbase64(void *out, size_t *n, struct span text);
/* Zeroes that the compiler cannot leave out. */
void crypto_wipe(void *bytes, size_t n);
/* Equal without a timing difference. */
bool crypto_equal(const void *a, const void *b, size_t n);
