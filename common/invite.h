#pragma once

#include <stdint.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"

/*
 * What an operator hands to a volunteer (FORMAT.md, "Invite"): a one-time code, where the
 * analyzer is, and by which keys it is known. A text file, or "fl1-" and the base64url of
 * the same bytes. Pure.
 */
#define INVITE_CODE_BYTES 33 /* 32 hex digits */
#define INVITE_ENDPOINT_BYTES 128 /* "https://ADDRESS:PORT" */
#define INVITE_PIN_BYTES 64 /* "sha256//..." as curl takes it */
#define INVITE_MAX 1024 /* of the text; four thirds of it in the short form */

struct invite {
	char code[INVITE_CODE_BYTES];
	char endpoint[INVITE_ENDPOINT_BYTES];
	char pin[INVITE_PIN_BYTES];
	uint8_t key[PUBLIC_KEY_BYTES]; /* the analyzer's Ed25519 key */
	char role[8]; /* "field" or "control" */
};

/* Appends the text. */
void invite_write(struct buf *out, const struct invite *invite);
/* Appends the short form, without '\n'. */
void invite_write_code(struct buf *out, const struct invite *invite);

/* Takes either form, white space around it allowed; anything else that invite_write()
 * would not write is ERR_FORMAT, with ${why} (may be NULL) set to a constant sentence. */
NODISCARD enum err invite_parse(
	struct invite *invite, struct span bytes, const char **why);
