#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/rollup.h"

#define MINUTE_US INT64_C(60000000)
#define BEGIN_US (INT64_C(1000) * 60 * MINUTE_US)
#define SAMPLES 14
#define OFF_MINUTES 360

/* One machine that looks every so often, stops, and comes back with a new boot. */
struct scene {
	struct network networks[1];
	struct probe probes[1];
	struct sample samples[SAMPLES];
	struct record record;
	struct anomaly gap;
};

static void
looks_every(struct scene *s, int64_t minutes)
{
	static struct bin bins[ROLLUP_BINS * SAMPLES + 1];
	static struct anomaly anomalies[ROLLUP_BINS * SAMPLES + 1];
	size_t n;

	*s = (struct scene){.networks = {{.country = "XX"}}};
	for (size_t i = 0; i < SAMPLES; i++)
		s->samples[i] = (struct sample){
			.utc_us = BEGIN_US + (int64_t)i * minutes * MINUTE_US,
			.target = NO_TARGET,
			.boot = 1,
			.check = CHECK_ping,
			.rung = RUNG_access,
			.success = 1,
		};
	for (size_t i = SAMPLES / 2; i < SAMPLES; i++) {
		s->samples[i].utc_us += OFF_MINUTES * MINUTE_US;
		s->samples[i].boot = 2;
	}
	s->record = (struct record){
		.samples = s->samples,
		.samples_n = SAMPLES,
		.networks = s->networks,
		.networks_n = 1,
		.probes = s->probes,
		.probes_n = 1,
		.window_us = 15 * MINUTE_US,
		.reference_us = 7 * 24 * 60 * MINUTE_US,
		.horizon_us = s->samples[SAMPLES - 1].utc_us + MINUTE_US,
	};
	n = rollup(bins, &s->record);
	n = detect(anomalies, bins, n, &s->record);
	assert_int_equal(n, 1);
	assert_int_equal(anomalies[0].series, SERIES_DARK);
	s->gap = anomalies[0];
}

static void
test_a_machine_that_looks_once_an_hour_may_have_stopped_until_it_was_due(void **state)
{
	struct scene s;
	int64_t last_us;

	(void)state;
	looks_every(&s, 60);
	last_us = s.samples[SAMPLES / 2 - 1].utc_us;
	assert_int_equal(s.gap.start_lo_us, last_us);
	assert_int_equal(s.gap.start_hi_us, last_us + 60 * MINUTE_US);
	assert_int_equal(s.gap.end_hi_us, s.samples[SAMPLES / 2].utc_us);
}

static void
test_a_machine_that_looks_often_is_missed_within_a_window(void **state)
{
	struct scene s;
	int64_t last_us;

	(void)state;
	looks_every(&s, 5);
	last_us = s.samples[SAMPLES / 2 - 1].utc_us;
	assert_int_equal(s.gap.start_lo_us, last_us);
	assert_int_equal(s.gap.start_hi_us, last_us + 15 * MINUTE_US);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_machine_that_looks_once_an_hour_may_have_stopped_until_it_was_due),
		cmocka_unit_test(
			test_a_machine_that_looks_often_is_missed_within_a_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
