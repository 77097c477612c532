#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/planned.h"

static void
a_round_climbs_the_ladder_from_below(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 11);
	size_t left_out, n = plan(w, 5 * SECOND_US, &left_out);

	(void)state;
	assert_int_equal(w->jobs[0].check, CHECK_power);
	assert_int_equal(w->jobs[1].check, CHECK_link);
	assert_int_equal(w->jobs[2].check, CHECK_modem);
	assert_int_equal(w->jobs[2].rung, RUNG_link);
	assert_int_equal(w->jobs[3].check, CHECK_router);
	assert_int_equal(w->jobs[4].ttl, 2);
	assert_int_equal(w->jobs[5].ttl, 3);
	assert_string_equal(w->jobs[4].target.id, w->targets.rows[FIRST_ABROAD].id);
	assert_int_equal(w->jobs[4].rung, RUNG_access);
	for (size_t i = 1; i < n; i++)
		assert_true(w->jobs[i].rung >= w->jobs[i - 1].rung);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(w->jobs[n - 2 + i].check, CHECK_speed);
		assert_int_equal(w->jobs[n - 2 + i].bytes, 256 * 1024);
		assert_int_equal(w->jobs[n - 2 + i].direction,
			i ? DIRECTION_up : DIRECTION_down);
	}
	/* power, link, modem, router, access twice, 5 x 3, two dns, speed both ways */
	assert_int_equal(n, 4 + 2 + 15 + 2 + 2);
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
			strcpy(first, w->jobs[6].target.id);
		differs |= strcmp(first, w->jobs[6].target.id) != 0;
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
on_2g_a_name_is_asked_for_in_every_wide_round(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct world *w = make_world(PROFILE_2G, seed);
		size_t left_out, names = 0, n;

		w->targets.rows[CONTROL] = w->targets.rows[RESOLVER_ABROAD];
		n = plan(w, 5 * SECOND_US, &left_out);
		for (size_t i = 0; i < n; i++)
			names += w->jobs[i].rung == RUNG_names;
		assert_int_equal(names, 1);
		free(w);
	}
}

static void
on_2g_what_may_not_run_takes_no_others_place(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct world *w = make_world(PROFILE_2G, seed);
		size_t left_out, http = 0, n;

		for (size_t i = 0; i < 3; i++)
			w->targets.rows[i].level = LEVEL_NORMAL;
		n = plan(w, 5 * SECOND_US, &left_out);
		for (size_t i = 0; i < n; i++)
			http += w->jobs[i].check == CHECK_http;
		assert_int_equal(http, 2);
		free(w);
	}
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
a_round_listens_for_second_answers_and_a_pulse_does_not(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 5);
	size_t left_out, n, asked = 0;

	(void)state;
	n = plan(w, 5 * SECOND_US, &left_out);
	for (size_t i = 0; i < n; i++) {
		bool asks = w->jobs[i].check == CHECK_dns;

		asked += asks;
		assert_int_equal(w->jobs[i].listen_us > 364000, asks);
	}
	assert_true(asked > 0);
	assert_int_equal(plan(w, w->s.next_pulse_us, &left_out), 1);
	assert_int_equal(w->jobs[0].check, CHECK_dns);
	assert_int_equal(w->jobs[0].listen_us, 0);
	free(w);
}

static void
of_a_set_of_messengers_two_are_tried_at_a_time_and_all_in_turn(void **state)
{
	struct world *w = make_world(PROFILE_HOME, 7);
	uint32_t seen = 0;
	size_t left_out, first = w->targets.n;

	(void)state;
	w->config.level = LEVEL_NORMAL;
	for (int i = 0; i < 8; i++) {
		char row[80];
		int n = snprintf(row, sizeof(row),
			"messenger,m%d.example,198.51.100.%d,443,-,everyone,no", i,
			10 + i);

		assert_null(targets_add(&w->targets, (struct span){row, (size_t)n}));
	}
	w->s.next_pulse_us = INT64_MAX;
	for (int round = 0; round < 40; round++) {
		size_t n = plan(w, w->s.next_round_us, &left_out), tls = 0;

		for (size_t i = 0; i < n; i++)
			for (size_t k = first; k < w->targets.n; k++)
				if (w->jobs[i].check == CHECK_tls &&
					!strcmp(w->jobs[i].target.id,
						w->targets.rows[k].id)) {
					seen |= UINT32_C(1) << (k - first);
					tls++;
				}
		assert_true(tls <= 2);
		w->s.next_pulse_us = INT64_MAX;
	}
	assert_int_equal(seen, 0xff);
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
		int64_t us = draw_jitter_us(&s.random, 300 * SECOND_US);

		least = us < least ? us : least;
		most = us > most ? us : most;
	}
	assert_in_range(least, 270 * SECOND_US, 271 * SECOND_US);
	assert_in_range(most, 329 * SECOND_US, 330 * SECOND_US);
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
			int64_t us = draw_back_off_us(&w->s.random, &w->config, at[k]);

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
		cmocka_unit_test(a_round_climbs_the_ladder_from_below),
		cmocka_unit_test(
			what_is_riskier_than_the_volunteer_agreed_to_is_not_planned),
		cmocka_unit_test(jobs_of_targets_know_the_first_control_name),
		cmocka_unit_test(targets_of_one_rung_come_in_another_order_each_round),
		cmocka_unit_test(
			on_2g_two_targets_take_part_in_each_wide_check_and_only_hourly),
		cmocka_unit_test(on_2g_a_name_is_asked_for_in_every_wide_round),
		cmocka_unit_test(on_2g_what_may_not_run_takes_no_others_place),
		cmocka_unit_test(a_pulse_is_one_question_to_the_first_target_abroad),
		cmocka_unit_test(
			of_a_set_of_messengers_two_are_tried_at_a_time_and_all_in_turn),
		cmocka_unit_test(
			a_round_listens_for_second_answers_and_a_pulse_does_not),
		cmocka_unit_test(intervals_are_jittered_by_a_tenth_either_way),
		cmocka_unit_test(the_same_seed_plans_the_same),
		cmocka_unit_test(
			of_the_longest_list_every_check_is_planned_or_said_to_be_left_out),
		cmocka_unit_test(
			back_off_grows_with_failures_and_stays_under_its_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
