#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

/* Comparisons and large pages: by the clock at home alone, never because of a start. */

struct rare {
	int64_t compared, larges[RUNG_COUNT], first_us, orders;
	uint16_t order;
};

static void
see_rare(void *arg, const struct job *job, int64_t at_us, int64_t pace_us)
{
	struct rare *r = arg;

	(void)pace_us;
	if (job->check != CHECK_compare && job->check != CHECK_large)
		return;
	if (!r->first_us)
		r->first_us = at_us;
	if (job->check == CHECK_large) {
		assert_int_equal(job->bytes, 64 * 1024);
		assert_int_equal(job->rung, job->target.rung);
		r->larges[job->rung]++;
		return;
	}
	assert_int_equal(job->bytes, 100 * 1024);
	assert_int_equal(job->count, 8);
	assert_string_equal(job->control, "f.example");
	r->compared++;
	r->orders += job->order != r->order;
	r->order = job->order;
}

static struct world *
make_level_normal(int64_t profile)
{
	struct world *w = make_world(profile, 5);

	w->config.level = LEVEL_NORMAL;
	w->targets.rows[0].checks |= UINT32_C(1) << CHECK_large;
	w->targets.rows[FIRST_ABROAD].checks |=
		UINT32_C(1) << CHECK_large | UINT32_C(1) << CHECK_compare;
	return w;
}

static struct measurement
transfer_of(int64_t bits_s, enum outcome outcome)
{
	struct measurement m = {0};

	SET(&m, check, CHECK_speed);
	SET(&m, direction, DIRECTION_down);
	SET(&m, outcome, outcome);
	SET(&m, transfer_us, 2000000);
	SET(&m, body_bytes, bits_s / 4);
	return m;
}

static void
two_names_are_not_compared_on_a_line_that_is_as_slow_as_a_meter(void **state)
{
	const struct job compare = {.check = CHECK_compare},
			 large = {.check = CHECK_large},
			 over_another = {.check = CHECK_compare, .uplink_number = 1};
	const struct measurement slow = transfer_of(150000, OUTCOME_ok),
				 fast = transfer_of(600000, OUTCOME_ok),
				 cut = transfer_of(
					 150000, OUTCOME_generic_timeout_error);
	struct measurement up = slow;

	(void)state;
	SET(&up, direction, DIRECTION_up);
	assert_true(costly_tells_nothing(&compare, &slow, 1));
	assert_false(costly_tells_nothing(&compare, &fast, 1));
	/* What stopped halfway tells no rate, and what went up not that of the way down. */
	assert_false(costly_tells_nothing(&compare, &cut, 1));
	assert_false(costly_tells_nothing(&compare, &up, 1));
	assert_false(costly_tells_nothing(&over_another, &slow, 1));
	assert_false(costly_tells_nothing(&large, &slow, 1));
	assert_false(costly_tells_nothing(&compare, &slow, 0));
}

static void
a_large_page_is_shorter_on_a_slow_line_and_on_2g(void **state)
{
	const struct measurement slow = transfer_of(150000, OUTCOME_ok),
				 fast = transfer_of(600000, OUTCOME_ok);
	struct world *w = make_level_normal(PROFILE_2G);
	struct job job = {.check = CHECK_large, .bytes = 65536};
	size_t left_out, n;

	(void)state;
	costly_fit(&job, &fast, 1);
	assert_int_equal(job.bytes, 65536);
	job.uplink_number = 1;
	costly_fit(&job, &slow, 1);
	assert_int_equal(job.bytes, 65536);
	job.uplink_number = 0;
	costly_fit(&job, &slow, 1);
	assert_int_equal(job.bytes, 32768);
	/* More than what connections were capped at, with a handshake's bytes. */
	assert_true(job.bytes * 2 > 3 * 20000);
	job.check = CHECK_compare;
	job.bytes = 65536;
	costly_fit(&job, &slow, 1);
	assert_int_equal(job.bytes, 65536);
	w->s.asked = UINT32_C(1) << CHECK_large;
	n = plan(w, 5 * SECOND_US, &left_out);
	assert_int_equal(w->jobs[n - 1].check, CHECK_large);
	assert_int_equal(w->jobs[n - 1].bytes, 32768);
	assert_in_range(cost_job_bytes(&w->jobs[n - 1]), 40000, 60000);
	free(w);
}

static struct measurement
echoes_of(enum rung rung, int64_t sent, int64_t received)
{
	struct measurement m = {0};

	SET(&m, check, CHECK_ping);
	SET(&m, rung, rung);
	SET(&m, sent, sent);
	SET(&m, received, received);
	return m;
}

static void
nothing_is_compared_on_a_line_that_loses_a_third_of_what_it_carries(void **state)
{
	const struct job compare = {.check = CHECK_compare},
			 large = {.check = CHECK_large}, speed = {.check = CHECK_speed},
			 over_another = {.check = CHECK_large, .uplink_number = 1};
	const struct measurement
		lossy[] = {echoes_of(RUNG_domestic, 6, 4),
			echoes_of(RUNG_international, 6, 4)},
		few[] = {echoes_of(RUNG_international, 6, 4)},
		/* Half of the hosts are cut off; no echo of others lost. */
		listed[] = {echoes_of(RUNG_international, 6, 6),
			echoes_of(RUNG_international, 6, 0),
			echoes_of(RUNG_domestic, 6, 6)},
		crowded[] = {echoes_of(RUNG_domestic, 12, 11),
			echoes_of(RUNG_international, 12, 10)};

	(void)state;
	assert_true(costly_tells_nothing(&compare, lossy, 2));
	assert_true(costly_tells_nothing(&large, lossy, 2));
	assert_false(costly_tells_nothing(&speed, lossy, 2));
	assert_false(costly_tells_nothing(&over_another, lossy, 2));
	assert_false(costly_tells_nothing(&large, few, 1));
	assert_false(costly_tells_nothing(&large, listed, 3));
	assert_false(costly_tells_nothing(&large, crowded, 2));
}

static void
twice_a_day_two_names_and_four_times_two_pages_at_home_and_never_at_the_start(
	void **state)
{
	struct world *w = make_level_normal(PROFILE_HOME);
	struct rare r = {0};

	(void)state;
	live(w, 20 * DAY_US, see_rare, &r);
	assert_in_range(r.compared, 38, 41);
	/* Who goes first is drawn each time. */
	assert_int_equal(r.orders, r.compared);
	assert_in_range(r.larges[RUNG_domestic], 76, 81);
	assert_int_equal(r.larges[RUNG_international], r.larges[RUNG_domestic]);
	assert_true(r.first_us > 10 * SECOND_US);
	free(w);
}

static void
on_2g_none_by_the_clock_and_a_phone_compares_no_names(void **state)
{
	struct world *w = make_level_normal(PROFILE_2G);
	struct rare r = {0};

	(void)state;
	live(w, 20 * DAY_US, see_rare, &r);
	assert_int_equal(r.first_us, 0);
	free(w);
	w = make_level_normal(PROFILE_HOME);
	w->config.level = LEVEL_LOW;
	live(w, 20 * DAY_US, see_rare, &r);
	assert_int_equal(r.compared, 0);
	assert_true(r.larges[RUNG_international] > 0);
	free(w);
}

static void
a_person_who_asks_gets_them_at_once_and_last(void **state)
{
	struct world *w = make_level_normal(PROFILE_2G);
	size_t left_out, n;

	(void)state;
	w->s.asked = UINT32_C(1) << CHECK_compare | UINT32_C(1) << CHECK_large;
	n = plan(w, 5 * SECOND_US, &left_out);
	assert_int_equal(w->jobs[n - 3].check, CHECK_compare);
	assert_int_equal(w->jobs[n - 2].rung, RUNG_domestic);
	assert_int_equal(w->jobs[n - 1].rung, RUNG_international);
	assert_int_equal(w->s.asked, 0);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			two_names_are_not_compared_on_a_line_that_is_as_slow_as_a_meter),
		cmocka_unit_test(
			nothing_is_compared_on_a_line_that_loses_a_third_of_what_it_carries),
		cmocka_unit_test(a_large_page_is_shorter_on_a_slow_line_and_on_2g),
		cmocka_unit_test(
			twice_a_day_two_names_and_four_times_two_pages_at_home_and_never_at_the_start),
		cmocka_unit_test(on_2g_none_by_the_clock_and_a_phone_compares_no_names),
		cmocka_unit_test(a_person_who_asks_gets_them_at_once_and_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
