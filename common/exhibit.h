#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"
#include "common/measurement.h"

/*
 * What an answer was, byte for byte, where it was unlike the usual (FORMAT.md, "Exhibit"):
 * packed, sealed to the analyzer's key by whoever saw it, and carried in lines of its own
 * beside the measurement that names it by its hash. Whoever holds the probe or the line
 * reads nothing of it: a page may say whom it was made for.
 */
#define EXHIBIT_BYTES_MAX 8192 /* of what is shown */
#define EXHIBIT_PART_BYTES 1536 /* 2,048 in base64 */
#define EXHIBIT_PARTS_MAX 6
#define EXHIBIT_SEALED_MAX (EXHIBIT_PARTS_MAX * EXHIBIT_PART_BYTES)

struct exhibit {
	uint32_t kind; /* enum exhibit_kind */
	uint32_t sealed_n; /* 0: there is none */
	uint8_t sha256[HASH_BYTES]; /* of what is shown */
	uint8_t sealed[EXHIBIT_SEALED_MAX];
};

/* ERR_LIMIT: that is more than may be shown; ERR_FORMAT: that is no key. There is none then. */
NODISCARD enum err exhibit_seal(struct exhibit *exhibit, enum exhibit_kind kind,
	struct span bytes, const uint8_t key[static PUBLIC_KEY_BYTES]);
/* Appends its lines, each with its '\n'; returns how many. The exhibit is hostile: of one that
 * is none nothing is said. */
size_t exhibit_say(struct buf *lines, const struct exhibit *exhibit);

/* Exhibits whose lines were read, to be put together again. Zeroes at first and for each new
 * epoch. Lines of several may be mixed; the one that began first gives way to a fifth. */
#define EXHIBITS_BEGUN 4
struct exhibit_gathering {
	struct exhibit begun[EXHIBITS_BEGUN];
	int64_t parts[EXHIBITS_BEGUN], next[EXHIBITS_BEGUN]; /* next 0: none is begun */
	size_t oldest;
};
/* Takes a line of the kind exhibit; the exhibit when it is whole, until the next call, else
 * NULL. */
const struct exhibit *exhibit_gather(
	struct exhibit_gathering *gathering, const struct measurement *line);
/* Appends what is shown. False: it was not sealed to this key, or is not what its hash says;
 * then nothing was appended. */
bool exhibit_open(
	struct buf *out, const struct exhibit *exhibit, const struct crypto_key *key);
