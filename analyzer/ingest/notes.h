#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/steps.h"

/* The two notes that the analyzer signs (FORMAT.md, "Where note" and "Receipt"). Pure but
 * for the key. */
#define NOTES_NONCE_DIGITS 32

/* ${nonce}: exactly 32 lower-case hex digits, else ERR_FORMAT and nothing is appended. */
NODISCARD enum err notes_write_where(struct buf *out, const struct identity *identity,
	const struct place *place, const char *nonce, int64_t now_utc_us);
/* True for a where note that this identity signed. */
bool notes_check_where(struct span note, const struct identity *identity);

void notes_write_receipt(struct buf *out, const struct identity *identity,
	const uint8_t id[static HASH_BYTES], int64_t now_utc_us);
