#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/contrast.h"

static const int64_t slow[] = {140, 141, 139, 150, 138, 142, 143, 137};
static const int64_t fast[] = {900, 1100, 1000, 800, 950, 1200, 870, 990};

static void
four_and_four_that_lie_apart_are_slower_and_three_say_nothing(void **state)
{
	struct contrast c;

	(void)state;
	assert_true(contrast_of(&c, slow, 4, fast, 4));
	assert_true(c.slower);
	assert_int_equal(c.chance_ppm, 1000000 / 70);
	assert_int_equal(c.less_percent, 86);
	assert_false(contrast_of(&c, slow, 3, fast, 4));
	assert_false(c.slower);
	assert_true(contrast_of(&c, fast, 4, slow, 4));
	assert_false(c.slower);
	assert_int_equal(c.chance_ppm, 1000000);
}

/* Mann and Whitney (1947), table I: of 8 and 8, U = 4 and fewer come in 12 of 12,870. */
static void
chance_is_what_the_tables_of_the_rank_test_say(void **state)
{
	/* Of so many the i-th is over i of the others. */
	const int64_t others[] = {10, 20, 30, 40, 50, 60, 70, 80};
	int64_t mixed[] = {1, 2, 3, 4, 5, 6, 7, 45};
	struct contrast c;

	(void)state;
	assert_true(contrast_of(&c, mixed, 8, others, 8));
	assert_int_equal(c.chance_ppm, INT64_C(12) * 1000000 / 12870);
	assert_true(c.slower);
	mixed[7] = 55;
	assert_true(contrast_of(&c, mixed, 8, others, 8));
	assert_int_equal(c.chance_ppm, INT64_C(19) * 1000000 / 12870);
	assert_false(c.slower);
}

static void
of_four_and_four_one_the_other_way_round_is_chance(void **state)
{
	const int64_t mixed[] = {140, 141, 139, 850};
	struct contrast c;

	(void)state;
	assert_true(contrast_of(&c, mixed, 4, fast, 4));
	assert_false(c.slower);
}

static void
a_little_slower_each_time_is_not_slower(void **state)
{
	const int64_t little[] = {75, 75, 75, 75}, more[] = {100, 100, 100, 100};
	struct contrast c;

	(void)state;
	assert_true(contrast_of(&c, little, 4, more, 4));
	assert_int_equal(c.less_percent, 25);
	assert_false(c.slower);
}

static void
equal_rates_and_dead_lines_are_not_slower(void **state)
{
	const int64_t same[] = {100, 100, 100, 100, 100, 100, 100, 100};
	const int64_t none[] = {0, 0, 0, 0};
	struct contrast c;

	(void)state;
	assert_true(contrast_of(&c, same, 8, same, 8));
	assert_int_equal(c.chance_ppm, 1000000);
	assert_false(c.slower);
	assert_false(contrast_of(&c, none, 4, none, 4));
	assert_true(contrast_of(&c, none, 4, same, 4));
	assert_true(c.slower);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			four_and_four_that_lie_apart_are_slower_and_three_say_nothing),
		cmocka_unit_test(chance_is_what_the_tables_of_the_rank_test_say),
		cmocka_unit_test(of_four_and_four_one_the_other_way_round_is_chance),
		cmocka_unit_test(a_little_slower_each_time_is_not_slower),
		cmocka_unit_test(equal_rates_and_dead_lines_are_not_slower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
