#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/country.h"

static void
test_a_quiet_country_has_no_event(void **state)
{
	struct country *c = country_new(NOTHING);

	(void)state;
	assert_true(c->bins_n > 0);
	assert_int_equal(c->anomalies_n, 0);
	assert_int_equal(c->events_n, 0);
	country_free(c);
}

static void
test_one_bad_round_of_each_probe_is_noise(void **state)
{
	struct country *c = country_new(GLITCHES);

	(void)state;
	assert_int_equal(c->events_n, 0);
	country_free(c);
}

static void
test_a_cut_at_the_border_with_a_listed_host_alive_is_a_shutdown(void **state)
{
	struct country *c = country_new(INTERNATIONAL);

	(void)state;
	expect(c, CAUSE_shutdown_international);
	assert_int_equal(c->events[0].affected, FIELD);
	assert_int_equal(fired(c, ROW_12)->n, FIELD);
	assert_int_equal(fired(c, ROW_13c)->n, FIELD);
	assert_int_equal(fired(c, ROW_46b)->n, 2);
	assert_null(fired(c, ROW_5));
	country_free(c);
}

static void
test_the_same_hosts_alive_to_all_operators_are_a_list_though_no_network_is_known(
	void **state)
{
	struct country *c = country_new(ALLOWED);

	(void)state;
	assert_int_equal(c->events_n, 1);
	assert_int_equal(fired(c, ROW_13b)->value, 2);
	assert_int_equal(fired(c, ROW_13b)->other, 3);
	assert_int_equal(fired(c, ROW_13b)->n, FIELD);
	assert_null(fired(c, ROW_13));
	assert_int_equal(c->verdict.cause, CAUSE_shutdown_allowlist);
	country_free(c);
	/* Where it is known, rows 13 and 13c tell. */
	c = country_new(INTERNATIONAL);
	assert_null(fired(c, ROW_13b));
	country_free(c);
}

static void
test_who_measured_only_once_in_the_dark_still_counts_beside_others(void **state)
{
	struct country *c = country_new(UNEVEN);

	(void)state;
	expect(c, CAUSE_shutdown_international);
	assert_int_equal(c->events[0].affected, FIELD);
	country_free(c);
}

static void
test_mobile_data_of_two_operators_gone_while_fixed_lives_is_a_shutdown(void **state)
{
	struct country *c = country_new(MOBILE);

	(void)state;
	expect(c, CAUSE_shutdown_mobile);
	assert_int_equal(fired(c, ROW_7)->n, 6);
	assert_int_equal(fired(c, ROW_7)->value, 2);
	country_free(c);
}

static void
test_a_total_cut_at_the_border_is_insufficient_and_names_both_causes(void **state)
{
	struct country *c = country_new(INTERNATIONAL_TOTAL);
	const int32_t *ppm = c->verdict.cause_ppm;
	int32_t least = ppm[CAUSE_shutdown_international];

	(void)state;
	if (ppm[CAUSE_infrastructure_cable] < least)
		least = ppm[CAUSE_infrastructure_cable];
	assert_int_equal(c->events_n, 1);
	assert_true(c->verdict.insufficient);
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		if (i != CAUSE_shutdown_international &&
			i != CAUSE_infrastructure_cable)
			assert_true(ppm[i] <= least);
	country_free(c);
}

static void
test_one_operator_behind_a_meter_is_throttling(void **state)
{
	struct country *c = country_new(POLICED);

	(void)state;
	expect(c, CAUSE_throttling_policed);
	assert_int_equal(c->events[0].affected, 3);
	assert_int_equal(fired(c, ROW_35)->n, 3);
	assert_int_equal(fired(c, ROW_35)->other, 24);
	assert_int_equal(c->witness.operators, 1);
	assert_int_equal(c->witness.cohorts, 2);
	country_free(c);
}

static void
test_a_transfer_that_the_cure_let_go_says_nothing_of_the_meter(void **state)
{
	struct country *c = country_new(POLICED);
	struct observation observations[ROW_COUNT];
	struct witness witness;
	struct joined joined;
	uint32_t found = 0;
	size_t n;

	(void)state;
	for (size_t i = 0; i < c->n; i++) {
		struct sample *s = &c->samples[i];

		if (s->check != CHECK_speed || s->rate_bps >= 9000000)
			continue;
		if (s->utc_us < EPOCH_US + (TO - 4) * WINDOW_US)
			s->rate_bps = 0;
		if (s->utc_us < EPOCH_US + (TO - 1) * WINDOW_US)
			continue;
		s->rate_bps *= 2; /* two of five were still running when it ended */
		s->took_us = 2 * WINDOW_US;
	}
	joined = joined_of(c);
	n = observe(observations, &witness, &c->events[0], &joined, &c->record);
	for (size_t i = 0; i < n; i++)
		if (observations[i].row == ROW_35)
			found = observations[i].n;
	assert_int_equal(found, 3);
	country_free(c);
}

static void
test_a_meter_is_one_though_a_timer_of_the_sender_parts_its_tests(void **state)
{
	struct country *c = country_new(POLICED);
	struct observation observations[ROW_COUNT];
	struct witness witness;
	struct joined joined;
	uint32_t found = 0;
	size_t n;

	(void)state;
	for (size_t i = 0; i < c->n; i++) {
		struct sample *s = &c->samples[i];

		if (s->check == CHECK_speed && s->rate_bps < 9000000 &&
			(s->utc_us - EPOCH_US) / WINDOW_US % 3 == 0)
			s->rate_bps = s->rate_bps * 8 / 7; /* 1.67 s, not 1.91 */
	}
	joined = joined_of(c);
	n = observe(observations, &witness, &c->events[0], &joined, &c->record);
	for (size_t i = 0; i < n; i++)
		if (observations[i].row == ROW_35)
			found = observations[i].n;
	assert_int_equal(found, 3);
	country_free(c);
}

static void
test_a_district_that_goes_dark_and_boots_again_lost_power(void **state)
{
	struct country *c = country_new(POWER);

	(void)state;
	expect(c, CAUSE_infrastructure_power);
	assert_int_equal(c->events[0].affected, 3);
	assert_int_equal(c->witness.regions, 1);
	assert_int_equal(c->witness.operators, 3);
	assert_int_equal(fired(c, ROW_3)->n, 3);
	assert_true(fired(c, ROW_3)->lines_n >= 3);
	assert_true(c->events[0].start_lo_us < EPOCH_US + FROM * WINDOW_US);
	assert_true(c->events[0].start_hi_us >= EPOCH_US + (FROM - 1) * WINDOW_US);
	assert_true(c->events[0].start_hi_us > c->events[0].start_lo_us);
	assert_true(c->events[0].end_lo_us < c->events[0].end_hi_us);
	country_free(c);
}

static void
test_a_pulled_cable_is_ordinary_and_local(void **state)
{
	struct country *c = country_new(CABLE);

	(void)state;
	expect(c, CAUSE_ordinary_local);
	assert_int_equal(c->events[0].affected, 1);
	assert_non_null(fired(c, ROW_5));
	country_free(c);
}

static void
test_what_one_probe_alone_misses_must_last_to_be_an_event(void **state)
{
	struct country *brief = country_new(LONE_SHORT),
		       *long_one = country_new(LONE_LONG);

	(void)state;
	assert_int_equal(brief->events_n, 0);
	assert_int_equal(long_one->events_n, 1);
	assert_int_equal(long_one->events[0].affected, 1);
	assert_int_equal(long_one->verdict.class, CLASS_ordinary);
	country_free(brief);
	country_free(long_one);
}

static void
test_a_target_dead_for_everyone_is_the_far_end(void **state)
{
	struct country *c = country_new(REMOTE);

	(void)state;
	expect(c, CAUSE_ordinary_remote);
	assert_int_equal(c->events[0].target, LISTED);
	assert_int_equal(fired(c, ROW_46)->n, 2);
	country_free(c);
}

static void
test_silence_alone_is_insufficient(void **state)
{
	struct country *c = country_new(SILENCE);

	(void)state;
	assert_int_equal(c->events_n, 1);
	assert_int_equal(c->events[0].family, FAMILY_SILENT);
	assert_int_equal(c->events[0].end_hi_us, 0);
	assert_true(c->verdict.insufficient);
	country_free(c);
}

static void
test_edges_lie_between_the_last_good_and_the_first_bad_sample(void **state)
{
	struct country *c = country_new(INTERNATIONAL);
	int64_t start = EPOCH_US + FROM * WINDOW_US, end = EPOCH_US + TO * WINDOW_US;
	const struct event *e = &c->events[0];

	(void)state;
	assert_true(e->start_lo_us < start && e->start_hi_us >= start);
	assert_true(e->start_hi_us < start + WINDOW_US);
	assert_true(e->end_lo_us >= end && e->end_hi_us > e->end_lo_us);
	assert_true(e->end_hi_us < end + 2 * WINDOW_US);
	country_free(c);
}

static void
test_probabilities_are_whole_and_sum_to_one(void **state)
{
	(void)state;
	for (enum trouble t = INTERNATIONAL; t <= REMOTE; t++) {
		struct country *c = country_new(t);
		int64_t causes = 0, classes = 0;

		for (size_t i = 0; i < CAUSE_COUNT; i++) {
			assert_true(c->verdict.cause_ppm[i] >= 0);
			causes += c->verdict.cause_ppm[i];
		}
		for (size_t i = 0; i < CLASS_COUNT; i++)
			classes += c->verdict.class_ppm[i];
		assert_int_equal(causes, 1000000);
		assert_int_equal(classes, 1000000);
		country_free(c);
	}
}

static void
test_of_one_group_only_the_strongest_row_counts(void **state)
{
	struct observation both[2] = {{.row = ROW_2, .n = 3}, {.row = ROW_2b, .n = 3}};
	struct verdict v, one;

	(void)state;
	classify(&v, both, 2, evidence_weights());
	classify(&one, both, 1, evidence_weights());
	assert_int_equal(
		v.sum[CAUSE_infrastructure_power], one.sum[CAUSE_infrastructure_power]);
	assert_int_equal(v.counted[ROW_2b][CAUSE_infrastructure_power], 0);
}

static void
test_without_evidence_the_answer_is_insufficient(void **state)
{
	struct verdict v;

	(void)state;
	classify(&v, NULL, 0, evidence_weights());
	assert_true(v.insufficient);
}

static void
test_the_table_of_exponentials_is_right_to_a_part_in_a_million(void **state)
{
	/* exp(-1), exp(-2.5), exp(-6.93) times 2^32, from a table of logarithms. */
	static const struct {
		int64_t x;
		uint64_t value;
	} known[] = {
		{0, 4294967296}, {100, 1580030169}, {250, 352552385}, {693, 4200482}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint64_t got = classify_exp(known[i].x);
		uint64_t off = got > known[i].value ? got - known[i].value
						    : known[i].value - got;

		assert_true(off * 1000000 <= known[i].value);
	}
	assert_int_equal(classify_exp(4096), 0);
	for (int64_t x = 1; x < 3000; x++)
		assert_true(classify_exp(x) <= classify_exp(x - 1));
}

static void
test_every_row_says_its_figures_in_a_sentence(void **state)
{
	(void)state;
	for (size_t r = 0; r < ROW_COUNT; r++) {
		struct observation o = {
			.row = (enum row)r, .n = 3, .of = 9, .value = 128, .other = 24};
		struct buf out = {0};

		evidence_sentence(&out, &o);
		assert_null(strchr(out.data, '{'));
		assert_true(out.len >= 10);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_quiet_country_has_no_event),
		cmocka_unit_test(test_one_bad_round_of_each_probe_is_noise),
		cmocka_unit_test(
			test_a_cut_at_the_border_with_a_listed_host_alive_is_a_shutdown),
		cmocka_unit_test(
			test_a_total_cut_at_the_border_is_insufficient_and_names_both_causes),
		cmocka_unit_test(
			test_the_same_hosts_alive_to_all_operators_are_a_list_though_no_network_is_known),
		cmocka_unit_test(
			test_who_measured_only_once_in_the_dark_still_counts_beside_others),
		cmocka_unit_test(
			test_mobile_data_of_two_operators_gone_while_fixed_lives_is_a_shutdown),
		cmocka_unit_test(test_one_operator_behind_a_meter_is_throttling),
		cmocka_unit_test(
			test_a_transfer_that_the_cure_let_go_says_nothing_of_the_meter),
		cmocka_unit_test(
			test_a_meter_is_one_though_a_timer_of_the_sender_parts_its_tests),
		cmocka_unit_test(
			test_a_district_that_goes_dark_and_boots_again_lost_power),
		cmocka_unit_test(test_a_pulled_cable_is_ordinary_and_local),
		cmocka_unit_test(
			test_what_one_probe_alone_misses_must_last_to_be_an_event),
		cmocka_unit_test(test_a_target_dead_for_everyone_is_the_far_end),
		cmocka_unit_test(test_silence_alone_is_insufficient),
		cmocka_unit_test(
			test_edges_lie_between_the_last_good_and_the_first_bad_sample),
		cmocka_unit_test(test_probabilities_are_whole_and_sum_to_one),
		cmocka_unit_test(test_of_one_group_only_the_strongest_row_counts),
		cmocka_unit_test(test_without_evidence_the_answer_is_insufficient),
		cmocka_unit_test(
			test_the_table_of_exponentials_is_right_to_a_part_in_a_million),
		cmocka_unit_test(test_every_row_says_its_figures_in_a_sentence),
	};

	return cmocka_run_group_tests_name("analysis_pipeline", tests, NULL, NULL);
}
