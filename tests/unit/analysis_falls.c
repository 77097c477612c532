#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/outages.h"

#define HOUR_US INT64_C(3600000000)
#define BEGIN_US (436000 * HOUR_US)
#define REFERENCE_US (14 * 24 * HOUR_US)
#define PERCENT INT64_C(1000000)
#define REGIONS 8
#define DAYS 7
#define HOURS (24 * DAYS)
#define FALL_AT 96 /* hour */

/* A quiet country: by day nearly all answer, at night fewer, with some noise. */
static int64_t
quiet(uint32_t region, int hour)
{
	uint32_t noise = (region * 2654435761U + (uint32_t)hour * 40503U) >> 13 & 3;

	return (hour % 24 < 6 ? 92 : 98) * PERCENT - noise * PERCENT;
}

/* What is left of it, in percent, in each hour of the week. */
typedef int left_fn(uint32_t region, int hour);

static int
left_all(uint32_t region, int hour)
{
	(void)region, (void)hour;
	return 100;
}

/* Everything off within an hour; nothing comes back. */
static int
left_cut(uint32_t region, int hour)
{
	return hour < FALL_AT + (int)(region % 2) ? 100 : 4;
}

/* Slides for six hours, comes back over forty. */
static int
left_slide(uint32_t region, int hour)
{
	int since = hour - FALL_AT - (int)(region % 2);

	if (since < 0)
		return 100;
	if (since < 6)
		return 85 - since * 14;
	return 15 + (since - 6) * 2 > 100 ? 100 : 15 + (since - 6) * 2;
}

static int
left_dip(uint32_t region, int hour)
{
	(void)region;
	return hour == FALL_AT ? 30 : 100;
}

static int
left_one_region(uint32_t region, int hour)
{
	return !region && hour >= FALL_AT ? 0 : 100;
}

struct seen {
	struct falls falls;
	struct shape shape;
	struct observation observations[ROW_COUNT];
	size_t n;
};

/* Clocks ${late_us} late; ${amplitude} percent of every deviation from a hundred. */
static void
see(struct seen *seen, left_fn *left, int64_t late_us, int amplitude)
{
	static struct regional levels[REGIONS * HOURS];
	size_t n = 0;

	memset(seen, 0, sizeof *seen);
	for (uint32_t region = 0; region < REGIONS; region++)
		for (int hour = 0; hour < HOURS; hour++) {
			int64_t value = quiet(region, hour) * left(region, hour) / 100;

			levels[n++] = (struct regional){.region = region,
				.utc_us = BEGIN_US + hour * HOUR_US + late_us,
				.value_micro = 100 * PERCENT - (100 * PERCENT - value) *
								       amplitude / 100};
		}
	falls_find(&seen->falls, levels, n, REFERENCE_US);
	if (seen->falls.n) {
		shape_read(
			&seen->shape, &seen->falls.falls[0], &seen->falls, levels, n);
		seen->n = outages_observe_fall(seen->observations, &seen->shape,
			&seen->falls.falls[0], seen->falls.step_us);
	}
}

static bool
fired(const struct seen *seen, enum row row)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->observations[i].row == row)
			return true;
	return false;
}

static struct verdict
judge(const struct seen *seen)
{
	struct verdict verdict;

	classify(&verdict, seen->observations, seen->n, evidence_weights());
	return verdict;
}

static void
a_quiet_week_with_its_nights_has_no_fall(void **state)
{
	struct seen seen;

	(void)state;
	see(&seen, left_all, 0, 100);
	assert_int_equal(seen.falls.n, 0);
	falls_free(&seen.falls);
}

static void
one_bad_hour_or_one_region_is_no_fall_of_a_country(void **state)
{
	struct seen seen;

	(void)state;
	see(&seen, left_dip, 0, 100);
	assert_int_equal(seen.falls.n, 0);
	falls_free(&seen.falls);
	see(&seen, left_one_region, 0, 100);
	assert_int_equal(seen.falls.n, 0);
	falls_free(&seen.falls);
}

static void
a_cut_that_rests_at_its_floor_is_a_shutdown_at_any_clock_and_half_its_depth(
	void **state)
{
	(void)state;
	for (int amplitude = 50; amplitude <= 100; amplitude += 25)
		for (int64_t late = 0; late < 60; late += 13) {
			struct seen seen;
			struct verdict verdict;
			const struct fall *fall;

			see(&seen, left_cut, late * HOUR_US / 60, amplitude);
			assert_int_equal(seen.falls.n, 1);
			fall = &seen.falls.falls[0];
			assert_int_equal(fall->start_hi_us,
				BEGIN_US + FALL_AT * HOUR_US + late * HOUR_US / 60);
			assert_int_equal(
				fall->start_lo_us, fall->start_hi_us - HOUR_US);
			assert_int_equal(fall->end_hi_us, 0);
			assert_int_equal(seen.shape.fell, REGIONS);
			assert_true(fired(&seen, ROW_21s));
			assert_true(fired(&seen, ROW_31s));
			assert_false(fired(&seen, ROW_22s));
			verdict = judge(&seen);
			assert_int_equal(verdict.class, CLASS_shutdown);
			assert_false(verdict.insufficient);
			falls_free(&seen.falls);
		}
}

static void
a_slide_that_comes_back_little_by_little_is_a_power_failure(void **state)
{
	(void)state;
	for (int amplitude = 50; amplitude <= 100; amplitude += 25) {
		struct seen seen;
		struct verdict verdict;

		see(&seen, left_slide, 0, amplitude);
		assert_int_equal(seen.falls.n, 1);
		assert_true(seen.falls.falls[0].end_hi_us > 0);
		assert_true(fired(&seen, ROW_22s));
		assert_true(fired(&seen, ROW_30s));
		assert_false(fired(&seen, ROW_31s));
		verdict = judge(&seen);
		assert_int_equal(verdict.cause, CAUSE_infrastructure_power);
		assert_false(verdict.insufficient);
		falls_free(&seen.falls);
	}
}

static void
the_regions_stand_in_the_order_in_which_they_fell(void **state)
{
	struct seen seen;

	(void)state;
	see(&seen, left_cut, 0, 100);
	assert_int_equal(seen.shape.order_n, SHAPE_ORDER);
	for (uint32_t i = 0; i < SHAPE_ORDER; i++)
		assert_int_equal(seen.shape.order[i], i < 4 ? i * 2 : i * 2 - 7);
	falls_free(&seen.falls);
}

/* ---- outages ---- */

#define MINUTE_US INT64_C(60000000)

static bool
says(const struct outage *outages, size_t n, size_t at, enum row row)
{
	struct seen seen = {.n = outages_observe(seen.observations, outages, n, at)};

	return fired(&seen, row);
}

static void
the_minute_of_an_outage_is_that_of_the_country_s_clocks(void **state)
{
	struct outage o = {.begin_us = BEGIN_US + 30 * MINUTE_US,
		.offset_us = 330 * MINUTE_US,
		.has_clock = true};

	(void)state;
	assert_true(says(&o, 1, 0, ROW_25h));
	o.offset_us = 0;
	assert_false(says(&o, 1, 0, ROW_25h));
	assert_false(says(&o, 1, 0, ROW_25n));
	o.begin_us += MINUTE_US;
	assert_true(says(&o, 1, 0, ROW_25n));
	o.has_clock = false;
	assert_false(says(&o, 1, 0, ROW_25n));
}

static void
an_outage_recurs_at_the_same_time_of_day_within_a_week(void **state)
{
	struct outage o[3] = {
		{.begin_us = BEGIN_US}, {.begin_us = BEGIN_US}, {.begin_us = BEGIN_US}};

	(void)state;
	o[1].begin_us += 3 * 24 * HOUR_US + 10 * MINUTE_US;
	assert_true(says(o, 2, 0, ROW_26s) && says(o, 2, 1, ROW_26s));
	o[1].begin_us += MINUTE_US;
	assert_true(says(o, 2, 0, ROW_26n) && says(o, 2, 1, ROW_26n));
	o[1].begin_us = BEGIN_US + 8 * 24 * HOUR_US;
	assert_true(says(o, 2, 0, ROW_26n));
	o[1].begin_us = BEGIN_US; /* at once is not again */
	assert_true(says(o, 2, 0, ROW_26n));
	o[1].begin_us = BEGIN_US + 24 * HOUR_US - 9 * MINUTE_US;
	o[1].place = 1;
	assert_true(says(o, 2, 0, ROW_26n));
	o[1].place = 0;
	assert_true(says(o, 2, 0, ROW_26s));
}

static void
what_is_not_known_of_an_outage_fires_nothing(void **state)
{
	struct outage o = {.begin_us = BEGIN_US, .signals = 2, .fell = 2};

	(void)state;
	assert_false(says(&o, 1, 0, ROW_27h) || says(&o, 1, 0, ROW_27n));
	assert_false(says(&o, 1, 0, ROW_28d) || says(&o, 1, 0, ROW_28s));
	assert_false(says(&o, 1, 0, ROW_53) || says(&o, 1, 0, ROW_53n));
	o.signals = 3;
	o.end_us = BEGIN_US + 25 * HOUR_US;
	assert_true(says(&o, 1, 0, ROW_27h) && says(&o, 1, 0, ROW_28d));
	assert_true(says(&o, 1, 0, ROW_53n));
	o.end_us = BEGIN_US + 119 * MINUTE_US;
	assert_true(says(&o, 1, 0, ROW_27n) && says(&o, 1, 0, ROW_28s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_week_with_its_nights_has_no_fall),
		cmocka_unit_test(one_bad_hour_or_one_region_is_no_fall_of_a_country),
		cmocka_unit_test(
			a_cut_that_rests_at_its_floor_is_a_shutdown_at_any_clock_and_half_its_depth),
		cmocka_unit_test(
			a_slide_that_comes_back_little_by_little_is_a_power_failure),
		cmocka_unit_test(the_regions_stand_in_the_order_in_which_they_fell),
		cmocka_unit_test(
			the_minute_of_an_outage_is_that_of_the_country_s_clocks),
		cmocka_unit_test(
			an_outage_recurs_at_the_same_time_of_day_within_a_week),
		cmocka_unit_test(what_is_not_known_of_an_outage_fires_nothing),
	};

	return cmocka_run_group_tests_name("falls", tests, NULL, NULL);
}
