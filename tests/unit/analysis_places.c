#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs those before. */
#include <cmocka.h>

#include <string.h>

#include "analyzer/analysis/steps.h"

#define MINUTE_US (60 * (int64_t)1000000)
#define OPERATORS 4 /* two mobile, two fixed */
#define REGIONS 2
#define EACH 3 /* probes of each place */
#define PROBES (OPERATORS * REGIONS * EACH)
#define EVENTS_MOST 32

/* A country of eight places, and what its probes lost. */
struct land {
	struct network networks[OPERATORS * REGIONS];
	struct probe probes[PROBES];
	struct record record;
	struct anomaly anomalies[2 * PROBES];
	size_t n;
	struct event events[EVENTS_MOST];
	size_t events_n;
};

static void
begin(struct land *l)
{
	*l = (struct land){.record = {.window_us = 15 * MINUTE_US,
				   .reference_us = 14 * 24 * 60 * MINUTE_US,
				   .horizon_us = 10000 * MINUTE_US}};
	for (uint32_t i = 0; i < OPERATORS * REGIONS; i++) {
		struct network *n = &l->networks[i];

		*n = (struct network){.country = "QX",
			.region = "QX-0",
			.asn = 100 + i / REGIONS,
			.medium = i / REGIONS < 2 ? MEDIUM_mobile : MEDIUM_fixed};
		n->region[3] = (char)('A' + i % REGIONS);
	}
	for (uint32_t p = 0; p < PROBES; p++)
		l->probes[p].network = p / EACH;
	l->record.networks = l->networks;
	l->record.networks_n = OPERATORS * REGIONS;
	l->record.probes = l->probes;
	l->record.probes_n = PROBES;
}

static void
loses(struct land *l, uint32_t probe, enum rung rung, int64_t from, int64_t to)
{
	l->anomalies[l->n++] = (struct anomaly){
		.probe = probe,
		.network = probe / EACH,
		.series = SERIES_RUNG,
		.index = rung,
		.start_lo_us = (from - 5) * MINUTE_US,
		.start_hi_us = from * MINUTE_US,
		.end_lo_us = to * MINUTE_US,
		.end_hi_us = (to + 5) * MINUTE_US,
		.bins = 5,
		.tries = 10,
	};
}

/* All probes of the operators from first to last. */
static void
operators_lose(struct land *l, uint32_t first, uint32_t last, int64_t from, int64_t to)
{
	for (uint32_t p = first * REGIONS * EACH; p < (last + 1) * REGIONS * EACH; p++)
		loses(l, p, RUNG_domestic, from, to);
}

static void
find(struct land *l)
{
	l->events_n = join(l->events, l->anomalies, l->n, &l->record);
	assert_true(l->events_n <= EVENTS_MOST);
}

static void
operators_that_go_within_an_hour_are_one_event(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	operators_lose(&l, 0, 0, 100, 400);
	operators_lose(&l, 1, 1, 140, 400);
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].affected, 2 * REGIONS * EACH);
	assert_int_equal(l.events[0].start_hi_us, 100 * MINUTE_US);
}

static void
one_probes_trouble_in_the_same_hour_stays_its_own(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	operators_lose(&l, 0, 0, 100, 400);
	loses(&l, PROBES - 1, RUNG_router, 110, 300);
	find(&l);
	assert_int_equal(l.events_n, 2);
	assert_int_equal(l.events[0].affected, REGIONS * EACH);
	assert_int_equal(l.events[1].affected, 1);
}

/* Operator 0 is out for long, and a place of operator 1 goes later, from ${from} to ${to}. */
static size_t
events_where_a_place_goes_later(int64_t out, int64_t from, int64_t to)
{
	struct land l;

	begin(&l);
	operators_lose(&l, 0, 0, 100, out);
	for (uint32_t p = REGIONS * EACH; p < (REGIONS + 1) * EACH; p++)
		loses(&l, p, RUNG_domestic, from, to);
	find(&l);
	return l.events_n;
}

static void
what_goes_later_and_comes_back_in_one_moment_after_long_is_the_same_event(void **state)
{
	(void)state;
	assert_int_equal(events_where_a_place_goes_later(2000, 600, 2000), 1);
	assert_int_equal(events_where_a_place_goes_later(2000, 600, 1500), 2);
	assert_int_equal(events_where_a_place_goes_later(800, 400, 800), 2);
}

/* The probe says nothing more, from ${from} on. */
static void
falls_silent(struct land *l, uint32_t probe, int64_t from)
{
	loses(l, probe, RUNG_power, from, from);
	l->anomalies[l->n - 1].series = SERIES_SILENT;
	l->anomalies[l->n - 1].end_hi_us = 0;
}

static void
silence_of_a_few_is_an_event_only_where_most_of_an_operator_are_silent(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	for (uint32_t operator= 0; operator<3; operator++)
		falls_silent(&l, operator* REGIONS * EACH, 100);
	find(&l);
	assert_int_equal(l.events_n, 0);
	begin(&l);
	for (uint32_t p = 0; p < REGIONS * EACH - 2; p++)
		falls_silent(&l, p, 100);
	find(&l);
	assert_int_equal(l.events_n, 1);
}

static void
a_place_that_was_out_before_and_came_back_with_all_others_is_of_their_event(
	void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	for (uint32_t p = 0; p < EACH; p++)
		loses(&l, p, RUNG_domestic, 100, 900);
	operators_lose(&l, 1, 2, 600, 900);
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].start_hi_us, 600 * MINUTE_US);
}

static void
what_is_back_and_breaks_otherwise_is_another_event(void **state)
{
	static const enum rung then[] = {RUNG_names, RUNG_access};
	struct land l;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(&l);
		for (uint32_t p = 0; p < EACH; p++) {
			loses(&l, p, RUNG_names, 100, 160);
			loses(&l, p, then[i], 180, 400);
		}
		find(&l);
		assert_int_equal(l.events_n, 1 + i);
	}
}

static void
later_round_trips_of_one_line_alone_are_no_event(void **state)
{
	static const enum series series[] = {SERIES_LATE, SERIES_RATE};
	struct land l;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(&l);
		loses(&l, 4, RUNG_quality, 100, 900);
		l.anomalies[0].series = (uint8_t)series[i];
		find(&l);
		assert_int_equal(l.events_n, i);
	}
}

static void
a_line_that_is_down_shortly_is_an_event_whatever_went_before(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	loses(&l, 4, RUNG_international, 90, 98);
	l.anomalies[0].bins = 1;
	loses(&l, 4, RUNG_link, 100, 120);
	l.anomalies[1].bins = 2;
	find(&l);
	assert_int_equal(l.events_n, 1);
	begin(&l);
	loses(&l, 4, RUNG_domestic, 100, 120);
	l.anomalies[0].bins = 2;
	find(&l);
	assert_int_equal(l.events_n, 0);
}

static void
what_was_over_before_most_went_out_does_not_date_their_event(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	for (uint32_t p = 0; p < PROBES; p++)
		loses(&l, p, RUNG_domestic, 200, 600);
	for (uint32_t p = 0; p < PROBES / 6; p++)
		loses(&l, p, RUNG_domestic, 100 + 20 * p, 190);
	find(&l);
	for (size_t i = 0; i < l.events_n; i++)
		if (l.events[i].affected > PROBES / 2)
			assert_int_equal(l.events[i].start_hi_us, 200 * MINUTE_US);
}

static void
what_goes_in_stages_began_with_the_first_of_them(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	for (uint32_t p = 0; p < PROBES; p++)
		loses(&l, p, RUNG_domestic, p < PROBES / 6 ? 100 : 112, 400);
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].start_hi_us, 100 * MINUTE_US);
	assert_int_equal(l.events[0].start_lo_us, 95 * MINUTE_US);
	/* One or two before all others had their own trouble. */
	begin(&l);
	for (uint32_t p = 0; p < PROBES; p++)
		loses(&l, p, RUNG_domestic, p < 2 ? 100 : 112, 400);
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].start_hi_us, 112 * MINUTE_US);
}

static void
what_takes_minutes_began_before_the_first_that_was_seen_out(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	for (uint32_t p = 0; p < PROBES; p++)
		loses(&l, p, RUNG_domestic, p < 2 ? 104 : 112, 400);
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].start_hi_us, 104 * MINUTE_US);
	assert_int_equal(l.events[0].start_lo_us, 96 * MINUTE_US);
	/* One may have had trouble of its own. */
	begin(&l);
	for (uint32_t p = 0; p < PROBES; p++)
		loses(&l, p, RUNG_domestic, p < 1 ? 104 : 112, 400);
	find(&l);
	assert_int_equal(l.events[0].start_hi_us, 112 * MINUTE_US);
}

static void
one_bad_bin_does_not_say_what_broke(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	/* Of each place the machines stopped; in one, a line was not up yet at boot. */
	for (uint32_t p = 0; p < 2 * EACH; p++) {
		loses(&l, p, RUNG_power, 140, 160);
		l.anomalies[l.n - 1].series = SERIES_DARK;
	}
	loses(&l, 0, RUNG_access, 120, 130);
	l.anomalies[l.n - 1].weak = true;
	find(&l);
	assert_int_equal(l.events_n, 1);
}

static void
one_bad_bin_at_one_probe_is_no_event(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	loses(&l, 4, RUNG_international, 100, 105);
	l.anomalies[0].weak = true;
	find(&l);
	assert_int_equal(l.events_n, 0);
}

static void
one_bad_bin_at_most_probes_of_a_place_is_one(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	for (uint32_t p = 0; p < EACH; p++) {
		loses(&l, p, RUNG_international, 100, 105);
		l.anomalies[p].weak = true;
	}
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].affected, EACH);
}

static void
a_medium_that_follows_the_other_parts_what_happened_in_three(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	operators_lose(&l, 0, 1, 1000, 5000); /* mobile */
	operators_lose(&l, 2, 3, 2500, 3500); /* fixed */
	find(&l);
	assert_int_equal(l.events_n, 3);
	assert_int_equal(l.events[0].start_hi_us, 1000 * MINUTE_US);
	assert_int_equal(l.events[0].end_hi_us, 2500 * MINUTE_US);
	assert_int_equal(l.events[1].start_hi_us, 2500 * MINUTE_US);
	assert_int_equal(l.events[1].end_lo_us, 3500 * MINUTE_US);
	assert_int_equal(l.events[2].start_lo_us, 3500 * MINUTE_US);
	assert_int_equal(l.events[2].end_lo_us, 5000 * MINUTE_US);
}

static void
a_probe_that_was_out_long_before_does_not_date_the_event(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	operators_lose(&l, 0, 3, 1000, 2000);
	l.anomalies[0].start_lo_us = 940 * MINUTE_US;
	l.anomalies[0].start_hi_us = 945 * MINUTE_US;
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].start_hi_us, 1000 * MINUTE_US);
	assert_int_equal(l.events[0].start_lo_us, 995 * MINUTE_US);
}

static void
an_event_lasts_from_each_probes_first_loss_to_its_last(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	operators_lose(&l, 0, 0, 1000, 1040);
	operators_lose(&l, 0, 0, 1060, 1100);
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].affected, REGIONS * EACH);
	assert_int_equal(l.events[0].start_hi_us, 1000 * MINUTE_US);
	assert_int_equal(l.events[0].end_lo_us, 1100 * MINUTE_US);
}

/* All probes of one operator in one region. */
static void
place_loses(
	struct land *l, uint32_t operator, uint32_t region, int64_t from, int64_t to)
{
	uint32_t first = (operator* REGIONS + region) * EACH;

	for (uint32_t p = first; p < first + EACH; p++)
		loses(l, p, RUNG_domestic, from, to);
}

static void
a_probe_that_was_out_an_hour_before_does_not_part_its_place(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	operators_lose(&l, 0, 1, 1000, 1400);
	l.anomalies[0].start_lo_us = 905 * MINUTE_US;
	l.anomalies[0].start_hi_us = 910 * MINUTE_US;
	find(&l);
	assert_int_equal(l.events_n, 1);
	assert_int_equal(l.events[0].affected, 2 * REGIONS * EACH);
	assert_int_equal(l.events[0].start_hi_us, 1000 * MINUTE_US);
}

static void
a_place_elsewhere_that_comes_back_long_before_has_its_own_trouble(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	place_loses(&l, 0, 0, 1000, 1400);
	place_loses(&l, 1, 0, 1005, 1400);
	place_loses(&l, 2, 1, 980, 1150);
	find(&l);
	assert_int_equal(l.events_n, 2);
	assert_int_equal(l.events[0].affected + l.events[1].affected, 3 * EACH);
}

static void
a_place_beside_that_neither_goes_nor_comes_back_with_them_has_too(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	place_loses(&l, 0, 0, 1000, 1400);
	place_loses(&l, 1, 0, 1005, 1400);
	place_loses(&l, 2, 0, 1050, 1160);
	find(&l);
	assert_int_equal(l.events_n, 2);
}

static void
a_place_beside_that_goes_later_and_comes_back_with_them_is_theirs(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	place_loses(&l, 0, 0, 1000, 1400);
	place_loses(&l, 1, 0, 1005, 1400);
	place_loses(&l, 2, 0, 1050, 1400);
	find(&l);
	assert_int_equal(l.events_n, 1);
}

static void
who_are_slow_the_same_days_are_one_event_and_who_for_a_day_of_them_is_not(void **state)
{
	struct land l;

	(void)state;
	begin(&l);
	operators_lose(&l, 0, 0, 1000, 9000);
	operators_lose(&l, 1, 1, 3000, 9000);
	operators_lose(&l, 2, 2, 6000, 8000);
	for (size_t i = 0; i < l.n; i++) {
		l.anomalies[i].series = SERIES_RATE;
		l.anomalies[i].index = 0;
	}
	find(&l);
	assert_int_equal(l.events_n, 2);
	assert_int_equal(l.events[0].affected, 2 * REGIONS * EACH);
	assert_int_equal(l.events[1].affected, REGIONS * EACH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators_that_go_within_an_hour_are_one_event),
		cmocka_unit_test(one_probes_trouble_in_the_same_hour_stays_its_own),
		cmocka_unit_test(
			what_goes_later_and_comes_back_in_one_moment_after_long_is_the_same_event),
		cmocka_unit_test(
			silence_of_a_few_is_an_event_only_where_most_of_an_operator_are_silent),
		cmocka_unit_test(
			a_place_that_was_out_before_and_came_back_with_all_others_is_of_their_event),
		cmocka_unit_test(what_is_back_and_breaks_otherwise_is_another_event),
		cmocka_unit_test(later_round_trips_of_one_line_alone_are_no_event),
		cmocka_unit_test(
			a_line_that_is_down_shortly_is_an_event_whatever_went_before),
		cmocka_unit_test(
			what_was_over_before_most_went_out_does_not_date_their_event),
		cmocka_unit_test(what_goes_in_stages_began_with_the_first_of_them),
		cmocka_unit_test(
			what_takes_minutes_began_before_the_first_that_was_seen_out),
		cmocka_unit_test(one_bad_bin_does_not_say_what_broke),
		cmocka_unit_test(one_bad_bin_at_one_probe_is_no_event),
		cmocka_unit_test(one_bad_bin_at_most_probes_of_a_place_is_one),
		cmocka_unit_test(
			a_medium_that_follows_the_other_parts_what_happened_in_three),
		cmocka_unit_test(
			a_probe_that_was_out_long_before_does_not_date_the_event),
		cmocka_unit_test(
			an_event_lasts_from_each_probes_first_loss_to_its_last),
		cmocka_unit_test(
			a_probe_that_was_out_an_hour_before_does_not_part_its_place),
		cmocka_unit_test(
			a_place_elsewhere_that_comes_back_long_before_has_its_own_trouble),
		cmocka_unit_test(
			a_place_beside_that_neither_goes_nor_comes_back_with_them_has_too),
		cmocka_unit_test(
			a_place_beside_that_goes_later_and_comes_back_with_them_is_theirs),
		cmocka_unit_test(
			who_are_slow_the_same_days_are_one_event_and_who_for_a_day_of_them_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
