#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"

/*
 * C2SP signed-note: text lines, an empty line, one line per signature
 * "— <key name> base64(key hash || Ed25519 signature)". Pure. Ours carry exactly one
 * signature, text lines of printable ASCII and no empty one; any other note is refused.
 */
#define NOTE_KEY_NAME_BYTES 64

struct note {
	struct span text; /* every text line, the last '\n' included: what is signed */
	struct span whole; /* from the first text line to the last '\n' */
	char key_name[NOTE_KEY_NAME_BYTES];
	uint8_t key_hash[4];
	uint8_t sig[SIG_BYTES];
};

/* Appends text (which ends in '\n'), the empty line and the signature line. */
void note_sign(struct buf *out, struct span text, const char *key_name,
	const struct crypto_key *key);
/* ${bytes} is one whole note and nothing behind it. The spans point into it. */
NODISCARD enum err note_parse(struct note *note, struct span bytes);
/* True when name, key hash and signature are those of this key. */
bool note_verify(const struct note *note, const char *key_name,
	const uint8_t key[static PUBLIC_KEY_BYTES]);
