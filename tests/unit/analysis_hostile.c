#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/view.h"

/*
 * What a liar, a broken clock or a long outage puts in, against what the steps may make of
 * it. A window is one second here.
 */
#define SECOND INT64_C(1000000)
#define START_US (1700000000 * SECOND)
#define REFERENCE 8
#define BINS_MAX 64

static const struct network networks[] = {{.country = "QX"}};

static struct record
record_of(const struct sample *samples, size_t n, const struct probe *probes,
	size_t probes_n)
{
	return (struct record){
		.samples = samples,
		.samples_n = n,
		.probes = probes,
		.probes_n = probes_n,
		.networks = networks,
		.networks_n = 1,
		.window_us = SECOND,
		.reference_us = REFERENCE * SECOND,
		.horizon_us = START_US + 1000 * SECOND,
	};
}

/* One bin a window: all tries succeed, or none does. */
static size_t
add_bins(struct bin *bins, size_t n, size_t until, bool good)
{
	for (; n < until; n++) {
		int64_t at_us = START_US + (int64_t)n * SECOND;

		bins[n] = (struct bin){
			.index = RUNG_international,
			.series = SERIES_RUNG,
			.window = at_us / SECOND,
			.tried = 10,
			.succeeded = good ? 10 : 0,
			.first_good_us = good ? at_us : 0,
			.last_good_us = good ? at_us : 0,
			.first_bad_us = good ? 0 : at_us,
			.last_bad_us = good ? 0 : at_us,
		};
	}
	return n;
}

static void
test_an_outage_that_outlasts_the_baseline_is_one_outage_and_ends(void **state)
{
	struct record record = record_of(NULL, 0, NULL, 0);
	struct anomaly anomalies[BINS_MAX];
	struct bin bins[BINS_MAX];
	size_t n = add_bins(bins, 0, 10, true);

	(void)state;
	n = add_bins(bins, n, 10 + 3 * REFERENCE, false);
	n = add_bins(bins, n, 20 + 3 * REFERENCE, true);
	assert_int_equal(detect(anomalies, bins, n, &record), 1);
	assert_int_equal(anomalies[0].start_hi_us, START_US + 10 * SECOND);
	assert_int_equal(
		anomalies[0].end_hi_us, START_US + (10 + 3 * REFERENCE) * SECOND);
}

static void
test_an_outage_that_outlasts_the_baseline_stays_open(void **state)
{
	struct record record = record_of(NULL, 0, NULL, 0);
	struct anomaly anomalies[BINS_MAX];
	struct bin bins[BINS_MAX];
	size_t n = add_bins(bins, 0, 10, true);

	(void)state;
	n = add_bins(bins, n, 10 + 3 * REFERENCE, false);
	assert_int_equal(detect(anomalies, bins, n, &record), 1);
	assert_int_equal(anomalies[0].bins, 3 * REFERENCE);
	assert_int_equal(anomalies[0].end_hi_us, 0);
}

static struct anomaly
reach(uint32_t probe, int64_t start_s)
{
	int64_t start_us = START_US + start_s * SECOND;

	return (struct anomaly){.probe = probe,
		.index = RUNG_international,
		.series = SERIES_RUNG,
		.start_lo_us = start_us - SECOND,
		.start_hi_us = start_us,
		.end_lo_us = start_us + SECOND,
		.bins = 20};
}

static void
test_one_probe_that_was_dark_for_long_does_not_date_the_others_outage(void **state)
{
	struct record record = record_of(NULL, 0, NULL, 0);
	struct anomaly anomalies[] = {
		reach(0, 1), reach(1, 500), reach(2, 501), reach(3, 502)};
	struct event events[4];

	(void)state;
	assert_int_equal(join(events, anomalies, 4, &record), 2);
	assert_int_equal(events[0].affected, 1);
	assert_int_equal(events[1].affected, 3);
	assert_int_equal(events[1].start_hi_us, START_US + 500 * SECOND);
}

static void
test_an_outage_that_spreads_from_one_to_the_next_is_one_event(void **state)
{
	struct record record = record_of(NULL, 0, NULL, 0);
	struct anomaly anomalies[] = {
		reach(0, 1), reach(1, 10), reach(2, 20), reach(3, 30)};
	struct event events[4];

	(void)state;
	assert_int_equal(join(events, anomalies, 4, &record), 1);
	assert_int_equal(events[0].affected, 4);
}

static void
test_a_boot_counter_that_goes_backwards_is_no_reboot(void **state)
{
	static const struct probe probes[1];
	struct sample samples[] = {
		{.utc_us = START_US, .target = NO_TARGET, .boot = 7},
		{.utc_us = START_US + SECOND, .target = NO_TARGET, .boot = 3},
		{.utc_us = START_US + 2 * SECOND, .target = NO_TARGET, .boot = 3},
	};
	struct record record = record_of(samples, 3, probes, 1);
	struct anomaly anomaly = reach(0, 0);
	struct event event = {.country = "QX",
		.n = 1,
		.start_lo_us = START_US,
		.start_hi_us = START_US,
		.affected = 1};
	const struct joined joined = {.anomalies = &anomaly,
		.anomalies_n = 1,
		.events = &event,
		.events_n = 1};
	struct view view;

	(void)state;
	view_open(&view, &event, &joined, &record);
	assert_false(view.tallies[0].rebooted);
	view_close(&view);
	samples[2].boot = 4;
	view_open(&view, &event, &joined, &record);
	assert_true(view.tallies[0].rebooted);
	view_close(&view);
}

static void
test_a_probe_that_never_measured_is_expected_nowhere(void **state)
{
	static const struct probe probes[2];
	const struct sample sample = {.utc_us = START_US, .target = NO_TARGET};
	struct record record = record_of(&sample, 1, probes, 2);
	struct anomaly anomaly = reach(0, 0);
	struct event event = {.country = "QX",
		.n = 1,
		.start_lo_us = START_US,
		.start_hi_us = START_US,
		.affected = 1};
	const struct joined joined = {.anomalies = &anomaly,
		.anomalies_n = 1,
		.events = &event,
		.events_n = 1};
	struct witness witness;
	struct view view;

	(void)state;
	view_open(&view, &event, &joined, &record);
	view_witness(&witness, &view);
	assert_int_equal(witness.expected, 1);
	assert_int_equal(witness.reporting, 1);
	view_close(&view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_an_outage_that_outlasts_the_baseline_is_one_outage_and_ends),
		cmocka_unit_test(test_an_outage_that_outlasts_the_baseline_stays_open),
		cmocka_unit_test(
			test_one_probe_that_was_dark_for_long_does_not_date_the_others_outage),
		cmocka_unit_test(
			test_an_outage_that_spreads_from_one_to_the_next_is_one_event),
		cmocka_unit_test(test_a_boot_counter_that_goes_backwards_is_no_reboot),
		cmocka_unit_test(test_a_probe_that_never_measured_is_expected_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
