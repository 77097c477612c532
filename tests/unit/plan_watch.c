#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

#define MINUTE_US (60 * SECOND_US)
/* A promise holds whatever is drawn. */
#define SEEDS 100

static struct ladder
ladder_with(enum rung rung, enum rung_state state)
{
	struct ladder ladder = {.breaks_at = RUNG_COUNT};

	for (enum rung r = 0; r < RUNG_COUNT; r++)
		ladder.rung[r].state = RUNG_UP;
	ladder.rung[rung].state = state;
	return ladder;
}

static void
learn_round(struct world *w, enum rung rung, enum rung_state state, int64_t now_us)
{
	struct ladder ladder = ladder_with(rung, state);

	schedule_learn(&w->s, &w->config, NULL, 0, &ladder, now_us);
}

static void
learn_pulse(struct world *w, enum outcome outcome, int64_t now_us)
{
	struct measurement m = {0};

	SET(&m, check, CHECK_dns);
	SET(&m, outcome, outcome);
	schedule_learn(&w->s, &w->config, &m, 1, NULL, now_us);
}

/* Rounds and those with pages that are planned from now on for so long. */
struct planned {
	int64_t rounds, wide, full;
	int64_t first_us, first_wide_us;
	int64_t least_us, most_us; /* from one round to the next */
	int64_t most_wide_us;
};

static void
add_round(struct planned *p, int64_t now_us, int64_t before_us)
{
	int64_t gap_us = now_us - before_us;

	if (p->rounds++ == 0) {
		p->first_us = now_us;
		return;
	}
	p->least_us = p->rounds == 2 || gap_us < p->least_us ? gap_us : p->least_us;
	p->most_us = gap_us > p->most_us ? gap_us : p->most_us;
}

static struct planned
rounds_in(struct world *w, int64_t from_us, int64_t us)
{
	struct planned planned = {0};
	int64_t before_us = 0, wide_us = 0;
	enum due due;

	for (;;) {
		int64_t now_us = schedule_next(&w->s, &due);
		size_t n, left_out;
		bool wide = false;

		if (now_us < from_us)
			now_us = from_us;
		if (now_us >= from_us + us)
			return planned;
		n = plan(w, now_us, &left_out);
		for (size_t i = 0; i < n; i++) {
			wide |= w->jobs[i].check == CHECK_http;
			planned.full += w->jobs[i].check == CHECK_speed &&
					w->jobs[i].bytes == 2000000;
		}
		if (due == DUE_ROUND) {
			add_round(&planned, now_us, before_us);
			before_us = now_us;
		}
		if (!wide)
			continue;
		if (planned.wide++ == 0)
			planned.first_wide_us = now_us;
		else if (now_us - wide_us > planned.most_wide_us)
			planned.most_wide_us = now_us - wide_us;
		wide_us = now_us;
	}
}

/* By the clock, give or take a tenth. */
static void
assert_every(const struct planned *p, int64_t interval_us)
{
	if (p->rounds < 2)
		return;
	assert_in_range(p->least_us, interval_us * 9 / 10, interval_us * 11 / 10);
	assert_in_range(p->most_us, interval_us * 9 / 10, interval_us * 11 / 10);
}

static void
rounds_are_faster_for_half_an_hour_after_a_change(void **state)
{
	static const struct {
		int64_t profile, ladder_us, wide_us, faster;
	} cases[] = {{PROFILE_2G, 15 * MINUTE_US, 60 * MINUTE_US, 3},
		{PROFILE_HOME, 5 * MINUTE_US, 5 * MINUTE_US, 2}};

	(void)state;
	for (uint64_t run = 0; run < 2 * SEEDS; run++) {
		size_t i = run % 2;
		struct world *w = make_world(cases[i].profile, run / 2);
		int64_t often_us = cases[i].ladder_us / cases[i].faster;
		struct planned p;

		rounds_in(w, 5 * SECOND_US, 60 * MINUTE_US);
		learn_round(w, RUNG_core, RUNG_UP, 60 * MINUTE_US);
		p = rounds_in(w, 60 * MINUTE_US, 30 * MINUTE_US);
		assert_every(&p, cases[i].ladder_us);
		learn_round(w, RUNG_international, RUNG_DOWN, 90 * MINUTE_US);
		p = rounds_in(w, 90 * MINUTE_US, 30 * MINUTE_US);
		assert_true(p.first_us <= 90 * MINUTE_US + 2 * often_us);
		assert_true(p.rounds >= 4);
		assert_every(&p, often_us);
		/* All of it at once, and then as much more often as the rounds. */
		assert_int_equal(p.first_wide_us, p.first_us);
		assert_true(p.most_wide_us <=
			    cases[i].wide_us / cases[i].faster * 11 / 10 + often_us);
		/* And then as before. */
		rounds_in(w, 120 * MINUTE_US, 10 * MINUTE_US);
		p = rounds_in(w, 130 * MINUTE_US, 60 * MINUTE_US);
		assert_true(p.rounds >= 3);
		assert_every(&p, cases[i].ladder_us);
		free(w);
	}
}

static int64_t
speeds_of_the_next_round(struct world *w, int64_t now_us)
{
	int64_t speeds = 0;
	enum due due = DUE_PULSE;
	size_t n = 0, left_out;

	while (due != DUE_ROUND) {
		int64_t next_us = schedule_next(&w->s, &due);

		n = plan(w, next_us > now_us ? next_us : now_us, &left_out);
	}
	for (size_t i = 0; i < n; i++)
		speeds += w->jobs[i].check == CHECK_speed;
	return speeds;
}

static void
a_transfer_that_a_change_called_for_in_the_dark_is_made_when_the_line_is_back(
	void **state)
{
	(void)state;
	for (uint64_t run = 0; run < 3 * SEEDS; run++) {
		/* The second line's darkness is another matter. */
		bool second = run % 3 == 2, in_the_dark = run % 3 == 1;
		struct world *w = make_world(PROFILE_2G, run / 3);
		struct ladder dark = ladder_with(RUNG_international, RUNG_DOWN);
		struct measurement m = {0};

		speeds_of_the_next_round(w, 5 * SECOND_US);
		learn_round(w, RUNG_core, RUNG_UP, 60 * MINUTE_US);
		learn_round(w, RUNG_international, RUNG_DOWN, 61 * MINUTE_US);
		assert_int_equal(speeds_of_the_next_round(w, 62 * MINUTE_US), 2);
		SET(&m, check, CHECK_speed);
		SET(&m, outcome,
			in_the_dark || second ? OUTCOME_unmeasured : OUTCOME_ok);
		if (in_the_dark || second)
			SET(&m, reason, REASON_lower_rung);
		if (second)
			SET(&m, uplink, 1);
		schedule_learn(&w->s, &w->config, &m, 1, &dark, 63 * MINUTE_US);
		learn_round(w, RUNG_core, RUNG_UP, 64 * MINUTE_US);
		assert_int_equal(speeds_of_the_next_round(w, 65 * MINUTE_US),
			in_the_dark ? 2 : 0);
		free(w);
	}
}

static void
the_first_round_is_no_change_and_a_rung_that_is_half_well_is_seen_twice(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world *w = make_world(PROFILE_HOME, seed);

		learn_round(w, RUNG_access, RUNG_DOWN, MINUTE_US);
		assert_int_equal(w->s.watch.until_us, 0);
		learn_round(w, RUNG_access, RUNG_DOWN, 2 * MINUTE_US);
		assert_int_equal(w->s.watch.until_us, 0);
		learn_round(w, RUNG_access, RUNG_UP, 3 * MINUTE_US);
		assert_int_equal(w->s.watch.until_us, 33 * MINUTE_US);
		learn_round(w, RUNG_access, RUNG_PARTIAL, 4 * MINUTE_US);
		learn_round(w, RUNG_access, RUNG_UP, 5 * MINUTE_US);
		learn_round(w, RUNG_access, RUNG_PARTIAL, 6 * MINUTE_US);
		assert_int_equal(w->s.watch.until_us, 33 * MINUTE_US);
		learn_round(w, RUNG_access, RUNG_PARTIAL, 7 * MINUTE_US);
		assert_int_equal(w->s.watch.until_us, 37 * MINUTE_US);
		/* What was not measured says nothing. */
		learn_round(w, RUNG_access, RUNG_UNMEASURED, 8 * MINUTE_US);
		assert_int_equal(w->s.watch.until_us, 37 * MINUTE_US);
		free(w);
	}
}

static void
a_pulse_that_fails_calls_for_a_round_within_seconds_and_four_times_an_hour(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world *w = make_world(PROFILE_2G, seed);
		int64_t now_us = MINUTE_US;
		int called = 0;

		learn_round(w, RUNG_core, RUNG_UP, 0);
		for (int i = 0; i < 20; i++, now_us += MINUTE_US) {
			w->s.next_round_us = INT64_MAX;
			learn_pulse(w, OUTCOME_generic_timeout_error, now_us);
			called += w->s.next_round_us < now_us + 15 * SECOND_US;
			w->s.next_round_us = INT64_MAX;
			/* The next one fails as well: that is no news. */
			learn_pulse(w, OUTCOME_generic_timeout_error, now_us);
			/* It is back, and no round in between found anything wrong. */
			learn_pulse(w, OUTCOME_ok, now_us);
			assert_int_equal(w->s.next_round_us, INT64_MAX);
		}
		assert_int_equal(called, 4);
		free(w);
	}
}

static void
a_pulse_that_is_back_after_a_cut_calls_for_a_round(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world *w = make_world(PROFILE_2G, seed);

		learn_round(w, RUNG_core, RUNG_UP, 0);
		learn_pulse(w, OUTCOME_generic_timeout_error, MINUTE_US);
		learn_round(w, RUNG_international, RUNG_DOWN, 2 * MINUTE_US);
		w->s.next_round_us = INT64_MAX;
		learn_pulse(w, OUTCOME_ok, 3 * MINUTE_US);
		assert_true(w->s.next_round_us < 3 * MINUTE_US + 15 * SECOND_US);
		/* What could not be measured is no answer either way. */
		w->s.next_round_us = INT64_MAX;
		learn_pulse(w, OUTCOME_unmeasured, 4 * MINUTE_US);
		assert_int_equal(w->s.next_round_us, INT64_MAX);
		free(w);
	}
}

static void
a_full_transfer_is_made_once_a_day_after_a_change_and_leaves_a_fifth(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world *w = make_world(PROFILE_HOME, seed);
		int64_t now_us = 60 * MINUTE_US;

		assert_int_equal(rounds_in(w, 5 * SECOND_US, now_us).full, 0);
		learn_round(w, RUNG_core, RUNG_UP, now_us);
		learn_round(w, RUNG_international, RUNG_DOWN, now_us);
		assert_int_equal(rounds_in(w, now_us, 30 * MINUTE_US).full, 2);
		learn_round(w, RUNG_international, RUNG_UP, now_us + 31 * MINUTE_US);
		assert_int_equal(
			rounds_in(w, now_us + 31 * MINUTE_US, 23 * 60 * MINUTE_US).full,
			0);
		learn_round(w, RUNG_international, RUNG_DOWN, now_us + DAY_US);
		assert_int_equal(rounds_in(w, now_us + DAY_US, 30 * MINUTE_US).full, 2);
		/* A day later there is no room: the usual size is measured. */
		now_us += 2 * DAY_US;
		w->s.budget.day.start_us = now_us;
		w->s.budget.day.spent_bytes[0] = 40000000 / 5 * 4 - 4000000;
		learn_round(w, RUNG_international, RUNG_UP, now_us);
		assert_int_equal(rounds_in(w, now_us, 30 * MINUTE_US).full, 0);
		free(w);
	}
}

static void
on_battery_the_pulse_slows(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world *w = make_world(PROFILE_HOME, seed);
		struct ladder ladder = ladder_with(RUNG_core, RUNG_UP);
		struct measurement m = {0};
		size_t left_out;

		SET(&m, check, CHECK_power);
		SET(&m, outcome, OUTCOME_ok);
		SET(&m, supply, SUPPLY_battery);
		schedule_learn(&w->s, &w->config, &m, 1, &ladder, 0);
		plan(w, 5 * SECOND_US, &left_out);
		assert_in_range(w->s.next_pulse_us, 59 * SECOND_US, 71 * SECOND_US);
		SET(&m, supply, SUPPLY_mains);
		schedule_learn(&w->s, &w->config, &m, 1, &ladder, 0);
		plan(w, w->s.next_pulse_us, &left_out);
		plan(w, 100 * SECOND_US, &left_out);
		assert_in_range(w->s.next_pulse_us, 127 * SECOND_US, 133 * SECOND_US);
		free(w);
	}
}

static void
only_a_mobile_line_is_warmed_up_by_the_question_of_the_pulse(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct world *w = make_world(PROFILE_2G, seed);
		struct job job;

		for (int64_t medium = 0; medium < MEDIUM_COUNT; medium++) {
			w->enrolment.medium = medium;
			assert_int_equal(schedule_warm(&job, &w->s, &w->config,
						 &w->enrolment, &w->targets),
				medium == MEDIUM_mobile);
		}
		w->enrolment.medium = MEDIUM_mobile;
		assert_true(schedule_warm(
			&job, &w->s, &w->config, &w->enrolment, &w->targets));
		assert_int_equal(job.check, CHECK_dns);
		assert_string_equal(job.target.id, w->targets.rows[RESOLVER_ABROAD].id);
		assert_true(job.warm);
		/* The line that is measured first, and no other. */
		assert_false(job.bound);
		w->s.uplinks = (struct uplinks){.n = 2, .names = {"wwan0", "eth0"}};
		assert_true(schedule_warm(
			&job, &w->s, &w->config, &w->enrolment, &w->targets));
		assert_true(job.bound);
		assert_string_equal(job.uplink, "wwan0");
		w->targets.n = 0;
		assert_false(schedule_warm(
			&job, &w->s, &w->config, &w->enrolment, &w->targets));
		free(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_are_faster_for_half_an_hour_after_a_change),
		cmocka_unit_test(
			a_transfer_that_a_change_called_for_in_the_dark_is_made_when_the_line_is_back),
		cmocka_unit_test(
			the_first_round_is_no_change_and_a_rung_that_is_half_well_is_seen_twice),
		cmocka_unit_test(
			a_pulse_that_fails_calls_for_a_round_within_seconds_and_four_times_an_hour),
		cmocka_unit_test(a_pulse_that_is_back_after_a_cut_calls_for_a_round),
		cmocka_unit_test(
			a_full_transfer_is_made_once_a_day_after_a_change_and_leaves_a_fifth),
		cmocka_unit_test(on_battery_the_pulse_slows),
		cmocka_unit_test(
			only_a_mobile_line_is_warmed_up_by_the_question_of_the_pulse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
