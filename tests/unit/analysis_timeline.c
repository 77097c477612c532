#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/timeline.h"

/*
 * Two operators with three probes each and a control abroad, a round every five minutes;
 * the event lasts from round FROM to round TO.
 */
#define PROBES 8
#define ROUNDS 60
#define FROM 30
#define TO 39
#define WINDOW_US (300 * INT64_C(1000000))
#define EPOCH_US (WINDOW_US * 5666666)
#define CONTROL 6
#define LATE 7 /* the only one of a third operator; measures when a test says so */

struct scene {
	struct sample samples[PROBES * ROUNDS * 6];
	size_t n;
	struct network networks[PROBES];
	struct probe probes[PROBES];
	struct record record;
	struct timeline_ask ask;
	uint32_t asns[1];
	struct timeline timeline;
};

typedef void say_fn(struct scene *s, uint32_t probe, int round);

static struct sample *
say(struct scene *s, uint32_t probe, int round, enum check check, enum rung rung,
	int success)
{
	struct sample *sample = &s->samples[s->n++];

	assert_true(s->n <= sizeof s->samples / sizeof s->samples[0]);
	*sample = (struct sample){
		.utc_us = EPOCH_US + round * WINDOW_US + 1000000,
		.probe = probe,
		.network = probe,
		.target = NO_TARGET,
		.check = (uint8_t)check,
		.rung = (uint8_t)rung,
		.success = (int8_t)success,
		.took_us = 2000,
	};
	return sample;
}

static struct scene *
scene_new(say_fn *fn)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	for (uint32_t p = 0; p < PROBES; p++) {
		strcpy(s->networks[p].country, p == CONTROL ? "QY" : "QX");
		snprintf(s->networks[p].region, sizeof s->networks[p].region, "QX-%u",
			p % 3);
		s->networks[p].asn = 64600 + p / 3;
		s->networks[p].medium = p < 3 ? MEDIUM_mobile : MEDIUM_fixed;
		s->probes[p] = (struct probe){.control = p == CONTROL, .network = p};
	}
	s->asns[0] = 64600;
	s->record = (struct record){.samples = s->samples,
		.probes = s->probes,
		.probes_n = PROBES,
		.networks = s->networks,
		.networks_n = PROBES,
		.window_us = WINDOW_US,
		.horizon_us = EPOCH_US + ROUNDS * WINDOW_US};
	s->ask = (struct timeline_ask){.country = "QX",
		.start_lo_us = EPOCH_US + FROM * WINDOW_US - 1000000,
		.start_hi_us = EPOCH_US + FROM * WINDOW_US + 1000000,
		.end_lo_us = EPOCH_US + TO * WINDOW_US - 1000000,
		.end_hi_us = EPOCH_US + TO * WINDOW_US + 1000000,
		.asns = s->asns,
		.asns_n = 1};
	for (uint32_t p = 0; p < PROBES; p++)
		for (int round = 0; round < ROUNDS; round++)
			fn(s, p, round);
	s->record.samples_n = s->n;
	return s;
}

static void
draw(struct scene *s)
{
	timeline_make(&s->timeline, &s->record, &s->ask);
}

static void
scene_free(struct scene *s)
{
	timeline_free(&s->timeline);
	free(s);
}

static const struct band *
band_of(const struct scene *s, enum band_kind kind, uint32_t asn)
{
	for (size_t b = 0; b < s->timeline.bands_n; b++)
		if (s->timeline.bands[b].pool.kind == kind &&
			s->timeline.bands[b].pool.asn == asn)
			return &s->timeline.bands[b];
	fail_msg("no such band: %d of AS %u", (int)kind, asn);
	return NULL;
}

static size_t
column_of(const struct scene *s, int round)
{
	int64_t at_us = EPOCH_US + round * WINDOW_US + 1000000;

	assert_true(at_us >= s->timeline.from_us);
	return (size_t)((at_us - s->timeline.from_us) / s->timeline.step_us);
}

static enum cell_state
state_at(const struct scene *s, const struct band *band, enum rung rung, int round)
{
	size_t column = column_of(s, round);

	assert_true(column < s->timeline.columns);
	return (enum cell_state)band->cells[rung][column].state;
}

static bool
in_event(int round)
{
	return round >= FROM && round < TO;
}

/* The first operator is cut off abroad, the second falls silent. */
static void
cut_and_silent(struct scene *s, uint32_t probe, int round)
{
	if (probe == LATE || (probe >= 3 && probe < 6 && in_event(round)))
		return;
	say(s, probe, round, CHECK_router, RUNG_router, 1);
	say(s, probe, round, CHECK_ping, RUNG_international,
		!(probe < 3 && in_event(round)));
	say(s, probe, round, CHECK_dns, RUNG_names, -1);
}

static void
test_down_silent_and_unmeasured_are_three_things(void **state)
{
	struct scene *s = scene_new(cut_and_silent);
	const struct band *cut, *gone, *control;

	(void)state;
	draw(s);
	cut = band_of(s, BAND_OPERATOR, 64600);
	gone = band_of(s, BAND_OPERATOR, 64601);
	control = band_of(s, BAND_CONTROL, 0);
	for (int round = FROM; round < TO; round++) {
		assert_int_equal(
			state_at(s, cut, RUNG_international, round), CELL_DOWN);
		assert_int_equal(state_at(s, cut, RUNG_router, round), CELL_UP);
		assert_int_equal(state_at(s, cut, RUNG_names, round), CELL_UNMEASURED);
		assert_int_equal(
			state_at(s, control, RUNG_international, round), CELL_UP);
	}
	for (int round = FROM; round < TO - 1; round++)
		for (size_t rung = 0; rung < RUNG_COUNT; rung++)
			assert_int_equal(
				state_at(s, gone, (enum rung)rung, round), CELL_SILENT);
	assert_int_equal(state_at(s, gone, RUNG_international, FROM - 1), CELL_UP);
	assert_int_equal(state_at(s, gone, RUNG_international, TO), CELL_UP);
	assert_int_equal(cut->phases[RUNG_international][PHASE_DURING].answered, 0);
	assert_int_equal(
		cut->phases[RUNG_international][PHASE_DURING].tried, 3 * (TO - FROM));
	assert_int_equal(gone->phases[RUNG_names][PHASE_DURING].state, CELL_SILENT);
	assert_int_equal(cut->phases[RUNG_names][PHASE_DURING].state, CELL_UNMEASURED);
	scene_free(s);
}

static void
test_what_the_event_touched_comes_first_and_controls_last(void **state)
{
	struct scene *s = scene_new(cut_and_silent);

	(void)state;
	draw(s);
	assert_int_equal(s->timeline.bands_n, 3);
	assert_int_equal(s->timeline.bands[0].pool.asn, 64600);
	assert_true(s->timeline.bands[0].pool.touched);
	assert_false(s->timeline.bands[1].pool.touched);
	assert_int_equal(s->timeline.bands[2].pool.kind, BAND_CONTROL);
	assert_int_equal(s->timeline.bands[0].pool.probes, 3);
	assert_string_equal(s->timeline.bands[0].pool.region, "");
	scene_free(s);
}

/* One of three cannot reach anything abroad; the country's first probe comes late. */
static void
one_of_three(struct scene *s, uint32_t probe, int round)
{
	if (probe == LATE || (probe < 3 && round < FROM - 3))
		return;
	say(s, probe, round, CHECK_ping, RUNG_international,
		!(probe == 1 && in_event(round)));
	say(s, probe, round, CHECK_tcp, RUNG_international, 1);
}

static void
test_one_of_three_in_trouble_is_partial_and_nobody_there_is_no_silence(void **state)
{
	struct scene *s = scene_new(one_of_three);
	const struct band *band;

	(void)state;
	draw(s);
	band = band_of(s, BAND_OPERATOR, 64600);
	assert_int_equal(state_at(s, band, RUNG_international, FROM), CELL_PARTIAL);
	assert_int_equal(band->cells[RUNG_international][column_of(s, FROM)].up, 2);
	assert_int_equal(
		band->cells[RUNG_international][column_of(s, FROM)].partial, 1);
	/* A TCP connection speaks of the rung transport too. */
	assert_int_equal(state_at(s, band, RUNG_transport, FROM), CELL_UP);
	assert_int_equal(state_at(s, band, RUNG_international, FROM - 4), CELL_ABSENT);
	assert_int_equal(state_at(s, band, RUNG_international, FROM - 3), CELL_UP);
	scene_free(s);
}

/* In the event only every fifth round is made, and its try hangs for 110 s. */
static void
hanging(struct scene *s, uint32_t probe, int round)
{
	if (probe >= 3 || (in_event(round) && round % 5))
		return;
	say(s, probe, round, CHECK_ping, RUNG_international, !in_event(round))
		->took_us = in_event(round) ? 110 * INT64_C(1000000) : 2000;
}

static void
test_a_gap_longer_than_two_windows_is_silence_and_a_shorter_one_is_not(void **state)
{
	struct scene *s = scene_new(hanging);
	const struct band *band;

	(void)state;
	draw(s);
	band = band_of(s, BAND_OPERATOR, 64600);
	/* Tries begin at FROM and FROM + 5; four windows between them hold nothing. */
	assert_int_equal(state_at(s, band, RUNG_international, FROM), CELL_DOWN);
	assert_int_equal(state_at(s, band, RUNG_international, FROM + 2), CELL_SILENT);
	assert_int_equal(state_at(s, band, RUNG_international, FROM + 5), CELL_DOWN);
	scene_free(s);
	s = scene_new(hanging);
	for (size_t i = 0; i < s->n; i++) /* the same, but the gap is a round's */
		if (!s->samples[i].success &&
			s->samples[i].utc_us > EPOCH_US + (FROM + 4) * WINDOW_US)
			s->samples[i].utc_us -= 3 * WINDOW_US;
	draw(s);
	band = band_of(s, BAND_OPERATOR, 64600);
	assert_int_equal(
		state_at(s, band, RUNG_international, FROM + 1), CELL_UNMEASURED);
	scene_free(s);
}

/* One home's mains goes in the middle of the event, at the operator with three. */
static void
one_home_in_the_dark(struct scene *s, uint32_t probe, int round)
{
	bool dark = probe == 1 && round > FROM + 2 && round < FROM + 5;

	if (probe >= 3 && probe != LATE)
		return;
	say(s, probe, round, CHECK_power, RUNG_power, 1)->supply =
		dark ? SUPPLY_battery : SUPPLY_mains;
}

static void
test_power_is_told_as_counts_and_never_as_an_edge(void **state)
{
	struct scene *s = scene_new(one_home_in_the_dark);
	const struct band *band, *lone;
	const struct phase_sum *power;

	(void)state;
	draw(s);
	band = band_of(s, BAND_OPERATOR, 64600);
	for (size_t c = 1; c + 1 < s->timeline.columns; c++)
		assert_int_equal(band->cells[RUNG_power][c].state, CELL_UNMEASURED);
	power = band->phases[RUNG_power];
	assert_int_equal(power[PHASE_BEFORE].on_mains, 3);
	assert_int_equal(power[PHASE_BEFORE].state, CELL_UP);
	assert_int_equal(power[PHASE_DURING].on_mains, 2);
	assert_int_equal(power[PHASE_DURING].supply_known, 3);
	assert_int_equal(power[PHASE_DURING].state, CELL_PARTIAL);
	assert_int_equal(power[PHASE_AFTER].state, CELL_UP);
	assert_true(timeline_tells_power(&band->pool));
	lone = band_of(s, BAND_OTHERS, 0);
	assert_int_equal(lone->pool.probes, 1);
	assert_false(timeline_tells_power(&lone->pool));
	scene_free(s);
}

/* From the event on one operator's transfers run at a tenth of their rate. */
static void
slowed(struct scene *s, uint32_t probe, int round)
{
	say(s, probe, round, CHECK_speed, RUNG_quality, 1)->rate_bps =
		probe < 3 && in_event(round) ? 130000 : 4000000;
}

static void
test_what_is_slower_than_a_third_of_the_usual_is_partial(void **state)
{
	struct scene *s = scene_new(slowed);
	const struct band *slow, *other;

	(void)state;
	s->record.reference_us = 20 * WINDOW_US;
	draw(s);
	slow = band_of(s, BAND_OPERATOR, 64600);
	other = band_of(s, BAND_OPERATOR, 64601);
	assert_int_equal(state_at(s, slow, RUNG_quality, FROM - 1), CELL_UP);
	assert_int_equal(state_at(s, slow, RUNG_quality, FROM + 1), CELL_PARTIAL);
	assert_int_equal(state_at(s, slow, RUNG_quality, TO), CELL_UP);
	assert_int_equal(state_at(s, other, RUNG_quality, FROM + 1), CELL_UP);
	assert_int_equal(slow->phases[RUNG_quality][PHASE_BEFORE].rate_bps, 4000000);
	assert_int_equal(slow->phases[RUNG_quality][PHASE_DURING].rate_bps, 130000);
	scene_free(s);
}

static void
everyone(struct scene *s, uint32_t probe, int round)
{
	say(s, probe, round, CHECK_ping, RUNG_international, 1);
}

static void
test_probes_are_pooled_until_three_stand_behind_a_band(void **state)
{
	struct scene *s = scene_new(everyone);

	(void)state;
	/* One of the fixed ones is a dish; another operator has two subscribers. */
	s->networks[5].medium = MEDIUM_satellite;
	s->networks[5].asn = s->networks[4].asn = 64610;
	draw(s);
	for (size_t b = 0; b + 1 < s->timeline.bands_n; b++)
		assert_true(s->timeline.bands[b].pool.probes >= TIMELINE_LEAST_PROBES);
	assert_int_equal(s->timeline.bands_n, 3);
	assert_int_equal(band_of(s, BAND_MEDIUM, 0)->pool.probes, 4);
	assert_int_equal(band_of(s, BAND_MEDIUM, 0)->pool.medium, MEDIUM_fixed);
	assert_true(band_of(s, BAND_MEDIUM, 0)->pool.with_satellite);
	scene_free(s);
}

static void
test_an_event_of_a_region_shows_regions(void **state)
{
	struct scene *s = scene_new(everyone);
	const char *regions[] = {"QX-1"};

	(void)state;
	s->ask.by_region = true;
	s->ask.asns_n = 0;
	s->ask.regions = regions;
	s->ask.regions_n = 1;
	draw(s);
	/* Probes 1, 4 and 7; the two other regions have two each and are pooled. */
	assert_int_equal(s->timeline.bands[0].pool.kind, BAND_REGION);
	assert_string_equal(s->timeline.bands[0].pool.region, "QX-1");
	assert_true(s->timeline.bands[0].pool.touched);
	assert_int_equal(s->timeline.bands[0].pool.probes, 3);
	assert_int_equal(s->timeline.bands[1].pool.kind, BAND_OTHERS);
	assert_int_equal(s->timeline.bands[1].pool.probes, 4);
	scene_free(s);
}

static void
test_any_event_fits_the_columns(void **state)
{
	struct scene *s = scene_new(everyone);
	const int64_t day_us = INT64_C(86400000000);

	(void)state;
	for (int64_t span_us = 1; span_us < 4000 * day_us; span_us *= 3)
		for (int open = 0; open < 2; open++) {
			int64_t last_us;

			s->ask.end_lo_us = s->ask.start_hi_us;
			s->ask.end_hi_us = open ? 0 : s->ask.start_hi_us + span_us;
			s->record.horizon_us = s->ask.start_hi_us + span_us + day_us;
			draw(s);
			assert_true(s->timeline.columns > 0);
			assert_true(s->timeline.columns <= TIMELINE_COLUMNS);
			last_us = s->timeline.from_us +
				  (int64_t)s->timeline.columns * s->timeline.step_us;
			assert_true(s->timeline.from_us <= s->ask.start_lo_us);
			assert_true(last_us >
				    (open ? s->record.horizon_us : s->ask.end_hi_us));
			assert_int_equal(s->timeline.step_us % WINDOW_US, 0);
			timeline_free(&s->timeline);
		}
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_down_silent_and_unmeasured_are_three_things),
		cmocka_unit_test(
			test_what_the_event_touched_comes_first_and_controls_last),
		cmocka_unit_test(
			test_one_of_three_in_trouble_is_partial_and_nobody_there_is_no_silence),
		cmocka_unit_test(
			test_a_gap_longer_than_two_windows_is_silence_and_a_shorter_one_is_not),
		cmocka_unit_test(test_power_is_told_as_counts_and_never_as_an_edge),
		cmocka_unit_test(
			test_what_is_slower_than_a_third_of_the_usual_is_partial),
		cmocka_unit_test(
			test_probes_are_pooled_until_three_stand_behind_a_band),
		cmocka_unit_test(test_an_event_of_a_region_shows_regions),
		cmocka_unit_test(test_any_event_fits_the_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
