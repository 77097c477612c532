#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/exhibit.h"

/* Noise, which no packing makes shorter, and text, which it does. */
struct bench {
	struct crypto_key *key;
	struct exhibit *e;
	struct exhibit_gathering *g;
	struct buf lines, shown;
	char noise[EXHIBIT_BYTES_MAX + 1];
};

static struct crypto_key *
open_key(uint8_t first)
{
	uint8_t seed[SEED_BYTES] = {first};
	struct crypto_key *key;

	assert_int_equal(crypto_key_open(&key, seed), OK);
	return key;
}

static int
setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->key = open_key(1);
	b->e = calloc(1, sizeof(*b->e));
	b->g = calloc(1, sizeof(*b->g));
	crypto_random(b->noise, sizeof(b->noise));
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	crypto_key_close(b->key);
	buf_free(&b->lines);
	buf_free(&b->shown);
	free(b->e);
	free(b->g);
	free(b);
	return 0;
}

/* Appends the lines of what is shown; returns how many. */
static size_t
say(struct bench *b, enum exhibit_kind kind, const char *bytes, size_t n)
{
	assert_int_equal(exhibit_seal(b->e, kind, (struct span){bytes, n},
				 crypto_key_public(b->key)),
		OK);
	return exhibit_say(&b->lines, b->e);
}

static struct measurement *
read_line(struct span *rest)
{
	static struct measurement m;
	struct span line;

	assert_true(span_line(&line, rest));
	assert_int_equal(measurement_decode(&m, line, NULL), OK);
	return &m;
}

/* Each line in its turn; the last exhibit that was whole, and how many were. */
static const struct exhibit *
gather(struct bench *b, size_t *whole)
{
	struct span rest = buf_span(&b->lines);
	const struct exhibit *last = NULL;

	*whole = 0;
	while (rest.len > 0) {
		const struct exhibit *e = exhibit_gather(b->g, read_line(&rest));

		if (e != NULL)
			last = e;
		*whole += e != NULL;
	}
	return last;
}

static void
what_was_sealed_and_said_is_opened_byte_for_byte(void **state)
{
	static const size_t sizes[] = {0, 1, 1500, 1536, 4000, EXHIBIT_BYTES_MAX};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct exhibit *e;
		size_t whole;

		buf_clear(&b->lines);
		buf_clear(&b->shown);
		say(b, EXHIBIT_KIND_certificate, b->noise, sizes[i]);
		e = gather(b, &whole);
		assert_int_equal(whole, 1);
		assert_int_equal(e->kind, EXHIBIT_KIND_certificate);
		assert_true(exhibit_open(&b->shown, e, b->key));
		assert_int_equal(b->shown.len, sizes[i]);
		if (sizes[i] > 0)
			assert_memory_equal(b->shown.data, b->noise, sizes[i]);
	}
}

static void
the_largest_fits_in_one_segment_beside_its_header(void **state)
{
	struct bench *b = *state;

	assert_int_equal(say(b, EXHIBIT_KIND_page, b->noise, EXHIBIT_BYTES_MAX),
		EXHIBIT_PARTS_MAX);
	assert_true(b->lines.len <= 15360 - 2560);
	assert_int_equal(exhibit_seal(b->e, EXHIBIT_KIND_page,
				 (struct span){b->noise, EXHIBIT_BYTES_MAX + 1},
				 crypto_key_public(b->key)),
		ERR_LIMIT);
	assert_int_equal(b->e->sealed_n, 0);
}

static void
a_page_of_text_is_packed_before_it_is_sealed(void **state)
{
	static char text[EXHIBIT_BYTES_MAX];
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "access to this page is denied by order "[i % 39];
	assert_int_equal(say(b, EXHIBIT_KIND_page, text, sizeof(text)), 1);
	assert_true(b->lines.len < 600);
	/* And says nothing to whoever has the lines. */
	for (size_t i = 0; i + 6 <= b->e->sealed_n; i++)
		assert_memory_not_equal(b->e->sealed + i, "access", 6);
}

static void
another_key_and_a_changed_byte_open_nothing(void **state)
{
	struct bench *b = *state;
	struct crypto_key *other = open_key(2);

	say(b, EXHIBIT_KIND_page, b->noise, 1000);
	assert_false(exhibit_open(&b->shown, b->e, other));
	for (size_t i = 0; i < b->e->sealed_n; i++) {
		/* The top bit of an X25519 key is no part of it (RFC 7748 section 5). */
		b->e->sealed[i] ^= 1;
		assert_false(exhibit_open(&b->shown, b->e, b->key));
		b->e->sealed[i] ^= 1;
	}
	b->e->sha256[0] ^= 1;
	assert_false(exhibit_open(&b->shown, b->e, b->key));
	assert_int_equal(b->shown.len, 0);
	crypto_key_close(other);
}

static void
lines_of_two_may_be_mixed_and_a_part_that_is_missing_is_no_exhibit(void **state)
{
	struct bench *b = *state;
	struct buf first = {0}, mixed = {0};
	struct span one, two, line;
	size_t whole;

	say(b, EXHIBIT_KIND_page, b->noise, 6000);
	buf_add(&first, b->lines.data, b->lines.len);
	buf_clear(&b->lines);
	say(b, EXHIBIT_KIND_certificate, b->noise + 10, 6000);
	one = buf_span(&first);
	two = buf_span(&b->lines);
	while (span_line(&line, &one)) {
		buf_add(&mixed, line.at, line.len + 1);
		assert_true(span_line(&line, &two));
		buf_add(&mixed, line.at, line.len + 1);
	}
	buf_clear(&b->lines);
	buf_add(&b->lines, mixed.data, mixed.len);
	gather(b, &whole);
	assert_int_equal(whole, 2);
	/* Without its first line the one is none, and does not harm the other. */
	one = buf_span(&mixed);
	assert_true(span_line(&line, &one));
	buf_clear(&b->lines);
	buf_add(&b->lines, one.at, one.len);
	memset(b->g, 0, sizeof(*b->g));
	assert_int_equal(gather(b, &whole)->kind, EXHIBIT_KIND_certificate);
	assert_int_equal(whole, 1);
	buf_free(&first);
	buf_free(&mixed);
}

static void
what_a_child_left_that_is_no_exhibit_is_not_said(void **state)
{
	struct bench *b = *state;

	for (uint32_t n = 0; n <= CRYPTO_SEAL_BYTES; n += CRYPTO_SEAL_BYTES) {
		b->e->sealed_n = n;
		assert_int_equal(exhibit_say(&b->lines, b->e), 0);
	}
	b->e->sealed_n = EXHIBIT_SEALED_MAX + 1;
	assert_int_equal(exhibit_say(&b->lines, b->e), 0);
	b->e->sealed_n = UINT32_MAX;
	assert_int_equal(exhibit_say(&b->lines, b->e), 0);
	b->e->sealed_n = EXHIBIT_SEALED_MAX;
	b->e->kind = EXHIBIT_KIND_COUNT;
	assert_int_equal(exhibit_say(&b->lines, b->e), 0);
	assert_int_equal(b->lines.len, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_was_sealed_and_said_is_opened_byte_for_byte),
		TEST(the_largest_fits_in_one_segment_beside_its_header),
		TEST(a_page_of_text_is_packed_before_it_is_sealed),
		TEST(another_key_and_a_changed_byte_open_nothing),
		TEST(lines_of_two_may_be_mixed_and_a_part_that_is_missing_is_no_exhibit),
		TEST(what_a_child_left_that_is_no_exhibit_is_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
