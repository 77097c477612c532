#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

struct rate {
	int64_t seen, at_us, free_us;
};

static void
see_rate(void *arg, const struct job *job, int64_t at_us, int64_t pace_us)
{
	struct rate *rate = arg;

	assert_true(at_us >= rate->free_us);
	assert_true(packets_of(job) * SECOND_US <= 2 * pace_us);
	rate->free_us = at_us + pace_us;
	rate->seen += packets_of(job);
}

static void
never_more_than_two_packets_a_second_in_three_weeks(void **state)
{
	(void)state;
	for (int64_t profile = PROFILE_2G; profile <= PROFILE_HOME; profile++) {
		struct world *w = make_world(profile, 7);
		struct rate rate = {0};

		live(w, 21 * DAY_US, see_rate, &rate);
		assert_true(rate.seen > 21 * 1000);
		free(w);
	}
}

struct spending {
	struct world *w;
	int64_t most, rounds, wide;
};

static void
see_spending(void *arg, const struct job *job, int64_t at_us, int64_t pace_us)
{
	struct spending *s = arg;

	(void)at_us;
	(void)pace_us;
	if (s->w->s.budget.day.spent_bytes[0] > s->most)
		s->most = s->w->s.budget.day.spent_bytes[0];
	s->rounds += job->check == CHECK_router;
	s->wide += job->check == CHECK_http;
}

static void
a_day_never_costs_more_than_its_bytes_and_the_ladder_outlives_the_rest(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 3);
	struct spending s = {.w = w};

	(void)state;
	/* Far too little for every round's wide checks, enough for the ladder. */
	w->config.profiles[PROFILE_HOME].day_bytes = 3000000;
	live(w, 14 * DAY_US, see_spending, &s);
	assert_true(s.most > 1000000);
	assert_true(s.most <= 3000000);
	/* A round every five minutes all the same. */
	assert_true(s.rounds > 14 * 250);
	assert_true(s.wide < s.rounds * 5);
	assert_true(s.wide > 14);
	free(w);
}

static void
what_the_budget_does_not_carry_is_handed_out_to_be_recorded(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 3);
	size_t n, left_out, all;

	(void)state;
	all = plan(w, 5 * SECOND_US, &left_out);
	assert_int_equal(left_out, 0);
	schedule_start(&w->s, 5 * SECOND_US, 3);
	w->config.profiles[PROFILE_HOME].day_bytes = 100000;
	w->s.budget.day.spent_bytes[0] = 80000;
	n = plan(w, 5 * SECOND_US, &left_out);
	assert_int_equal(n + left_out, all);
	assert_true(left_out > 0);
	for (size_t i = 0; i < left_out; i++) {
		assert_true(w->jobs[n + i].check != CHECK_power);
		assert_true(w->jobs[n + i].check != CHECK_router);
		assert_true(w->jobs[n + i].check != CHECK_ping);
	}
	free(w);
}

static void
a_budget_with_room_for_one_transfer_leaves_out_the_other(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 23);
	size_t n, left_out, transfers = 0;

	(void)state;
	/* The rest of a day whose budget carries one transfer and a half. */
	w->s.budget.day.start_us = 5 * SECOND_US - DAY_US + 2 * SECOND_US;
	w->config.profiles[PROFILE_HOME].day_bytes = 10000000;
	w->s.budget.day.spent_bytes[0] = 8500000 - 500000;
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++)
		transfers += w->jobs[i].check == CHECK_speed;
	assert_int_equal(transfers, 1);
	assert_int_equal(left_out, 1);
	assert_int_equal(w->jobs[n].check, CHECK_speed);
	assert_int_equal(w->jobs[n].direction, DIRECTION_up);
	free(w);
}

static bool
affords_a_byte(struct world *w, int64_t now_us)
{
	return budget_afford(&w->s.budget, &w->config, now_us,
		schedule_expense(&w->s, 0, 1), BUDGET_SHIP);
}

static void
a_day_that_lies_in_the_future_or_the_far_past_is_over(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 5);

	(void)state;
	w->s.budget.day.spent_bytes[0] = 40000000;
	assert_false(affords_a_byte(w, 6 * SECOND_US));
	w->s.budget.day.start_us = INT64_MAX;
	assert_true(affords_a_byte(w, 6 * SECOND_US));
	w->s.budget.day.spent_bytes[0] = 40000000;
	assert_true(affords_a_byte(w, 6 * SECOND_US + DAY_US));
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_more_than_two_packets_a_second_in_three_weeks),
		cmocka_unit_test(
			a_day_never_costs_more_than_its_bytes_and_the_ladder_outlives_the_rest),
		cmocka_unit_test(
			what_the_budget_does_not_carry_is_handed_out_to_be_recorded),
		cmocka_unit_test(
			a_budget_with_room_for_one_transfer_leaves_out_the_other),
		cmocka_unit_test(a_day_that_lies_in_the_future_or_the_far_past_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
