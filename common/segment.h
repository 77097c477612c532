#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"

/*
 * A signed file of lines: a tiny transparency log (FORMAT.md, "Segment"). Lines are
 * opaque bytes here; measurement.h knows what they say.
 */
#define SEGMENT_LINES_MAX 1024
#define SEGMENT_BYTES_MAX (15 * 1024) /* plain text of the lines */
#define SEGMENT_LINE_MAX 4096
#define SEGMENT_FILE_MAX (SEGMENT_BYTES_MAX + 1024)
#define SEGMENT_SEQ_MAX 9007199254740991 /* 2^53-1 */

struct segment {
	char epoch[2 * PUBLIC_KEY_BYTES + 1]; /* hex of the Ed25519 public key */
	uint64_t seq;
	uint8_t id[HASH_BYTES]; /* SHA-256 of the checkpoint note */
	uint8_t root[HASH_BYTES];
	uint8_t seed[SEED_BYTES];
	struct span note;
	size_t n;
	struct span lines[SEGMENT_LINES_MAX]; /* into the bytes that were read */
};

/* Appends a whole segment with its seed line. ERR_LIMIT when a line is empty, longer
 * than 4 KiB or holds '\n', or n, seq or the plain text pass their limit (n and seq are
 * at least 1): then nothing was appended. */
NODISCARD enum err segment_write(struct buf *out, uint8_t id[static HASH_BYTES],
	const struct crypto_key *key, uint64_t seq,
	const uint8_t seed[static SEED_BYTES], const struct span *lines, size_t n);

/* Reads and verifies a whole segment with its seed line: form, tree and signature.
 * ERR_FORMAT when the form is broken, ERR_SIGNATURE when the lines are not those of the
 * tree or the signature is not the epoch's, with ${why} (may be NULL) set to a constant
 * sentence. The spans point into ${bytes}. */
NODISCARD enum err segment_read(
	struct segment *segment, struct span bytes, const char **why);

/* Only finds the lines of a segment that segment_read() took when it came: nothing is
 * verified, and all else of ${segment} is left at nothing. ERR_FORMAT: no lines. */
NODISCARD enum err segment_split(struct segment *segment, struct span bytes);

/* Appends the C2SP tlog-proof that shows line ${index} (below n) of a segment that was
 * read: its salt as "extra", the inclusion path, the note. */
void segment_prove(struct buf *out, const struct segment *segment, size_t index);
