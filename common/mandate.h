#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"

/*
 * The target list in force, as the analyzer signs it and probes take it (FORMAT.md, "Signed
 * target list"). Pure.
 *
 *     faultline/targets
 *     country <XX>
 *     serial <n>
 *     <the list, byte for byte>
 */
#define MANDATE_BYTES_MAX (32 * 1024)
/* Its ETag without the quotes: the first 32 hex digits of the note's SHA-256, and a NUL. */
#define MANDATE_TAG_BYTES 33

struct mandate {
	char country[3];
	uint64_t serial; /* from 1; a newer list of an analyzer has a higher one */
	struct span list; /* what targets_read() reads and a segment names */
};

/* Appends the signed note. The list is text of printable lines, each with its '\n'. */
void mandate_sign(struct buf *out, const struct mandate *mandate, const char *key_name,
	const struct crypto_key *key);
/* ERR_FORMAT when it is no such note, ERR_SIGNATURE when the analyzer of this key did not
 * sign it. The list is a part of ${bytes}; whether it reads well is for targets_read(). */
NODISCARD enum err mandate_open(struct mandate *mandate, struct span bytes,
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES]);
