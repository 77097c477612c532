#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/note.h"
#include "common/segment.h"

#define EPOCH "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
#define KEY_NAME "epoch-03a107bff3ce10be"

/* The key of the vectors: a seed of 0, 1, 2 ... 31. */
static int
open_key(void **state)
{
	struct crypto_key *key;
	uint8_t seed[SEED_BYTES], i;

	for (i = 0; i < sizeof seed; i++)
		seed[i] = i;
	if (crypto_key_open(&key, seed))
		return 1;
	*state = key;
	return 0;
}

static int
close_key(void **state)
{
	crypto_key_close(*state);
	return 0;
}

static struct buf
vector(const char *n)
{
	char path[FILE_PATH_BYTES];
	struct buf bytes = {0};

	snprintf(path, sizeof path, SOURCE_DIR "/tests/vectors/%s.seg", n);
	assert_int_equal(file_read(&bytes, path, SEGMENT_FILE_MAX), OK);
	return bytes;
}

static void
segments_of_another_program_are_read_and_written_again_byte_for_byte(void **state)
{
	static const char *const names[] = {"1", "2", "3", "5", "8", "13"};
	struct segment segment;
	uint8_t id[HASH_BYTES];
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf bytes = vector(names[i]), again = {0};
		const char *why = "";

		assert_int_equal(segment_read(&segment, buf_span(&bytes), &why), OK);
		assert_null(why);
		assert_string_equal(segment.epoch, EPOCH);
		assert_int_equal(segment.n, strtoul(names[i], NULL, 10));
		assert_int_equal(segment_write(&again, id, *state, segment.seq,
					 segment.seed, segment.lines, segment.n),
			OK);
		assert_int_equal(again.len, bytes.len);
		assert_memory_equal(again.data, bytes.data, bytes.len);
		assert_memory_equal(id, segment.id, sizeof id);
		buf_free(&bytes);
		buf_free(&again);
	}
}

static enum err
read_again(const char *bytes, size_t n)
{
	struct segment segment;
	const char *why = NULL;
	enum err err = segment_read(&segment, (struct span){bytes, n}, &why);

	/* A refusal always says why, and only a refusal does. */
	assert_true(!err == !why);
	assert_true(err == OK || err == ERR_FORMAT || err == ERR_SIGNATURE);
	return err;
}

static void
a_segment_with_any_bit_changed_is_refused(void **state)
{
	struct buf bytes = vector("3");
	size_t i;

	(void)state;
	assert_int_equal(read_again(bytes.data, bytes.len), OK);
	for (i = 0; i < 8 * bytes.len; i++) {
		bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ 1 << i % 8);
		assert_int_not_equal(read_again(bytes.data, bytes.len), OK);
		bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ 1 << i % 8);
	}
	buf_free(&bytes);
}

static void
a_segment_cut_anywhere_or_with_more_behind_it_is_refused(void **state)
{
	struct buf bytes = vector("3");
	size_t i;

	(void)state;
	for (i = 0; i < bytes.len; i++)
		assert_int_equal(read_again(bytes.data, i), ERR_FORMAT);
	buf_puts(&bytes, "\n");
	assert_int_equal(read_again(bytes.data, bytes.len), ERR_FORMAT);
	buf_free(&bytes);
}

static void
lines_added_dropped_or_swapped_are_not_those_that_were_signed(void **state)
{
	struct buf bytes = vector("3"), other = {0};
	struct span rest = buf_span(&bytes), line[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(span_line(&line[i], &rest));
	buf_printf(&other, "%.*s\n%.*s\n", (int)line[0].len, line[0].at,
		(int)line[1].len, line[1].at);
	buf_add(&other, rest.at, rest.len);
	assert_int_equal(read_again(other.data, other.len), ERR_SIGNATURE);
	buf_clear(&other);
	buf_printf(&other, "%.*s\n%.*s\n%.*s\n", (int)line[1].len, line[1].at,
		(int)line[0].len, line[0].at, (int)line[2].len, line[2].at);
	buf_add(&other, rest.at, rest.len);
	assert_int_equal(read_again(other.data, other.len), ERR_SIGNATURE);
	buf_clear(&other);
	buf_printf(&other, "{}\n");
	buf_add(&other, bytes.data, bytes.len);
	assert_int_equal(read_again(other.data, other.len), ERR_SIGNATURE);
	buf_free(&bytes);
	buf_free(&other);
}

/* One line {}, and a note with this text and key name, signed by the right key. The root
 * that belongs to it stands for %s. */
static enum err
read_signed(const struct crypto_key *key, const char *text, const char *key_name)
{
	const struct span line = {"{}", 2};
	const uint8_t seed[SEED_BYTES] = {0};
	struct buf bytes = {0}, root = {0}, full = {0};
	struct segment segment;
	uint8_t id[HASH_BYTES];
	const char *mark = strstr(text, "ROOT");
	enum err err;

	assert_int_equal(segment_write(&bytes, id, key, 1, seed, &line, 1), OK);
	assert_int_equal(segment_read(&segment, buf_span(&bytes), NULL), OK);
	crypto_base64(&root, segment.root, sizeof segment.root);
	buf_add(&full, text, mark ? (size_t)(mark - text) : strlen(text));
	if (mark) {
		buf_add(&full, root.data, root.len);
		buf_puts(&full, mark + 4);
	}
	buf_clear(&bytes);
	buf_puts(&bytes, "{}\n\n");
	note_sign(&bytes, buf_span(&full), key_name, key);
	buf_puts(&bytes, "seed AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	err = read_again(bytes.data, bytes.len);
	buf_free(&bytes);
	buf_free(&root);
	buf_free(&full);
	return err;
}

#define ORIGIN "faultline/segment/" EPOCH "/"

static void
only_one_form_of_the_note_is_accepted_even_when_it_is_signed(void **state)
{
	static const char *const wrong[] = {
		ORIGIN "0\n1\nROOT\n",
		ORIGIN "01\n1\nROOT\n",
		ORIGIN "+1\n1\nROOT\n",
		ORIGIN " 1\n1\nROOT\n",
		ORIGIN "1 \n1\nROOT\n",
		ORIGIN "-1\n1\nROOT\n",
		ORIGIN "0x1\n1\nROOT\n",
		ORIGIN "\n1\nROOT\n",
		ORIGIN "9007199254740992\n1\nROOT\n",
		ORIGIN "18446744073709551617\n1\nROOT\n",
		ORIGIN "1\n0\nROOT\n",
		ORIGIN "1\n01\nROOT\n",
		ORIGIN "1\n1025\nROOT\n",
		ORIGIN "1\n18446744073709551617\nROOT\n",
		ORIGIN "1\n1 \nROOT\n",
		ORIGIN "1\n1\nROOT \n",
		ORIGIN "1\n1\n\n",
		ORIGIN "1\n1\nAAAA\n",
		ORIGIN "1\n1\n",
		ORIGIN "1\n1\nROOT\nmore\n",
		"faultline/segmemt/" EPOCH "/1\n1\nROOT\n",
		"faultline/segment/" EPOCH "1\n1\nROOT\n",
		"faultline/segment/"
		"03A107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8"
		"664125531b8/1\n1\nROOT\n",
		"faultline/segment/03a107/1\n1\nROOT\n",
	};
	size_t i;

	assert_int_equal(read_signed(*state, ORIGIN "1\n1\nROOT\n", KEY_NAME), OK);
	assert_int_equal(
		read_signed(*state, ORIGIN "9007199254740991\n1\nROOT\n", KEY_NAME),
		OK);
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(read_signed(*state, wrong[i], KEY_NAME), ERR_FORMAT);
	assert_int_equal(
		read_signed(*state, ORIGIN "1\n2\nROOT\n", KEY_NAME), ERR_SIGNATURE);
	assert_int_equal(read_signed(*state, ORIGIN "1\n1\nROOT\n", KEY_NAME "0"),
		ERR_SIGNATURE);
}

static void
a_segment_signed_by_another_key_is_refused(void **state)
{
	uint8_t seed[SEED_BYTES] = {9};
	struct crypto_key *other;

	(void)state;
	assert_int_equal(crypto_key_open(&other, seed), OK);
	assert_int_equal(
		read_signed(other, ORIGIN "1\n1\nROOT\n", KEY_NAME), ERR_SIGNATURE);
	crypto_key_close(other);
}

/* n lines of ${each} bytes, the last one of ${last}. */
static enum err
write_lines(const struct crypto_key *key, size_t n, size_t each, size_t last)
{
	static char bytes[SEGMENT_LINE_MAX + 1];
	const uint8_t seed[SEED_BYTES] = {1};
	struct span lines[SEGMENT_LINES_MAX + 1] = {0};
	struct buf out = {0};
	uint8_t id[HASH_BYTES];
	enum err err;
	size_t i;

	memset(bytes, 'x', sizeof bytes);
	for (i = 0; i < n; i++)
		lines[i] = (struct span){bytes, i + 1 == n ? last : each};
	err = segment_write(&out, id, key, 1, seed, lines, n);
	if (err)
		assert_int_equal(out.len, 0);
	else
		assert_int_equal(read_again(out.data, out.len), OK);
	buf_free(&out);
	return err;
}

static void
limits_are_reached_and_not_passed(void **state)
{
	assert_int_equal(write_lines(*state, 1, 0, 1), OK);
	assert_int_equal(write_lines(*state, 0, 0, 0), ERR_LIMIT);
	assert_int_equal(write_lines(*state, 1, 0, 0), ERR_LIMIT);
	assert_int_equal(write_lines(*state, 1, 0, 4096), OK);
	assert_int_equal(write_lines(*state, 1, 0, 4097), ERR_LIMIT);
	assert_int_equal(write_lines(*state, 1024, 14, 14), OK);
	assert_int_equal(write_lines(*state, 1024, 14, 15), ERR_LIMIT);
	assert_int_equal(write_lines(*state, 1024, 1, 1), OK);
	assert_int_equal(write_lines(*state, 1025, 1, 1), ERR_LIMIT);
	assert_int_equal(write_lines(*state, 4, 4000, 15360 - 3 * 4001 - 1), OK);
	assert_int_equal(write_lines(*state, 4, 4000, 15360 - 3 * 4001), ERR_LIMIT);
}

static void
numbers_and_lines_that_no_reader_takes_are_not_written(void **state)
{
	const struct span good = {"{}", 2}, bad = {"{\n}", 3};
	const uint8_t seed[SEED_BYTES] = {1};
	uint8_t id[HASH_BYTES];
	struct buf out = {0};

	assert_int_equal(segment_write(&out, id, *state, 0, seed, &good, 1), ERR_LIMIT);
	assert_int_equal(
		segment_write(&out, id, *state, 1ull << 53, seed, &good, 1), ERR_LIMIT);
	assert_int_equal(segment_write(&out, id, *state, 1, seed, &bad, 1), ERR_LIMIT);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void
over_long_input_is_refused_by_the_reader_too(void **state)
{
	struct buf bytes = {0};
	size_t i;

	(void)state;
	for (i = 0; i < SEGMENT_LINES_MAX + 1; i++)
		buf_puts(&bytes, "x\n");
	buf_puts(&bytes, "\n");
	assert_int_equal(read_again(bytes.data, bytes.len), ERR_FORMAT);
	buf_clear(&bytes);
	for (i = 0; i <= SEGMENT_LINE_MAX; i++)
		buf_puts(&bytes, "x");
	buf_puts(&bytes, "\n\n");
	assert_int_equal(read_again(bytes.data, bytes.len), ERR_FORMAT);
	buf_clear(&bytes);
	for (i = 0; i <= SEGMENT_FILE_MAX; i++)
		buf_puts(&bytes, "x");
	assert_int_equal(read_again(bytes.data, bytes.len), ERR_FORMAT);
	buf_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			segments_of_another_program_are_read_and_written_again_byte_for_byte),
		cmocka_unit_test(a_segment_with_any_bit_changed_is_refused),
		cmocka_unit_test(
			a_segment_cut_anywhere_or_with_more_behind_it_is_refused),
		cmocka_unit_test(
			lines_added_dropped_or_swapped_are_not_those_that_were_signed),
		cmocka_unit_test(
			only_one_form_of_the_note_is_accepted_even_when_it_is_signed),
		cmocka_unit_test(a_segment_signed_by_another_key_is_refused),
		cmocka_unit_test(limits_are_reached_and_not_passed),
		cmocka_unit_test(
			numbers_and_lines_that_no_reader_takes_are_not_written),
		cmocka_unit_test(over_long_input_is_refused_by_the_reader_too),
	};

	return cmocka_run_group_tests_name("segment", tests, open_key, close_key);
}
