#include "common/oneway.h"

#include <string.h>

#define VERSION 1
#define PLAIN_BYTES (ONEWAY_BYTES - CRYPTO_SEAL_BYTES)
/* version, number, batch, proof; the rest is zeroes. */
#define BATCH_AT 2
#define PROOF_AT (BATCH_AT + ONEWAY_BATCH_BYTES)
#define END_AT (PROOF_AT + HASH_BYTES)

_Static_assert(END_AT <= PLAIN_BYTES, "a datagram has room for what it says");

enum err
oneway_write(uint8_t out[static ONEWAY_BYTES], const struct oneway *oneway,
	const uint8_t key[static PUBLIC_KEY_BYTES])
{
	uint8_t plain[PLAIN_BYTES] = {VERSION, oneway->number};

	memcpy(plain + BATCH_AT, oneway->batch, ONEWAY_BATCH_BYTES);
	memcpy(plain + PROOF_AT, oneway->proof, HASH_BYTES);
	return crypto_seal(out, key, plain, sizeof(plain));
}

bool
oneway_read(struct oneway *oneway, const void *bytes, size_t n,
	const struct crypto_key *key)
{
	uint8_t plain[PLAIN_BYTES];

	if (n != ONEWAY_BYTES || !crypto_key_unseal(plain, key, bytes, n) ||
		plain[0] != VERSION || plain[1] >= ONEWAY_MOST)
		return false;
	for (size_t i = END_AT; i < PLAIN_BYTES; i++)
		if (plain[i])
			return false;
	oneway->number = plain[1];
	memcpy(oneway->batch, plain + BATCH_AT, ONEWAY_BATCH_BYTES);
	memcpy(oneway->proof, plain + PROOF_AT, HASH_BYTES);
	return true;
}

/* Nobody else knows the batch. */
static void
answer(uint8_t out[static ONEWAY_ANSWER_BYTES],
	const uint8_t batch[static ONEWAY_BATCH_BYTES], uint8_t number,
	uint8_t received)
{
	uint8_t key[32] = {0}, said[2] = {number, received};

	memcpy(key, batch, ONEWAY_BATCH_BYTES);
	crypto_hmac(out, key, said, sizeof(said));
}

void
oneway_answer(uint8_t out[static ONEWAY_ANSWER_BYTES], const struct oneway *oneway,
	uint8_t received)
{
	answer(out, oneway->batch, oneway->number, received);
}

bool
oneway_read_answer(uint8_t *number, uint8_t *received, const void *bytes, size_t n,
	const uint8_t batch[static ONEWAY_BATCH_BYTES], uint8_t sent)
{
	uint8_t wanted[ONEWAY_ANSWER_BYTES];

	if (n != ONEWAY_ANSWER_BYTES || sent > ONEWAY_MOST)
		return false;
	for (*number = 0; *number < sent; (*number)++)
		for (*received = 1; *received <= sent; (*received)++) {
			answer(wanted, batch, *number, *received);
			if (crypto_equal(wanted, bytes, sizeof(wanted)))
				return true;
		}
	return false;
}
