#include "common/segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/merkle.h"
#include "common/note.h"

#define ORIGIN "faultline/segment/"
#define SEED_BASE64_BYTES 44
/* "seed ", the base64, '\n' */
#define SEED_LINE_BYTES (5 + SEED_BASE64_BYTES + 1)
#define EPOCH_HEX_BYTES (2 * PUBLIC_KEY_BYTES)

static void
key_name_of(char out[static NOTE_KEY_NAME_BYTES], const char *epoch)
{
	snprintf(out, NOTE_KEY_NAME_BYTES, "epoch-%.16s", epoch);
}

static void
hash_leaf(uint8_t out[static HASH_BYTES], const uint8_t seed[static SEED_BYTES],
	struct span line, size_t index)
{
	uint8_t salt[SALT_BYTES];

	merkle_salt(salt, seed, index);
	merkle_leaf(out, salt, line.at, line.len);
}

static void
hash_lines(uint8_t (*leaves)[HASH_BYTES], const uint8_t seed[static SEED_BYTES],
	const struct span *lines, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		hash_leaf(leaves[i], seed, lines[i], i);
}

static enum err
check_limits(uint64_t seq, const struct span *lines, size_t n)
{
	size_t i, bytes = 0;

	if (!seq || seq > SEGMENT_SEQ_MAX || !n || n > SEGMENT_LINES_MAX)
		return ERR_LIMIT;
	for (i = 0; i < n; i++) {
		if (!lines[i].len || lines[i].len > SEGMENT_LINE_MAX)
			return ERR_LIMIT;
		if (memchr(lines[i].at, '\n', lines[i].len))
			return ERR_LIMIT;
		bytes += lines[i].len + 1;
	}
	return bytes > SEGMENT_BYTES_MAX ? ERR_LIMIT : OK;
}

enum err
segment_write(struct buf *out, uint8_t id[static HASH_BYTES],
	const struct crypto_key *key, uint64_t seq,
	const uint8_t seed[static SEED_BYTES], const struct span *lines, size_t n)
{
	uint8_t leaves[SEGMENT_LINES_MAX][HASH_BYTES], root[HASH_BYTES];
	char epoch[EPOCH_HEX_BYTES + 1], key_name[NOTE_KEY_NAME_BYTES];
	struct buf text = {0};
	size_t i, note_at;

	if (check_limits(seq, lines, n))
		return ERR_LIMIT;
	hash_lines(leaves, seed, lines, n);
	merkle_root(root, (const uint8_t(*)[HASH_BYTES])leaves, n);
	crypto_hex(epoch, crypto_key_public(key), PUBLIC_KEY_BYTES);
	key_name_of(key_name, epoch);
	buf_printf(&text, ORIGIN "%s/%" PRIu64 "\n%zu\n", epoch, seq, n);
	crypto_base64(&text, root, sizeof root);
	buf_puts(&text, "\n");

	for (i = 0; i < n; i++) {
		buf_add(out, lines[i].at, lines[i].len);
		buf_puts(out, "\n");
	}
	buf_puts(out, "\n");
	note_at = out->len;
	note_sign(out, buf_span(&text), key_name, key);
	crypto_sha256(id, out->data + note_at, out->len - note_at);
	buf_puts(out, "seed ");
	crypto_base64(out, seed, SEED_BYTES);
	buf_puts(out, "\n");
	buf_free(&text);
	return OK;
}

/* NULL, or what is wrong. Leaves ${rest} behind the empty line. */
static const char *
read_lines(struct segment *segment, struct span *rest)
{
	const char *start = rest->at;
	struct span line;

	for (;;) {
		if (!span_line(&line, rest))
			return "the segment is cut short: no empty line ends its lines";
		if (!line.len)
			break;
		if (line.len > SEGMENT_LINE_MAX)
			return "a line is longer than 4096 bytes";
		if (segment->n == SEGMENT_LINES_MAX)
			return "the segment has more than 1024 lines";
		segment->lines[segment->n++] = line;
	}
	if (!segment->n)
		return "the segment has no lines";
	if (line.at - start > SEGMENT_BYTES_MAX)
		return "the segment's lines are longer than 15360 bytes";
	return NULL;
}

static const char *
read_seed(struct segment *segment, struct span *rest)
{
	struct span line;
	size_t n = SEED_BYTES;

	if (rest->len < SEED_LINE_BYTES)
		return "the segment is cut short: no seed line";
	rest->len -= SEED_LINE_BYTES;
	line = (struct span){rest->at + rest->len, SEED_LINE_BYTES - 1};
	if (line.at[line.len] != '\n' || !span_skip(&line, "seed ") ||
		!crypto_unbase64(segment->seed, &n, line) || n != SEED_BYTES)
		return "the last line is not a seed of 32 bytes in base64";
	return NULL;
}

/* The three text lines of the checkpoint. */
static const char *
read_text(struct segment *segment, uint64_t *n, struct span text)
{
	struct span origin, count, root;
	uint8_t key[PUBLIC_KEY_BYTES];
	size_t root_n = HASH_BYTES;

	if (!span_line(&origin, &text) || !span_line(&count, &text) ||
		!span_line(&root, &text) || text.len)
		return "the note is not one of three text lines";
	if (!span_skip(&origin, ORIGIN) || origin.len < EPOCH_HEX_BYTES + 1)
		return "the note's first line is not "
		       "faultline/segment/<epoch>/<number>";
	memcpy(segment->epoch, origin.at, EPOCH_HEX_BYTES);
	if (!crypto_unhex(key, sizeof key, (struct span){origin.at, EPOCH_HEX_BYTES}))
		return "the epoch is not 64 lower-case hex digits";
	origin.at += EPOCH_HEX_BYTES;
	origin.len -= EPOCH_HEX_BYTES;
	if (!span_skip(&origin, "/") ||
		!span_number(&segment->seq, origin, SEGMENT_SEQ_MAX) || !segment->seq)
		return "the segment's number is not a decimal from 1 to 2^53-1";
	if (!span_number(n, count, SEGMENT_LINES_MAX) || !*n)
		return "the note's number of lines is not a decimal from 1 to 1024";
	if (!crypto_unbase64(segment->root, &root_n, root) || root_n != HASH_BYTES)
		return "the root is not 32 bytes in base64";
	return NULL;
}

/* The form is right: do lines, root and signature belong together? */
static const char *
verify(const struct segment *segment, const struct note *note, uint64_t n)
{
	uint8_t leaves[SEGMENT_LINES_MAX][HASH_BYTES], root[HASH_BYTES];
	uint8_t key[PUBLIC_KEY_BYTES];
	char key_name[NOTE_KEY_NAME_BYTES];

	if (n != segment->n)
		return "the segment has another number of lines than its note says";
	if (!crypto_unhex(
		    key, sizeof key, (struct span){segment->epoch, EPOCH_HEX_BYTES}))
		bug("an epoch that was read is no hex");
	key_name_of(key_name, segment->epoch);
	if (!note_verify(note, key_name, key))
		return "the signature is not the epoch's";
	hash_lines(leaves, segment->seed, segment->lines, segment->n);
	merkle_root(root, (const uint8_t(*)[HASH_BYTES])leaves, segment->n);
	if (!crypto_equal(root, segment->root, sizeof root))
		return "the lines are not those that were signed";
	return NULL;
}

/* Not = {0}: 16 KiB of spans that n keeps apart from what was read. */
static void
clear(struct segment *segment)
{
	memset(segment, 0, offsetof(struct segment, lines));
}

enum err
segment_split(struct segment *segment, struct span bytes)
{
	clear(segment);
	return read_lines(segment, &bytes) ? ERR_FORMAT : OK;
}

enum err
segment_read(struct segment *segment, struct span bytes, const char **why)
{
	const char *ignored;
	struct note note;
	uint64_t n = 0;

	if (!why)
		why = &ignored;
	clear(segment);
	*why = bytes.len > SEGMENT_FILE_MAX ? "the segment is longer than any may be"
					    : read_lines(segment, &bytes);
	if (!*why)
		*why = read_seed(segment, &bytes);
	if (!*why && note_parse(&note, bytes))
		*why = "the note is not one signed note with one signature";
	if (!*why)
		*why = read_text(segment, &n, note.text);
	if (*why)
		return ERR_FORMAT;
	segment->note = note.whole;
	crypto_sha256(segment->id, note.whole.at, note.whole.len);
	*why = verify(segment, &note, n);
	return *why ? ERR_SIGNATURE : OK;
}

void
segment_prove(struct buf *out, const struct segment *segment, size_t index)
{
	uint8_t leaves[SEGMENT_LINES_MAX][HASH_BYTES];
	uint8_t path[MERKLE_PATH_MAX][HASH_BYTES], salt[SALT_BYTES];
	size_t i, n;

	if (index >= segment->n)
		bug("a proof of line %zu of %zu was asked for", index, segment->n);
	hash_lines(leaves, segment->seed, segment->lines, segment->n);
	n = merkle_path(path, (const uint8_t(*)[HASH_BYTES])leaves, segment->n, index);
	merkle_salt(salt, segment->seed, index);
	buf_puts(out, "c2sp.org/tlog-proof@v1\nextra ");
	crypto_base64(out, salt, sizeof salt);
	buf_printf(out, "\nindex %zu\n", index);
	for (i = 0; i < n; i++) {
		crypto_base64(out, path[i], HASH_BYTES);
		buf_puts(out, "\n");
	}
	buf_puts(out, "\n");
	buf_add(out, segment->note.at, segment->note.len);
}
