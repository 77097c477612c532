#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "probe/doors/sntp.h"

static const uint8_t cookie[SNTP_COOKIE_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

static void
put_time(uint8_t *at, uint32_t seconds, uint32_t fraction)
{
	for (int i = 0; i < 4; i++) {
		at[i] = (uint8_t)(seconds >> (24 - 8 * i));
		at[4 + i] = (uint8_t)(fraction >> (24 - 8 * i));
	}
}

/* A server of stratum 2 whose packet came at one second and left half a second later. */
static void
fill(uint8_t packet[static SNTP_BYTES])
{
	memset(packet, 0, SNTP_BYTES);
	packet[0] = 0x24;
	packet[1] = 2;
	memcpy(packet + 24, cookie, sizeof(cookie));
	put_time(packet + 32, 0xee000000, 0);
	put_time(packet + 40, 0xee000000, 0x80000000);
}

static void
the_question_holds_eight_random_bytes_and_nothing_else(void **state)
{
	uint8_t packet[SNTP_BYTES], expected[SNTP_BYTES] = {0x23};

	(void)state;
	memcpy(expected + 40, cookie, sizeof(cookie));
	sntp_write(packet, cookie);
	assert_memory_equal(packet, expected, sizeof(expected));
}

static void
times_are_read_to_the_microsecond_in_either_era(void **state)
{
	/* date -u -d @... says: 1968-01-20, 2036-02-07 06:28:15 and :16, 2104-02-26 */
	static const struct {
		uint32_t seconds, fraction;
		int64_t utc_us;
	} rows[] = {
		{0x80000000, 0, -INT64_C(61505152000000)},
		{0x83aa7e80, 0x00001000, 0}, /* the epoch, and a bit less than 1 us */
		{0x83aa7e80, 0x000010c7, 1},
		{0xffffffff, 0xffffffff, INT64_C(2085978495999999)},
		{0x00000000, 0x80000000, INT64_C(2085978496500000)},
		{0x7fffffff, 0, INT64_C(4233462143000000)},
	};
	struct sntp_answer answer;
	uint8_t packet[SNTP_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fill(packet);
		put_time(packet + 32, rows[i].seconds, rows[i].fraction);
		put_time(packet + 40, rows[i].seconds, rows[i].fraction);
		assert_true(sntp_read(&answer, packet, sizeof(packet), cookie));
		assert_true(answer.tells_time);
		assert_int_equal(answer.stratum, 2);
		assert_true(answer.received_utc_us == rows[i].utc_us);
		assert_true(answer.sent_utc_us == rows[i].utc_us);
	}
}

static void
what_does_not_answer_this_question_is_as_if_it_had_not_come(void **state)
{
	struct sntp_answer answer;
	uint8_t packet[SNTP_BYTES + 1] = {0};

	(void)state;
	fill(packet);
	assert_true(sntp_read(&answer, packet, SNTP_BYTES, cookie));
	for (size_t n = 0; n < SNTP_BYTES; n++)
		assert_false(sntp_read(&answer, packet, n, cookie));
	assert_false(sntp_read(&answer, packet, SNTP_BYTES + 1, cookie));
	for (int first = 0; first < 64; first++) {
		packet[0] = (uint8_t)first;
		assert_int_equal(
			sntp_read(&answer, packet, SNTP_BYTES, cookie), first == 0x24);
	}
	for (size_t i = 0; i < sizeof(cookie); i++) {
		fill(packet);
		packet[24 + i] ^= 0x10;
		assert_false(sntp_read(&answer, packet, SNTP_BYTES, cookie));
	}
}

static void
a_server_that_does_not_know_the_time_tells_none(void **state)
{
	struct sntp_answer answer;
	uint8_t packet[SNTP_BYTES];

	(void)state;
	for (int i = 0; i < 6; i++) {
		fill(packet);
		switch (i) {
		case 0:
			packet[0] |= 0xc0; /* leap indicator: clock not synchronised */
			break;
		case 1:
			packet[1] = 0; /* kiss-o'-death */
			break;
		case 2:
			packet[1] = 16;
			break;
		case 3:
			put_time(packet + 32, 0, 0);
			break;
		case 4:
			put_time(packet + 40, 0, 0);
			break;
		default:
			put_time(packet + 40, 0xedffffff, 0); /* before it came */
		}
		assert_true(sntp_read(&answer, packet, sizeof(packet), cookie));
		assert_false(answer.tells_time);
		assert_int_equal(answer.stratum, packet[1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_question_holds_eight_random_bytes_and_nothing_else),
		cmocka_unit_test(times_are_read_to_the_microsecond_in_either_era),
		cmocka_unit_test(
			what_does_not_answer_this_question_is_as_if_it_had_not_come),
		cmocka_unit_test(a_server_that_does_not_know_the_time_tells_none),
	};

	return cmocka_run_group_tests_name("sntp", tests, NULL, NULL);
}
