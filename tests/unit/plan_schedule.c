#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"
#include "probe/steps.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

static const struct {
	uint32_t bytes, packets;
} row[CHECK_COUNT] = {
#undef CHECK
#define CHECK(name, level, bytes, packets, deadline_s, sentence)                       \
	[CHECK_##name] = {bytes, packets},
#include "probe/checks.def"
};

static const char list[] =
	TARGETS_HEADER "\n"
		       "domestic,a.example,192.0.2.1,80,-,everyone,no\n"
		       "domestic,b.example,192.0.2.2,80,-,everyone,no\n"
		       "domestic,c.example,192.0.2.3,80,-,everyone,no\n"
		       "international,d.example,198.51.100.1,80,-,everyone,no\n"
		       "international,e.example,198.51.100.2,53,-,everyone,no\n"
		       "control,f.example,198.51.100.3,80,-,everyone,no\n"
		       "names,e.example,resolver,53,-,everyone,no\n";
enum { FIRST_ABROAD = 3, RESOLVER_ABROAD = 4, CONTROL = 5 };

struct world {
	struct config config;
	struct targets targets;
	struct enrolment enrolment;
	struct schedule s;
	struct job jobs[JOBS_MAX];
};

static struct world *
make_world(int64_t profile, uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct setting *rows;
	size_t n;

	rows = config_rows(&n);
	conf_presets(&w->config, rows, n);
	w->config.profile = profile;
	strcpy(w->enrolment.endpoint, "https://192.0.2.9:443");
	assert_int_equal(targets_read(&w->targets, (struct span){list, strlen(list)},
				 NULL, NULL),
		OK);
	schedule_start(&w->s, 5 * SECOND_US, seed);
	return w;
}

static size_t
plan(struct world *w, int64_t now_us, size_t *left_out)
{
	return schedule_jobs(w->jobs, JOBS_MAX, &w->s, now_us, &w->config,
		&w->enrolment, &w->targets, left_out);
}

static int64_t
packets_of(const struct job *job)
{
	return job->check == CHECK_ping ? job->count : row[job->check].packets;
}

static int64_t
bytes_of(const struct job *job)
{
	if (job->check == CHECK_speed)
		return job->bytes * 5 / 4 + 4000;
	return (int64_t)row[job->check].bytes *
	       (job->check == CHECK_ping ? job->count : 1);
}

/* Lives through the time as the loop does; calls see for every planned job. */
typedef void see_fn(void *arg, const struct job *job, int64_t at_us, int64_t pace_us);
static void
live(struct world *w, int64_t until_us, see_fn *see, void *arg)
{
	int64_t free_us = 0;
	enum due due;

	for (;;) {
		int64_t now_us = schedule_next(&w->s, &due);
		size_t n, left_out;

		if (now_us < free_us)
			now_us = free_us;
		if (now_us >= until_us)
			return;
		n = plan(w, now_us, &left_out);
		for (size_t i = 0; i < n; i++) {
			int64_t pace_us =
				schedule_pace_us(&w->s, &w->config, &w->jobs[i]);

			see(arg, &w->jobs[i], now_us, pace_us);
			now_us += pace_us;
			schedule_spend(&w->s, &w->config, now_us,
				(uint32_t)bytes_of(&w->jobs[i]));
		}
		free_us = now_us;
	}
}

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
	if (s->w->s.day_spent_bytes > s->most)
		s->most = s->w->s.day_spent_bytes;
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
	w->s.day_spent_bytes = 80000;
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
a_round_climbs_the_ladder_from_below(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 11);
	size_t left_out, n = plan(w, 5 * SECOND_US, &left_out);

	(void)state;
	assert_int_equal(w->jobs[0].check, CHECK_power);
	assert_int_equal(w->jobs[1].check, CHECK_link);
	assert_int_equal(w->jobs[2].check, CHECK_router);
	assert_int_equal(w->jobs[3].ttl, 2);
	assert_int_equal(w->jobs[4].ttl, 3);
	assert_string_equal(w->jobs[3].target.id, w->targets.rows[FIRST_ABROAD].id);
	assert_int_equal(w->jobs[3].rung, RUNG_access);
	for (size_t i = 1; i < n; i++)
		assert_true(w->jobs[i].rung >= w->jobs[i - 1].rung);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(w->jobs[n - 2 + i].check, CHECK_speed);
		assert_int_equal(w->jobs[n - 2 + i].bytes, 256 * 1024);
		assert_int_equal(w->jobs[n - 2 + i].direction,
			i ? DIRECTION_up : DIRECTION_down);
	}
	/* power, link, router, access twice, 5 x 3, two dns, speed both ways */
	assert_int_equal(n, 3 + 2 + 15 + 2 + 2);
	free(w);
}

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

static void
a_budget_with_room_for_one_transfer_leaves_out_the_other(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 23);
	size_t n, left_out, transfers = 0;

	(void)state;
	/* The rest of a day whose budget carries one transfer and a half. */
	w->s.day_start_us = 5 * SECOND_US - DAY_US + 2 * SECOND_US;
	w->config.profiles[PROFILE_HOME].day_bytes = 10000000;
	w->s.day_spent_bytes = 8500000 - 500000;
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++)
		transfers += w->jobs[i].check == CHECK_speed;
	assert_int_equal(transfers, 1);
	assert_int_equal(left_out, 1);
	assert_int_equal(w->jobs[n].check, CHECK_speed);
	assert_int_equal(w->jobs[n].direction, DIRECTION_up);
	free(w);
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
	w->s.day_spent_bytes = 80000;
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < left_out; i++)
		traced |= w->jobs[n + i].check == CHECK_trace;
	assert_true(traced);
	free(w);
}

static void
what_is_riskier_than_the_volunteer_agreed_to_is_not_planned(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 11);
	size_t left_out, n, low = 0, normal = 0;

	(void)state;
	w->targets.rows[0].level = LEVEL_NORMAL;
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++)
		low += !strcmp(w->jobs[i].target.id, w->targets.rows[0].id);
	w->config.level = LEVEL_NORMAL;
	schedule_start(&w->s, 5 * SECOND_US, 11);
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++)
		normal += !strcmp(w->jobs[i].target.id, w->targets.rows[0].id);
	assert_int_equal(low, 0);
	assert_int_equal(normal, 3);
	free(w);
}

static void
jobs_of_targets_know_the_first_control_name(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 11);
	size_t left_out, n = plan(w, 5 * SECOND_US, &left_out);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_string_equal(
			w->jobs[i].control, w->jobs[i].target.id[0] ? "f.example" : "");
	free(w);
}

static void
targets_of_one_rung_come_in_another_order_each_round(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 5);
	bool differs = false;
	char first[33] = "";

	(void)state;
	for (int i = 0; i < 20; i++) {
		size_t left_out;

		schedule_start(&w->s, 5 * SECOND_US, (uint64_t)i);
		plan(w, 5 * SECOND_US, &left_out);
		if (i == 0)
			strcpy(first, w->jobs[5].target.id);
		differs |= strcmp(first, w->jobs[5].target.id) != 0;
	}
	assert_true(differs);
	free(w);
}

static void
on_2g_two_targets_take_part_in_each_wide_check_and_only_hourly(void **state)
{
	struct world *w = make_world(PROFILE_2G, 5);
	size_t left_out, http = 0, pings = 0, n = plan(w, 5 * SECOND_US, &left_out);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		http += w->jobs[i].check == CHECK_http;
		pings += w->jobs[i].check == CHECK_ping;
		if (w->jobs[i].check == CHECK_ping)
			assert_int_equal(w->jobs[i].count, 1);
	}
	assert_int_equal(http, 2);
	assert_int_equal(pings, 2 + 5);
	w->s.next_pulse_us = INT64_MAX;
	n = plan(w, w->s.next_round_us, &left_out);
	for (size_t i = 0; i < n; i++)
		assert_true(w->jobs[i].check != CHECK_http);
	free(w);
}

static void
a_pulse_is_one_question_to_the_first_target_abroad(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 5);
	size_t left_out;
	enum due due;

	(void)state;
	plan(w, 5 * SECOND_US, &left_out);
	schedule_next(&w->s, &due);
	assert_int_equal(due, DUE_PULSE);
	assert_int_equal(plan(w, w->s.next_pulse_us, &left_out), 1);
	assert_int_equal(w->jobs[0].check, CHECK_dns);
	assert_int_equal(w->jobs[0].rung, RUNG_international);
	assert_string_equal(w->jobs[0].target.id, w->targets.rows[RESOLVER_ABROAD].id);
	assert_int_equal(w->jobs[0].round, 1);
	free(w);
}

static void
intervals_are_jittered_by_a_tenth_either_way(void **state)
{
	struct schedule s;
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	schedule_start(&s, 0, 9);
	for (int i = 0; i < 10000; i++) {
		int64_t us = schedule_jitter_us(&s, 300 * SECOND_US);

		least = us < least ? us : least;
		most = us > most ? us : most;
	}
	assert_in_range(least, 270 * SECOND_US, 271 * SECOND_US);
	assert_in_range(most, 329 * SECOND_US, 330 * SECOND_US);
}

static void
a_day_that_lies_in_the_future_or_the_far_past_is_over(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 5);

	(void)state;
	w->s.day_spent_bytes = 40000000;
	assert_false(schedule_afford(&w->s, &w->config, 6 * SECOND_US, 1, BUDGET_SHIP));
	w->s.day_start_us = INT64_MAX;
	assert_true(schedule_afford(&w->s, &w->config, 6 * SECOND_US, 1, BUDGET_SHIP));
	w->s.day_spent_bytes = 40000000;
	assert_true(schedule_afford(
		&w->s, &w->config, 6 * SECOND_US + DAY_US, 1, BUDGET_SHIP));
	free(w);
}

static void
the_same_seed_plans_the_same(void **state)
{
	struct world *a = make_world(PROFILE_HOME, 42),
		     *b = make_world(PROFILE_HOME, 42);
	size_t left_out;

	(void)state;
	for (int i = 0; i < 50; i++) {
		enum due due;
		int64_t now_us = schedule_next(&a->s, &due);
		size_t n = plan(a, now_us, &left_out);

		assert_int_equal(plan(b, now_us, &left_out), n);
		assert_memory_equal(a->jobs, b->jobs, n * sizeof(a->jobs[0]));
		assert_memory_equal(&a->s, &b->s, sizeof(a->s));
	}
	free(a);
	free(b);
}

static void
back_off_grows_with_failures_and_stays_under_its_longest(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 1);
	int64_t most[3] = {0};

	(void)state;
	for (int i = 0; i < 2000; i++) {
		int64_t at[3] = {1, 3, 1000};

		for (int k = 0; k < 3; k++) {
			int64_t us = schedule_back_off_us(&w->s, &w->config, at[k]);

			assert_true(us > 0);
			most[k] = us > most[k] ? us : most[k];
		}
	}
	assert_in_range(most[0], 29 * SECOND_US, 30 * SECOND_US);
	assert_in_range(most[1], 115 * SECOND_US, 120 * SECOND_US);
	assert_in_range(most[2], 3500 * SECOND_US, 3600 * SECOND_US);
	free(w);
}

static void
of_the_longest_list_every_check_is_planned_or_said_to_be_left_out(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 7);
	struct buf text = {0};
	size_t n, left_out, planned[CHECK_COUNT] = {0};

	(void)state;
	buf_puts(&text, TARGETS_HEADER "\n");
	for (int i = 0; i < TARGETS_MAX; i++)
		buf_printf(&text, "control,h%d.example,192.0.%d.%d,443,-,phones,no\n",
			i, i / 200, i % 200 + 1);
	assert_int_equal(targets_read(&w->targets, buf_span(&text), NULL, NULL), OK);
	w->config.level = LEVEL_HIGH;
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n + left_out; i++)
		planned[w->jobs[i].check]++;
	assert_int_equal(planned[CHECK_tcp], TARGETS_MAX);
	assert_int_equal(planned[CHECK_tls], TARGETS_MAX);
	assert_int_equal(planned[CHECK_quic], TARGETS_MAX);
	assert_int_equal(planned[CHECK_speed], 2);
	buf_free(&text);
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
		cmocka_unit_test(a_round_climbs_the_ladder_from_below),
		cmocka_unit_test(
			what_is_riskier_than_the_volunteer_agreed_to_is_not_planned),
		cmocka_unit_test(jobs_of_targets_know_the_first_control_name),
		cmocka_unit_test(
			both_ways_are_measured_daily_and_tiny_on_2g_hourly_and_small_at_home),
		cmocka_unit_test(
			a_budget_with_room_for_one_transfer_leaves_out_the_other),
		cmocka_unit_test(
			one_target_at_a_time_is_traced_and_the_protocols_take_turns),
		cmocka_unit_test(
			a_trace_is_the_last_of_its_part_and_goes_without_on_a_tight_budget),
		cmocka_unit_test(targets_of_one_rung_come_in_another_order_each_round),
		cmocka_unit_test(
			on_2g_two_targets_take_part_in_each_wide_check_and_only_hourly),
		cmocka_unit_test(a_pulse_is_one_question_to_the_first_target_abroad),
		cmocka_unit_test(intervals_are_jittered_by_a_tenth_either_way),
		cmocka_unit_test(a_day_that_lies_in_the_future_or_the_far_past_is_over),
		cmocka_unit_test(the_same_seed_plans_the_same),
		cmocka_unit_test(
			of_the_longest_list_every_check_is_planned_or_said_to_be_left_out),
		cmocka_unit_test(
			back_off_grows_with_failures_and_stays_under_its_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
