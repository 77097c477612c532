#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

static bool
affords(struct world *w, int64_t bytes, int64_t now_us)
{
	return budget_afford(&w->s.budget, &w->config, now_us,
		schedule_expense(&w->s, 0, bytes), BUDGET_SHIP);
}

static void
of_a_plan_four_fifths_are_spent_in_even_shares_a_day(void **state)
{
	struct world *w = make_world(PROFILE_2G, 1);
	int64_t share = 40000000 / 31;

	(void)state;
	assert_int_equal(budget_day_bytes(&w->config, MEDIUM_mobile), 3000000);
	assert_int_equal(budget_month_bytes(&w->config, MEDIUM_mobile), INT64_MAX);
	w->config.plan_bytes[MEDIUM_mobile] = 50000000;
	assert_int_equal(budget_month_bytes(&w->config, MEDIUM_mobile), 40000000);
	assert_int_equal(budget_day_bytes(&w->config, MEDIUM_mobile), share);
	assert_int_equal(budget_day_bytes(&w->config, MEDIUM_fixed), 3000000);
	/* A plan that is larger than all days together changes no day. */
	w->config.plan_bytes[MEDIUM_mobile] = 1000000000;
	assert_int_equal(budget_day_bytes(&w->config, MEDIUM_mobile), 3000000);
	free(w);
}

static void
each_kind_of_link_has_a_count_of_its_own(void **state)
{
	struct world *w = make_world(PROFILE_2G, 1);
	int64_t now_us = 6 * SECOND_US;

	(void)state;
	w->s.budget.medium = MEDIUM_mobile;
	budget_spend(
		&w->s.budget, &w->config, now_us, schedule_expense(&w->s, 0, 2999000));
	assert_false(affords(w, 2000, now_us));
	w->s.budget.medium = MEDIUM_fixed;
	assert_true(affords(w, 2000, now_us));
	w->s.budget.medium = MEDIUM_mobile;
	assert_false(affords(w, 2000, now_us));
	assert_true(affords(w, 1000 / 100 * 100 - 40, now_us));
	free(w);
}

static void
in_no_31_days_of_any_calendar_is_more_spent_than_the_plan(void **state)
{
	enum { DAYS = 100 };
	struct world *w = make_world(PROFILE_HOME, 1);
	int64_t day[DAYS] = {0}, most = 0, all = 0;

	(void)state;
	w->s.budget.medium = MEDIUM_mobile;
	w->config.plan_bytes[MEDIUM_mobile] = 62000000;
	/* Whoever would spend as much as he can, a little at a time. */
	for (int64_t at_us = 6 * SECOND_US; at_us < DAYS * DAY_US;
		at_us += 600 * SECOND_US)
		while (affords(w, 10000, at_us)) {
			budget_spend(&w->s.budget, &w->config, at_us,
				schedule_expense(&w->s, 0, 10000));
			day[at_us / DAY_US] += 10000;
			all += 10000;
		}
	for (int from = 0; from + 31 <= DAYS; from++) {
		int64_t sum = 0;

		for (int i = from; i < from + 31; i++)
			sum += day[i];
		most = sum > most ? sum : most;
	}
	assert_true(most <= 62000000 / 5 * 4 + 62000000 / 5 * 4 / 31);
	assert_true(all > 90 * (62000000 / 5 * 4 / 31 - 10000));
	free(w);
}

static void
a_month_that_is_spent_stays_so_when_a_day_begins(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 1);
	int64_t now_us = 6 * SECOND_US;

	(void)state;
	w->s.budget.medium = MEDIUM_fixed;
	w->config.plan_bytes[MEDIUM_fixed] = 100000000;
	w->s.budget.month.spent_bytes[MEDIUM_fixed] = 79999999;
	assert_false(affords(w, 1000, now_us));
	assert_false(affords(w, 1000, now_us + DAY_US));
	assert_false(affords(w, 1000, now_us + 30 * DAY_US));
	assert_true(affords(w, 1000, now_us + 31 * DAY_US));
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_plan_four_fifths_are_spent_in_even_shares_a_day),
		cmocka_unit_test(each_kind_of_link_has_a_count_of_its_own),
		cmocka_unit_test(
			in_no_31_days_of_any_calendar_is_more_spent_than_the_plan),
		cmocka_unit_test(a_month_that_is_spent_stays_so_when_a_day_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
