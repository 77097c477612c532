#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

struct transfers {
	int64_t down, up, bytes;
};

static void
see_transfer(void *arg, const struct job *job, int64_t at_us, int64_t pace_us)
{
	struct transfers *t = arg;

	(void)at_us;
	(void)pace_us;
	if (job->check != CHECK_speed)
		return;
	t->bytes = job->bytes;
	if (job->direction == DIRECTION_down)
		t->down++;
	else
		t->up++;
	assert_true(t->up <= t->down);
}

static void
both_ways_are_measured_daily_and_tiny_on_2g_hourly_and_small_at_home(void **state)
{
	static const struct {
		int64_t profile, least, most, bytes; /* in ten days */
	} cases[] = {{PROFILE_2G, 9, 12, 32 * 1024},
		{PROFILE_HOME, 10 * 23, 10 * 26, 256 * 1024}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = make_world(cases[i].profile, 23);
		struct transfers t = {0};

		live(w, 10 * DAY_US, see_transfer, &t);
		assert_in_range(t.down, cases[i].least, cases[i].most);
		assert_int_equal(t.up, t.down);
		assert_int_equal(t.bytes, cases[i].bytes);
		free(w);
	}
}

struct traces {
	int64_t n, last_round, protocols[PROTOCOL_COUNT], abroad, control;
};

static void
see_trace(void *arg, const struct job *job, int64_t at_us, int64_t pace_us)
{
	struct traces *t = arg;

	(void)at_us;
	(void)pace_us;
	if (job->check != CHECK_trace)
		return;
	assert_true(job->round > t->last_round);
	assert_int_equal(job->rung, RUNG_access);
	/* Each time another one. */
	assert_int_equal(job->protocol, t->n % PROTOCOL_COUNT);
	t->last_round = job->round;
	t->n++;
	t->protocols[job->protocol]++;
	t->abroad += job->target.role == ROLE_international;
	t->control += job->target.role == ROLE_control;
}

static void
let_two_be_traced(struct world *w)
{
	w->targets.rows[FIRST_ABROAD].checks |= UINT32_C(1) << CHECK_trace;
	w->targets.rows[CONTROL].checks |= UINT32_C(1) << CHECK_trace;
}

static void
one_target_at_a_time_is_traced_and_the_protocols_take_turns(void **state)
{
	static const struct {
		int64_t profile, least, most; /* in four days */
	} cases[] = {{PROFILE_2G, 14, 18}, {PROFILE_HOME, 4 * 90, 4 * 102}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = make_world(cases[i].profile, 17);
		struct traces t = {0};

		let_two_be_traced(w);
		live(w, 4 * DAY_US, see_trace, &t);
		assert_int_equal(t.n, 0); /* a phone does not trace */
		w->config.level = LEVEL_NORMAL;
		schedule_start(&w->s, 5 * SECOND_US, 17);
		live(w, 4 * DAY_US, see_trace, &t);
		assert_in_range(t.n, cases[i].least, cases[i].most);
		for (int k = 0; k < PROTOCOL_COUNT; k++)
			assert_true(t.protocols[k] >= t.n / 3);
		assert_true(t.abroad > t.n / 5 && t.control > t.n / 5);
		assert_int_equal(t.abroad + t.control, t.n);
		free(w);
	}
}

static void
see_dnssec(void *arg, const struct job *job, int64_t at_us, int64_t pace_us)
{
	int64_t *followed = arg;

	(void)at_us;
	(void)pace_us;
	if (job->check != CHECK_dnssec)
		return;
	assert_int_equal(job->rung, RUNG_names);
	assert_string_equal(job->target.address, "resolver");
	++*followed;
}

static void
signatures_are_followed_about_once_an_hour_and_never_at_level_low(void **state)
{
	static const struct {
		int64_t profile, least, most; /* in four days */
	} cases[] = {{PROFILE_2G, 3, 5}, {PROFILE_HOME, 4 * 22, 4 * 26}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = make_world(cases[i].profile, 23);
		int64_t followed = 0;

		live(w, 4 * DAY_US, see_dnssec, &followed);
		assert_int_equal(followed, 0);
		w->config.level = LEVEL_NORMAL;
		schedule_start(&w->s, 5 * SECOND_US, 23);
		live(w, 4 * DAY_US, see_dnssec, &followed);
		assert_in_range(followed, cases[i].least, cases[i].most);
		free(w);
	}
}

static void
a_trace_is_the_last_of_its_part_and_goes_without_on_a_tight_budget(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 11);
	size_t left_out, n;
	bool traced = false;

	(void)state;
	let_two_be_traced(w);
	w->config.level = LEVEL_NORMAL;
	n = plan(w, 5 * SECOND_US, &left_out);
	assert_int_equal(w->jobs[n - 2].check, CHECK_speed);
	assert_int_equal(w->jobs[n - 3].check, CHECK_trace);
	schedule_start(&w->s, 5 * SECOND_US, 11);
	w->config.profiles[PROFILE_HOME].day_bytes = 100000;
	w->s.budget.day.spent_bytes[0] = 80000;
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < left_out; i++)
		traced |= w->jobs[n + i].check == CHECK_trace;
	assert_true(traced);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			both_ways_are_measured_daily_and_tiny_on_2g_hourly_and_small_at_home),
		cmocka_unit_test(
			one_target_at_a_time_is_traced_and_the_protocols_take_turns),
		cmocka_unit_test(
			signatures_are_followed_about_once_an_hour_and_never_at_level_low),
		cmocka_unit_test(
			a_trace_is_the_last_of_its_part_and_goes_without_on_a_tight_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
