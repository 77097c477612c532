/*
 * What the code of this project makes of given seeds and lines, for tests in other
 * languages. Lines come on standard input.
 *
 *   segment write KEY-SEED NUMBER SEED    the segment
 *   segment values KEY-SEED NUMBER SEED   every value on the way, "name value", bytes in hex
 *   segment read                          "ok" or the reason, for a segment on standard input
 *   segment decode                        "ok" or "no", for each line as a measurement
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/measurement.h"
#include "common/merkle.h"
#include "common/note.h"
#include "common/segment.h"

static void
print_hex(const char *name, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	size_t i;

	printf("%s ", name);
	for (i = 0; i < n; i++)
		printf("%02x", at[i]);
	printf("\n");
}

static void
print_values(const struct segment *segment)
{
	uint8_t salt[SALT_BYTES], leaf[HASH_BYTES];
	struct buf proof = {0};
	struct note note;
	size_t i;

	for (i = 0; i < segment->n; i++) {
		merkle_salt(salt, segment->seed, i);
		merkle_leaf(leaf, salt, segment->lines[i].at, segment->lines[i].len);
		buf_clear(&proof);
		segment_prove(&proof, segment, i);
		print_hex("salt", salt, sizeof salt);
		print_hex("leaf", leaf, sizeof leaf);
		print_hex("proof", proof.data, proof.len);
	}
	if (note_parse(&note, segment->note))
		abort();
	printf("epoch %s\nkey_name %s\n", segment->epoch, note.key_name);
	print_hex("key_hash", note.key_hash, sizeof note.key_hash);
	print_hex("root", segment->root, sizeof segment->root);
	print_hex("note", segment->note.at, segment->note.len);
	print_hex("segment_id", segment->id, sizeof segment->id);
	buf_free(&proof);
}

static int
make(bool values, struct span input, char **args)
{
	uint8_t key_seed[SEED_BYTES], seed[SEED_BYTES], id[HASH_BYTES];
	struct span lines[SEGMENT_LINES_MAX + 1];
	struct buf out = {0};
	struct crypto_key *key;
	struct segment segment;
	size_t n = 0;

	while (n <= SEGMENT_LINES_MAX && span_line(&lines[n], &input))
		n++;
	if (!crypto_unhex(
		    key_seed, SEED_BYTES, (struct span){args[0], strlen(args[0])}) ||
		!crypto_unhex(
			seed, SEED_BYTES, (struct span){args[2], strlen(args[2])}) ||
		crypto_key_open(&key, key_seed))
		return 2;
	if (segment_write(&out, id, key, strtoull(args[1], NULL, 10), seed, lines, n) ||
		segment_read(&segment, buf_span(&out), NULL))
		return 1;
	if (values)
		print_values(&segment);
	else
		fwrite(out.data, 1, out.len, stdout);
	crypto_key_close(key);
	buf_free(&out);
	return 0;
}

static int
decode(struct span input)
{
	struct measurement m;
	struct span line;

	while (span_line(&line, &input))
		puts(measurement_decode(&m, line, NULL) ? "no" : "ok");
	return 0;
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct segment segment;
	struct buf input = {0};
	const char *why = "ok";
	char bytes[4096];
	size_t n;
	int rc = 2;

	while ((n = fread(bytes, 1, sizeof bytes, stdin)) > 0)
		buf_add(&input, bytes, n);
	if (strcmp(verb, "read") == 0) {
		rc = segment_read(&segment, buf_span(&input), &why) ? 1 : 0;
		puts(rc ? why : "ok");
	} else if (strcmp(verb, "decode") == 0) {
		rc = decode(buf_span(&input));
	} else if (argc == 5) {
		rc = make(strcmp(verb, "values") == 0, buf_span(&input), argv + 2);
	}
	buf_free(&input);
	return rc;
}
