/* Of a reset that is shown every byte is what it was, but for those that tell of the end that it
 * came to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "probe/doors/reset.h"

/* 93.184.216.34:443 -> 192.0.2.77:40002, TTL 49, with a clock and its echo. */
static const uint8_t four[] = {0x45, 0x00, 0x00, 0x34, 0xbe, 0xef, 0x40, 0x00, 0x31,
	0x06, 0xab, 0xcd, 93, 184, 216, 34, 192, 0, 2, 77, 0x01, 0xbb, 0x9c, 0x42, 0x11,
	0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x80, 0x14, 0x02, 0x00, 0xfe, 0xdc,
	0x00, 0x00, 1, 1, 8, 10, 0xa1, 0xa2, 0xa3, 0xa4, 0xb1, 0xb2, 0xb3, 0xb4};
static const uint8_t four_shown[] = {0x45, 0x00, 0x00, 0x34, 0xbe, 0xef, 0x40, 0x00,
	0x31, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xbb, 0, 0, 0x11, 0x22, 0x33,
	0x44, 0x55, 0x66, 0x77, 0x88, 0x80, 0x14, 0x02, 0x00, 0, 0, 0x00, 0x00, 1, 1, 8,
	10, 0xa1, 0xa2, 0xa3, 0xa4, 0, 0, 0, 0};
#define IP4 20
#define TCP 20

static struct capture_reset
reset_of(const void *bytes, size_t n)
{
	struct capture_reset reset = {.n = (uint8_t)n};

	memcpy(reset.headers, bytes, n);
	return reset;
}

/* The same with these options of TCP; returns how many bytes are shown. */
static size_t
with_options(uint8_t out[static CAPTURE_HEADERS_BYTES], const char *options, size_t n)
{
	struct capture_reset reset = reset_of(four, IP4 + TCP);

	reset.headers[IP4 + 12] = (uint8_t)((TCP + n) / 4 << 4);
	memcpy(reset.headers + IP4 + TCP, options, n);
	reset.n = (uint8_t)(IP4 + TCP + n);
	return reset_hide(out, &reset);
}

static void
whoever_it_came_to_is_zeroed_and_nothing_else(void **state)
{
	const struct capture_reset reset = reset_of(four, sizeof(four));
	uint8_t out[CAPTURE_HEADERS_BYTES];

	(void)state;
	assert_int_equal(reset_hide(out, &reset), sizeof(four));
	assert_memory_equal(out, four_shown, sizeof(four_shown));
}

static void
of_ipv6_no_address_is_left(void **state)
{
	uint8_t six[40 + TCP] = {0x60, 0x01, 0x02, 0x03, 0, 20, 6, 57},
			 shown[sizeof(six)], out[CAPTURE_HEADERS_BYTES];
	struct capture_reset reset;

	(void)state;
	memset(six + 8, 0xaa, 32);
	memcpy(six + 40, four + IP4, TCP);
	six[40 + 12] = TCP / 4 << 4;
	memcpy(shown, six, sizeof(six));
	memset(shown + 8, 0, 32);
	memset(shown + 42, 0, 2);
	memset(shown + 56, 0, 2);
	reset = reset_of(six, sizeof(six));
	assert_int_equal(reset_hide(out, &reset), sizeof(six));
	assert_memory_equal(out, shown, sizeof(shown));
	reset.headers[6] = 43; /* routes have addresses, too */
	assert_int_equal(reset_hide(out, &reset), 0);
}

static void
where_it_went_along_is_zeroed(void **state)
{
	struct capture_reset reset = reset_of(four, IP4);
	uint8_t out[CAPTURE_HEADERS_BYTES], nothing[18] = {0};

	(void)state;
	reset.headers[0] = 0x47;
	memcpy(reset.headers + IP4, "\x07\x07\x08\xc0\x00\x02\x4d\x00", 8);
	memcpy(reset.headers + IP4 + 8, four + IP4, sizeof(four) - IP4);
	reset.n = sizeof(four) + 8;
	assert_int_equal(reset_hide(out, &reset), sizeof(four) + 8);
	assert_memory_equal(out + 10, nothing, sizeof(nothing));
	assert_memory_equal(out + IP4 + 8, four_shown + IP4, sizeof(four) - IP4);
}

static void
of_options_is_left_what_tells_of_their_sender(void **state)
{
	static const struct {
		const char *came, *shown;
		size_t n;
	} rows[] = {
		{"\x02\x04\x05\xb4\x03\x03\x07\x01", "\x02\x04\x05\xb4\x03\x03\x07\x01",
			8},
		{"\x04\x02\x05\x0aSACKSACK", "\x04\x02\x05\x0a\0\0\0\0\0\0\0\0", 12},
		{"\x22\x08"
		 "COOKIE",
			"\x22\x08\0\0\0\0\0\0", 8},
		{"\x1e\x08MPTCP!", "\x1e\x08\0\0\0\0\0\0", 8},
		{"\x00told", "\0\0\0\0", 4},
		{"\x01\x08\x04told!", "\x01\x08\x04\0\0\0\0\0", 8},
		{"\x01\x22\x00told!", "\x01\0\0\0\0\0\0\0", 8},
		{"\x01\x22\x01told!", "\x01\0\0\0\0\0\0\0", 8},
		{"\x01\x22\x09told!", "\x01\0\0\0\0\0\0\0", 8},
		{"\x01\x01\x01\x22", "\x01\x01\x01\0", 4},
	};
	uint8_t out[CAPTURE_HEADERS_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(with_options(out, rows[i].came, rows[i].n),
			IP4 + TCP + rows[i].n);
		assert_memory_equal(out + IP4 + TCP, rows[i].shown, rows[i].n);
	}
}

static void
what_is_no_whole_segment_is_not_shown(void **state)
{
	struct capture_reset reset = reset_of(four, sizeof(four));
	uint8_t out[CAPTURE_HEADERS_BYTES];

	(void)state;
	for (reset.n = 0; reset.n < sizeof(four); reset.n++)
		assert_int_equal(reset_hide(out, &reset), 0);
	reset.n = CAPTURE_HEADERS_BYTES + 1;
	assert_int_equal(reset_hide(out, &reset), 0);
	reset = reset_of(four, sizeof(four));
	reset.headers[0] = 0x44;
	assert_int_equal(reset_hide(out, &reset), 0);
	reset.headers[0] = 0x55;
	assert_int_equal(reset_hide(out, &reset), 0);
	reset.headers[0] = 0x45;
	reset.headers[IP4 + 12] = 0x40;
	assert_int_equal(reset_hide(out, &reset), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_it_came_to_is_zeroed_and_nothing_else),
		cmocka_unit_test(of_ipv6_no_address_is_left),
		cmocka_unit_test(where_it_went_along_is_zeroed),
		cmocka_unit_test(of_options_is_left_what_tells_of_their_sender),
		cmocka_unit_test(what_is_no_whole_segment_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
