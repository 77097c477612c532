#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "probe/doors/arrival.h"

static void
a_burst_before_a_steady_rate_is_not_counted(void **state)
{
	struct arrival a;
	int64_t now_us = 1000000;

	(void)state;
	arrival_start(&a, now_us, 5000);
	arrival_look(&a, now_us += 50000, 25000);
	/* 140 kbit/s in pieces of 1,400 bytes. */
	for (int i = 1; i <= 30; i++)
		arrival_look(&a, now_us += 80000, 25000 + 1400 * i);
	assert_in_range(arrival_rate_bps(&a, now_us), 135000, 145000);
}

static void
more_looks_than_there_is_room_for_change_little(void **state)
{
	struct arrival a;
	int64_t now_us = 1000000;

	(void)state;
	arrival_start(&a, now_us, 0);
	for (int i = 1; i <= 5000; i++)
		arrival_look(&a, now_us += 1100, 1000 * i);
	assert_true(a.n <= ARRIVAL_LOOKS);
	assert_in_range(arrival_rate_bps(&a, now_us), 7000000, 7600000);
}

static void
silence_at_the_end_makes_it_slow_and_nothing_at_all_is_none(void **state)
{
	struct arrival a;

	(void)state;
	arrival_start(&a, 1000000, 0);
	assert_int_equal(arrival_rate_bps(&a, 5000000), 0);
	arrival_look(&a, 1100000, 14000);
	arrival_look(&a, 1200000, 28000);
	assert_int_equal(arrival_rate_bps(&a, 5100000), 0);
	assert_true(arrival_rate_bps(&a, 1200000) > 1000000);
}

static void
what_comes_at_once_is_measured_from_the_request(void **state)
{
	struct arrival a;

	(void)state;
	arrival_start(&a, 1000000, 1000);
	arrival_look(&a, 1100000, 13500);
	assert_int_equal(arrival_rate_bps(&a, 1100000), 1000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_before_a_steady_rate_is_not_counted),
		cmocka_unit_test(more_looks_than_there_is_room_for_change_little),
		cmocka_unit_test(
			silence_at_the_end_makes_it_slow_and_nothing_at_all_is_none),
		cmocka_unit_test(what_comes_at_once_is_measured_from_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
