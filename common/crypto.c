#include "common/crypto.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/log.h"

struct crypto_key {
	uint8_t public[PUBLIC_KEY_BYTES];
	size_t page_bytes;
	/* libsodium's form: seed || public key, at the start of the page. Never all zero
	 * while it is there, since no public key is. */
	uint8_t *page;
};

/* Picks libsodium's fast paths and opens its random source; cheap when repeated. */
static void
ready(void)
{
	if (sodium_init() < 0)
		bug("libsodium does not start: no source of random numbers");
}

void
crypto_random(void *out, size_t n)
{
	ready();
	randombytes_buf(out, n);
}

void
crypto_sha256(uint8_t out[static HASH_BYTES], const void *bytes, size_t n)
{
	crypto_hash_sha256(out, bytes, n);
}

void
crypto_sha256_2(uint8_t out[static HASH_BYTES], const void *a, size_t an, const void *b,
	size_t bn)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, a, an);
	crypto_hash_sha256_update(&state, b, bn);
	crypto_hash_sha256_final(&state, out);
}

void
crypto_hmac(uint8_t out[static HASH_BYTES], const uint8_t key[static 32],
	const void *bytes, size_t n)
{
	crypto_auth_hmacsha256(out, bytes, n, key);
}

bool
crypto_verify(const uint8_t sig[static SIG_BYTES],
	const uint8_t key[static PUBLIC_KEY_BYTES], const void *bytes, size_t n)
{
	/* libsodium's own rules are the strict ones: S < L (RFC 8032 section 5.1.7),
	 * canonical key, no key and no R of small order. */
	return crypto_sign_verify_detached(sig, bytes, n, key) == 0;
}

/* Without WIPEONFORK the promise of the header cannot be kept, so its failure is one. */
static enum err
page_open(struct crypto_key *key)
{
	long bytes = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		log_error("no page for the key: %s", strerror(errno));
		return ERR_IO;
	}
	key->page = page;
	key->page_bytes = (size_t)bytes;
	if (madvise(page, (size_t)bytes, MADV_WIPEONFORK) ||
		madvise(page, (size_t)bytes, MADV_DONTDUMP)) {
		log_error("the key's page cannot be kept out of children and core "
			  "dumps (Linux 4.14 or later is needed): %s",
			strerror(errno));
		return ERR_IO;
	}
	/* Only against swap, which a probe should not have: RLIMIT_MEMLOCK may be 0. */
	if (mlock(page, (size_t)bytes))
		log_detail("the key's page is not locked: %s", strerror(errno));
	return OK;
}

enum err
crypto_key_open(struct crypto_key **out, const uint8_t seed[static 32])
{
	struct crypto_key *key = calloc(1, sizeof *key);
	enum err err;

	*out = NULL;
	ready();
	if (!key)
		bug("out of memory");
	err = page_open(key);
	if (err) {
		crypto_key_close(key);
		return err;
	}
	crypto_sign_seed_keypair(key->public, key->page, seed);
	*out = key;
	return OK;
}

void
crypto_key_close(struct crypto_key *key)
{
	if (!key)
		return;
	if (key->page) {
		sodium_memzero(key->page, key->page_bytes);
		munmap(key->page, key->page_bytes);
	}
	free(key);
}

const uint8_t *
crypto_key_public(const struct crypto_key *key)
{
	return key->public;
}

bool
crypto_key_present(const struct crypto_key *key)
{
	return !sodium_is_zero(key->page, crypto_sign_SECRETKEYBYTES);
}

void
crypto_key_seed(uint8_t out[static SEED_BYTES], const struct crypto_key *key)
{
	if (!crypto_key_present(key))
		bug("the key was asked for where it is not: in a child");
	crypto_sign_ed25519_sk_to_seed(out, key->page);
}

void
crypto_key_sign(uint8_t sig[static SIG_BYTES], const struct crypto_key *key,
	const void *bytes, size_t n)
{
	if (!crypto_key_present(key))
		bug("a signature was asked for where the key is not: in a child");
	crypto_sign_detached(sig, NULL, bytes, n, key->page);
}

enum err
crypto_seal(uint8_t *out, const uint8_t key[static PUBLIC_KEY_BYTES], const void *bytes,
	size_t n)
{
	uint8_t box[crypto_box_PUBLICKEYBYTES];

	_Static_assert(CRYPTO_SEAL_BYTES == crypto_box_SEALBYTES, "of libsodium");
	ready();
	if (crypto_sign_ed25519_pk_to_curve25519(box, key) != 0 ||
		crypto_box_seal(out, bytes, n, box) != 0)
		return ERR_FORMAT;
	return OK;
}

bool
crypto_key_unseal(
	void *out, const struct crypto_key *key, const uint8_t *sealed, size_t n)
{
	uint8_t public[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
	bool ok;

	if (!crypto_key_present(key))
		bug("the key was asked for where it is not: in a child");
	ok = crypto_sign_ed25519_sk_to_curve25519(secret, key->page) == 0 &&
	     crypto_sign_ed25519_pk_to_curve25519(public, key->public) == 0 &&
	     crypto_box_seal_open(out, sealed, n, public, secret) == 0;
	sodium_memzero(secret, sizeof secret);
	return ok;
}

void
crypto_wipe(void *bytes, size_t n)
{
	sodium_memzero(bytes, n);
}

void
crypto_hex(char *out, const void *bytes, size_t n)
{
	sodium_bin2hex(out, 2 * n + 1, bytes, n);
}

bool
crypto_unhex(void *out, size_t n, struct span text)
{
	size_t i;

	if (text.len != 2 * n)
		return false;
	for (i = 0; i < text.len; i++) {
		/* libsodium would take upper case too. */
		if (!memchr("0123456789abcdef", text.at[i], 16))
			return false;
	}
	return sodium_hex2bin(out, n, text.at, text.len, NULL, NULL, NULL) == 0;
}

void
crypto_base64(struct buf *out, const void *bytes, size_t n)
{
	size_t len = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(len);

	if (!text)
		bug("out of memory");
	sodium_bin2base64(text, len, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	buf_add(out, text, len - 1);
	free(text);
}

bool
crypto_unbase64(void *out, size_t *n, struct span text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/=";
	size_t room = *n, i;

	/* libsodium 1.0.18 takes the byte 0xaf for '/'. It does refuse missing padding,
	 * and last bits that are not zero. */
	for (i = 0; i < text.len; i++)
		if (!memchr(digits, text.at[i], sizeof digits - 1))
			return false;
	return sodium_base642bin(out, room, text.at, text.len, NULL, n, NULL,
		       sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool
crypto_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}
