#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/steps.h"

#define SECOND_US INT64_C(1000000)
#define NOW_US (1800000000 * SECOND_US)

static struct claim
claim(uint32_t probe, uint32_t boot, int64_t closed_s, int64_t wall_error_s)
{
	return (struct claim){
		.probe = probe,
		.boot = boot,
		.closed_us = closed_s * SECOND_US,
		.wall_offset_us = NOW_US + wall_error_s * SECOND_US,
		.received_utc_us = NOW_US + (closed_s + 5) * SECOND_US,
	};
}

static struct claim
anchored(uint32_t probe, uint32_t boot, int64_t closed_s, int64_t drift_s)
{
	struct claim c = claim(probe, boot, closed_s, 0);

	c.anchored = true;
	c.anchor_offset_us = NOW_US + drift_s * SECOND_US;
	return c;
}

static void
test_an_anchor_holds_for_what_was_measured_before_it_in_its_boot(void **state)
{
	struct claim claims[] = {claim(0, 0, 10, -1000000000), anchored(0, 0, 20, 1),
		claim(0, 0, 30, 1000000000)};

	(void)state;
	place(claims, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(claims[i].offset_us, NOW_US + SECOND_US);
}

static void
test_the_newest_anchor_behind_a_segment_is_taken(void **state)
{
	struct claim claims[] = {
		anchored(0, 0, 10, 1), claim(0, 0, 20, 0), anchored(0, 0, 30, 2)};

	(void)state;
	place(claims, 3);
	assert_int_equal(claims[1].offset_us, NOW_US + 1 * SECOND_US);
	assert_int_equal(claims[2].offset_us, NOW_US + 2 * SECOND_US);
}

/* A note that a flooded line held up for five seconds came that much later than it says. */
static void
test_an_anchor_that_came_late_moves_nothing(void **state)
{
	struct claim claims[] = {anchored(0, 0, 10, 0), anchored(0, 0, 20, -5),
		claim(0, 0, 30, 0), anchored(0, 0, 40, 0)};

	(void)state;
	place(claims, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(claims[i].offset_us, NOW_US);
}

static void
test_a_clock_that_runs_fast_is_followed_by_its_newest_anchor(void **state)
{
	struct claim claims[] = {
		anchored(0, 0, 10, 0), anchored(0, 0, 200010, -20)}; /* 100 ppm */

	(void)state;
	place(claims, 2);
	assert_int_equal(claims[1].offset_us, NOW_US - 20 * SECOND_US);
}

static void
test_a_clock_of_the_analyzer_that_was_set_back_is_believed(void **state)
{
	struct claim claims[] = {anchored(0, 0, 10, 3600), anchored(0, 0, 20, 0)};

	(void)state;
	place(claims, 2);
	assert_int_equal(claims[0].offset_us, NOW_US + 3600 * SECOND_US);
	assert_int_equal(claims[1].offset_us, NOW_US);
}

static void
test_an_anchor_says_nothing_of_another_boot_or_probe(void **state)
{
	struct claim claims[] = {claim(0, 0, 10, -100), anchored(0, 1, 10, 7),
		claim(0, 2, 10, -200), claim(1, 1, 10, -300)};

	(void)state;
	place(claims, 4);
	assert_int_equal(claims[0].offset_us, NOW_US - 100 * SECOND_US);
	assert_int_equal(claims[2].offset_us, NOW_US - 200 * SECOND_US);
	assert_int_equal(claims[3].offset_us, NOW_US - 300 * SECOND_US);
}

static void
test_without_an_anchor_nothing_closed_after_it_was_received(void **state)
{
	struct claim claims[] = {claim(0, 0, 10, 1000000000)};

	(void)state;
	place(claims, 1);
	assert_int_equal(
		claims[0].offset_us + claims[0].closed_us, claims[0].received_utc_us);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_an_anchor_holds_for_what_was_measured_before_it_in_its_boot),
		cmocka_unit_test(test_the_newest_anchor_behind_a_segment_is_taken),
		cmocka_unit_test(test_an_anchor_that_came_late_moves_nothing),
		cmocka_unit_test(
			test_a_clock_that_runs_fast_is_followed_by_its_newest_anchor),
		cmocka_unit_test(
			test_a_clock_of_the_analyzer_that_was_set_back_is_believed),
		cmocka_unit_test(test_an_anchor_says_nothing_of_another_boot_or_probe),
		cmocka_unit_test(
			test_without_an_anchor_nothing_closed_after_it_was_received),
	};

	return cmocka_run_group_tests_name("analysis_place", tests, NULL, NULL);
}
