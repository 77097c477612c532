#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/steps.h"

/*
 * A small country in samples: three operators (two mobile, one fixed) with a probe in
 * each of three regions, and two control probes abroad. A round every five minutes; the
 * trouble, if any, lasts from round FROM to round TO.
 */
#define FIELD 9
#define PROBES 11
#define ROUNDS 40
#define FROM 20
#define TO 27
#define WINDOW_US (300 * (int64_t)1000000)
#define EPOCH_US (1700000000 * (int64_t)1000000)
#define TARGETS 8
#define SAMPLES_MAX 60000

enum trouble {
	NOTHING,
	INTERNATIONAL,
	INTERNATIONAL_TOTAL,
	POLICED,
	POWER,
	CABLE,
	REMOTE,
	GLITCHES,
	RESOLVER,
	SILENCE,
	MOBILE,
	LONE_SHORT, /* one probe cannot reach anything for two windows */
	LONE_LONG, /* the same for as long as troubles last here */
	UNEVEN, /* INTERNATIONAL, but four probes got to measure in one window of it only */
};

struct country {
	struct sample *samples;
	size_t n;
	struct network networks[FIELD + 1];
	struct probe probes[PROBES];
	struct target_info targets[TARGETS];
	struct record record;
	enum trouble trouble;
	struct bin *bins;
	struct anomaly *anomalies;
	struct event *events;
	size_t bins_n, anomalies_n, events_n;
	struct observation observations[ROW_COUNT];
	size_t observations_n;
	struct witness witness;
	struct verdict verdict;
};

enum { LISTED = 3, NEIGHBOUR = 4, RESOLVER_TARGET = 7 };

static void
draw(struct country *c)
{
	static const char *const ids[TARGETS] = {
		"d1", "d2", "d3", "i1", "i2", "i3", "i4", "n1"};

	for (size_t p = 0; p < FIELD; p++) {
		struct network *n = &c->networks[p];

		strcpy(n->country, "QX");
		snprintf(n->region, sizeof(n->region), "QX-%02zu", p % 3 + 1);
		n->asn = 64600 + (uint32_t)(p / 3);
		n->medium = p / 3 == 2 ? MEDIUM_fixed : MEDIUM_mobile;
		c->probes[p] = (struct probe){
			.network = (uint32_t)p, .cohort = (uint32_t)p % 2};
	}
	strcpy(c->networks[FIELD].country, "QY");
	c->probes[FIELD] = c->probes[FIELD + 1] =
		(struct probe){.control = true, .network = FIELD};
	for (size_t t = 0; t < TARGETS; t++) {
		strcpy(c->targets[t].id, ids[t]);
		c->targets[t].rung = t < 3 ? RUNG_domestic : RUNG_international;
		c->targets[t].asn = 64700 + (uint32_t)t;
	}
	c->targets[NEIGHBOUR].asn = c->targets[LISTED].asn;
	c->targets[RESOLVER_TARGET].rung = RUNG_names;
}

static struct sample *
add(struct country *c, size_t probe, int round, int second, enum check check,
	enum rung rung, bool good)
{
	struct sample *s = &c->samples[c->n++];

	assert_true(c->n < SAMPLES_MAX);
	*s = (struct sample){
		.utc_us = EPOCH_US + round * WINDOW_US + second * (int64_t)1000000,
		.probe = (uint32_t)probe,
		.network = c->probes[probe].network,
		.target = NO_TARGET,
		.line = (uint32_t)c->n,
		.check = (uint8_t)check,
		.rung = (uint8_t)rung,
		.outcome = good ? OUTCOME_ok : OUTCOME_generic_timeout_error,
		.success = good,
		.rtt_us = 40000,
	};
	return s;
}

static bool
in_trouble(const struct country *c, size_t probe, int round)
{
	if (round < FROM || round > TO)
		return false;
	switch (c->trouble) {
	case INTERNATIONAL:
	case INTERNATIONAL_TOTAL:
	case UNEVEN:
	case REMOTE:
	case RESOLVER:
		return true;
	case POLICED:
		return probe / 3 == 1;
	case MOBILE:
		return probe / 3 < 2;
	case LONE_SHORT:
		return probe == 4 && round < FROM + 2;
	case LONE_LONG:
		return probe == 4;
	case POWER:
		return probe % 3 == 1;
	case CABLE:
		return probe == 4;
	case GLITCHES:
		return round == FROM + (int)probe % 8;
	case SILENCE:
	case NOTHING:
		break;
	}
	return false;
}

static bool
target_answers(const struct country *c, size_t probe, int round, size_t target)
{
	bool abroad = probe >= FIELD, trouble = in_trouble(c, probe, round);
	bool international = c->targets[target].rung == RUNG_international;

	if (c->trouble == REMOTE && trouble)
		return target != LISTED;
	if (c->trouble == RESOLVER && trouble)
		return target != RESOLVER_TARGET || abroad;
	if (abroad || !trouble)
		return true;
	if (c->trouble == INTERNATIONAL || c->trouble == UNEVEN)
		return !international || target == LISTED;
	if (c->trouble == INTERNATIONAL_TOTAL)
		return !international;
	return c->trouble != CABLE && c->trouble != GLITCHES &&
	       c->trouble != LONE_SHORT && c->trouble != LONE_LONG &&
	       c->trouble != MOBILE;
}

static void
climb(struct country *c, size_t probe, int round)
{
	bool trouble = in_trouble(c, probe, round), abroad = probe >= FIELD;
	bool home = !(c->trouble == CABLE && trouble);
	bool metered = c->trouble == POLICED && trouble && !abroad;
	uint32_t boot = c->trouble == POWER && !abroad && probe % 3 == 1 && round > TO;
	size_t first = c->n;
	struct sample *speed;

	if (c->trouble == POWER && trouble && !abroad)
		return;
	if (c->trouble == SILENCE && !abroad && round >= FROM)
		return;
	if (c->trouble == UNEVEN && trouble && probe < 4 && round != FROM + 3)
		return;
	add(c, probe, round, 1, CHECK_power, RUNG_power, true);
	add(c, probe, round, 2, CHECK_link, RUNG_link, home);
	add(c, probe, round, 3, CHECK_router, RUNG_router, home);
	add(c, probe, round, 4, CHECK_ping, RUNG_access, home);
	for (size_t t = 0; t < TARGETS; t++) {
		enum check check =
			t == RESOLVER_TARGET || t == 6 ? CHECK_dns : CHECK_tcp;
		struct sample *s = add(c, probe, round, 10 + (int)t, check,
			(enum rung)c->targets[t].rung,
			target_answers(c, probe, round, t));

		s->target = (uint32_t)t;
		s->resolver = t == RESOLVER_TARGET;
	}
	speed = add(c, probe, round, 40, CHECK_speed, RUNG_quality, true);
	speed->rate_bps = metered ? 128000 + round * 500 : 9000000;
	speed->loss_ppm = metered ? 240000 : 1000;
	if (!target_answers(c, probe, round, 5))
		speed->rate_bps = 0, speed->success = 0;
	for (size_t i = first; i < c->n; i++)
		c->samples[i].boot = boot;
}

static struct country *
country_new(enum trouble trouble)
{
	struct country *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->trouble = trouble;
	c->samples = calloc(SAMPLES_MAX, sizeof(*c->samples));
	draw(c);
	for (size_t p = 0; p < PROBES; p++)
		for (int round = 0; round < ROUNDS; round++)
			climb(c, p, round);
	c->record = (struct record){
		.samples = c->samples,
		.samples_n = c->n,
		.probes = c->probes,
		.probes_n = PROBES,
		.networks = c->networks,
		.networks_n = FIELD + 1,
		.targets = c->targets,
		.targets_n = TARGETS,
		.window_us = WINDOW_US,
		.reference_us = 7 * 288 * WINDOW_US,
		.horizon_us = EPOCH_US + ROUNDS * WINDOW_US,
	};
	c->bins = calloc(3 * c->n + PROBES, sizeof(*c->bins));
	c->bins_n = rollup(c->bins, &c->record);
	c->anomalies = calloc(c->bins_n + 1, sizeof(*c->anomalies));
	c->anomalies_n = detect(c->anomalies, c->bins, c->bins_n, &c->record);
	c->events = calloc(c->anomalies_n + 1, sizeof(*c->events));
	c->events_n = join(c->events, c->anomalies, c->anomalies_n, &c->record);
	if (c->events_n) {
		c->observations_n = observe(c->observations, &c->witness, &c->events[0],
			c->anomalies, &c->record);
		classify(&c->verdict, c->observations, c->observations_n);
	}
	return c;
}

static void
country_free(struct country *c)
{
	free(c->samples);
	free(c->bins);
	free(c->anomalies);
	free(c->events);
	free(c);
}

static const struct observation *
fired(const struct country *c, enum row row)
{
	for (size_t i = 0; i < c->observations_n; i++)
		if (c->observations[i].row == row)
			return &c->observations[i];
	return NULL;
}

static void
expect(const struct country *c, enum cause cause)
{
	assert_int_equal(c->events_n, 1);
	assert_false(c->verdict.insufficient);
	assert_int_equal(c->verdict.class, evidence_class(cause));
	assert_int_equal(c->verdict.cause, cause);
}

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
	assert_int_equal(fired(c, ROW_13)->n, FIELD);
	assert_int_equal(fired(c, ROW_46b)->n, 2);
	assert_null(fired(c, ROW_5));
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
	assert_int_equal(fired(c, ROW_8)->n, 6);
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
	n = observe(observations, &witness, &c->events[0], c->anomalies, &c->record);
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
	classify(&v, both, 2);
	classify(&one, both, 1);
	assert_int_equal(
		v.sum[CAUSE_infrastructure_power], one.sum[CAUSE_infrastructure_power]);
	assert_int_equal(v.counted[ROW_2b][CAUSE_infrastructure_power], 0);
}

static void
test_without_evidence_the_answer_is_insufficient(void **state)
{
	struct verdict v;

	(void)state;
	classify(&v, NULL, 0);
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
			test_who_measured_only_once_in_the_dark_still_counts_beside_others),
		cmocka_unit_test(
			test_mobile_data_of_two_operators_gone_while_fixed_lives_is_a_shutdown),
		cmocka_unit_test(test_one_operator_behind_a_meter_is_throttling),
		cmocka_unit_test(
			test_a_transfer_that_the_cure_let_go_says_nothing_of_the_meter),
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
