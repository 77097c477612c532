#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"

/*
 * Datagrams that are counted at both ends (FORMAT.md, "One way"). All of one batch are sealed
 * to the analyzer's key, so that to whoever watches each is noise of one length, no two
 * alike, and nothing in it stays the same from one batch to the next. Inside stands
 * which batch, which of its datagrams, and the proof that an enrolled probe sent it. An
 * answer is noise too, shorter than its question, and only for those.
 */
#define ONEWAY_BATCH_BYTES 16
#define ONEWAY_BATCH_HEX_BYTES (2 * ONEWAY_BATCH_BYTES + 1)
#define ONEWAY_BYTES 112
#define ONEWAY_ANSWER_BYTES 32
#define ONEWAY_MOST 8 /* datagrams of a batch */
#define ONEWAY_ASKED_MOST 16 /* batches that are asked for at once */

struct oneway {
	uint8_t batch[ONEWAY_BATCH_BYTES]; /* random */
	uint8_t number; /* 0 to ONEWAY_MOST - 1 */
	uint8_t proof[HASH_BYTES]; /* SHA-256 of the upload token, as ingest knows it */
};

/* ERR_FORMAT: that is no key. */
NODISCARD enum err oneway_write(uint8_t out[static ONEWAY_BYTES],
	const struct oneway *oneway, const uint8_t key[static PUBLIC_KEY_BYTES]);
/* False: it is none of ours. */
bool oneway_read(struct oneway *oneway, const void *bytes, size_t n,
	const struct crypto_key *key);

/* What the analyzer answers: so many of the batch have arrived, this one included. */
void oneway_answer(uint8_t out[static ONEWAY_ANSWER_BYTES], const struct oneway *oneway,
	uint8_t received);
/* Whose answer is this, and how many had arrived then? False: nobody's of the batch's first
 * ${sent}. */
bool oneway_read_answer(uint8_t *number, uint8_t *received, const void *bytes, size_t n,
	const uint8_t batch[static ONEWAY_BATCH_BYTES], uint8_t sent);
