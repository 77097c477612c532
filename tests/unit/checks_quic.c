#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "probe/doors/quic.h"

static const struct quic_ids ids = {"server-i", "client-i", 0x1a2a3a4a};

/* RFC 8999 section 6, written by hand. */
#define ANSWER                                                                         \
	"\xc5\0\0\0\0"                                                                 \
	"\x08"                                                                         \
	"client-i"                                                                     \
	"\x08"                                                                         \
	"server-i"
#define VERSION_1 "\0\0\0\1"
#define VERSION_2 "\x6b\x33\x43\xcf"
#define RESERVED "\x5a\x6a\x7a\x8a"

static void
whatever_was_drawn_the_question_asks_in_a_reserved_version(void **state)
{
	static const uint32_t drawn[] = {0, 1, 0x6b3343cf, 0xffffffff, 0x1a2a3a4a};

	(void)state;
	for (size_t i = 0; i < sizeof(drawn) / sizeof(*drawn); i++) {
		struct quic_ids mine = ids;
		uint8_t packet[QUIC_PROBE_BYTES];

		memset(packet, 0xff, sizeof(packet));
		mine.version = drawn[i];
		quic_write(packet, &mine);
		assert_int_equal(packet[0] & 0xf0, 0xc0); /* long header, Initial */
		for (int b = 1; b <= 4; b++)
			assert_int_equal(packet[b] & 0x0f, 0x0a);
		assert_int_equal(packet[1] >> 4, drawn[i] >> 28);
		assert_memory_equal(packet + 5,
			"\x08"
			"server-i"
			"\x08"
			"client-i\xff",
			19);
		assert_int_equal(packet[QUIC_PROBE_BYTES - 1], 0xff);
	}
}

static void
what_a_server_offers_is_counted_without_the_reserved_ones(void **state)
{
	unsigned versions;

	(void)state;
	assert_true(quic_read(&versions, ANSWER VERSION_1, 27, &ids));
	assert_int_equal(versions, 1);
	assert_true(
		quic_read(&versions, ANSWER RESERVED VERSION_1 VERSION_2, 35, &ids));
	assert_int_equal(versions, 2);
	assert_true(quic_read(&versions, ANSWER RESERVED, 27, &ids));
	assert_int_equal(versions, 0);
}

/* Each byte of the header counts, but for the seven bits that RFC 8999 leaves open. */
static void
an_answer_that_differs_anywhere_from_ours_is_none(void **state)
{
	uint8_t answer[] = ANSWER VERSION_1 VERSION_2;
	unsigned versions;

	(void)state;
	for (size_t i = 0; i < 23; i++) {
		answer[i] ^= 0x80;
		assert_false(quic_read(&versions, answer, 31, &ids));
		answer[i] ^= 0x80;
	}
	for (size_t n = 0; n < 31; n++)
		assert_int_equal(
			quic_read(&versions, answer, n, &ids), n == 27 || n == 31);
	assert_false(
		quic_read(&versions, ANSWER VERSION_1 "\x1a\x2a\x3a\x4a", 31, &ids));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			whatever_was_drawn_the_question_asks_in_a_reserved_version),
		cmocka_unit_test(
			what_a_server_offers_is_counted_without_the_reserved_ones),
		cmocka_unit_test(an_answer_that_differs_anywhere_from_ours_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
