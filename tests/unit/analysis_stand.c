#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/stand.h"

/*
 * Two analyses, one after the other, of the same losses: a morning's, and one that is going
 * on. A verdict stands where nothing that it may have looked at is other than it was.
 */
#define HOUR_US (3600 * (int64_t)1000000)
#define DAY_US (24 * HOUR_US)
#define MORNING_US (500 * DAY_US)
#define WINDOW_US (HOUR_US / 4)
#define PROBES 3
#define MOST 8

struct found {
	struct anomaly anomalies[MOST * PROBES];
	struct event events[MOST];
	struct findings findings;
};

static void
begin(struct found *f)
{
	memset(f, 0, sizeof(*f));
	f->findings = (struct findings){.anomalies = f->anomalies,
		.events = f->events,
		.horizon_us = MORNING_US + 3 * DAY_US,
		.window_us = WINDOW_US};
}

/* Of all probes; to_us 0: it goes on. */
static struct anomaly *
lose(struct found *f, enum family family, int64_t from_us, int64_t to_us)
{
	size_t at = f->findings.events_n++;
	struct event *event = &f->events[at];
	struct anomaly *own = &f->anomalies[at * PROBES];

	*event = (struct event){.country = "XX",
		.family = (uint8_t)family,
		.target = NO_TARGET,
		.first = (uint32_t)(at * PROBES),
		.n = PROBES,
		.start_lo_us = from_us - 1,
		.start_hi_us = from_us,
		.end_lo_us = to_us ? to_us : f->findings.horizon_us,
		.end_hi_us = to_us ? to_us + 1 : 0,
		.affected = PROBES};
	for (uint32_t p = 0; p < PROBES; p++)
		own[p] = (struct anomaly){.probe = p,
			.series = SERIES_RUNG,
			.index = RUNG_access,
			.start_lo_us = event->start_lo_us,
			.start_hi_us = event->start_hi_us,
			.end_lo_us = event->end_lo_us,
			.end_hi_us = event->end_hi_us,
			.bins = 4,
			.event = (uint32_t)at};
	return own;
}

static void
begin_both(struct found *was, struct found *is)
{
	begin(was);
	begin(is);
	lose(was, FAMILY_LOSS, MORNING_US, MORNING_US + HOUR_US);
	lose(is, FAMILY_LOSS, MORNING_US, MORNING_US + HOUR_US);
}

static bool
stands(const struct found *was, const struct found *is, size_t event,
	int64_t changed_us)
{
	struct stand stand;
	size_t found;

	stand_open(&stand, &was->findings, &is->findings, changed_us);
	found = stand_find(&stand, event);
	stand_close(&stand);
	assert_true(found == STAND_NONE || found == event);
	return found != STAND_NONE;
}

static void
test_it_stands_until_a_sample_changes_that_it_looked_at(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	assert_true(stands(&was, &is, 0, MORNING_US + DAY_US));
	assert_false(stands(&was, &is, 0, MORNING_US));
	assert_false(stands(&was, &is, 0, MORNING_US + HOUR_US));
}

static void
test_what_goes_on_never_stands(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	lose(&was, FAMILY_LOSS, MORNING_US + HOUR_US * 30, 0);
	lose(&is, FAMILY_LOSS, MORNING_US + HOUR_US * 30, 0);
	assert_true(stands(&was, &is, 0, INT64_MAX));
	assert_false(stands(&was, &is, 1, INT64_MAX));
}

static void
test_one_probe_that_is_out_still_keeps_none_that_is_over_from_standing(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	was.anomalies[1].end_hi_us = is.anomalies[1].end_hi_us = 0;
	assert_true(stands(&was, &is, 0, MORNING_US + DAY_US));
	/* But what came back into power is looked at when it did. */
	was.anomalies[0].series = is.anomalies[0].series = SERIES_DARK;
	assert_false(stands(&was, &is, 0, MORNING_US + DAY_US));
}

static void
test_what_lasted_beyond_what_was_known_is_looked_at_again(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	was.findings.horizon_us = MORNING_US + HOUR_US;
	assert_false(stands(&was, &is, 0, INT64_MAX));
}

static void
test_another_anomaly_of_its_own_brings_it_down(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	is.anomalies[2].bins++;
	assert_false(stands(&was, &is, 0, INT64_MAX));
}

static void
test_what_others_lost_meanwhile_brings_it_down(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	lose(&is, FAMILY_SLOW, MORNING_US + HOUR_US / 2, MORNING_US + DAY_US);
	assert_false(stands(&was, &is, 0, INT64_MAX));
	/* Just so what they did not lose after all. */
	assert_false(stands(&is, &was, 0, INT64_MAX));
}

static void
test_what_others_lost_later_does_not(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	lose(&is, FAMILY_SLOW, MORNING_US + 2 * HOUR_US, MORNING_US + DAY_US);
	assert_true(stands(&was, &is, 0, INT64_MAX));
}

static void
test_that_others_came_back_later_than_was_known_does_not(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	lose(&was, FAMILY_SLOW, MORNING_US - HOUR_US, MORNING_US + 5 * HOUR_US);
	lose(&is, FAMILY_SLOW, MORNING_US - HOUR_US, MORNING_US + 9 * HOUR_US);
	assert_true(stands(&was, &is, 0, INT64_MAX));
	begin_both(&was, &is);
	lose(&was, FAMILY_SLOW, MORNING_US - HOUR_US, MORNING_US);
	lose(&is, FAMILY_SLOW, MORNING_US - HOUR_US, MORNING_US + 9 * HOUR_US);
	assert_false(stands(&was, &is, 0, INT64_MAX));
}

static void
test_a_timetable_is_looked_at_when_it_gets_another_line(void **state)
{
	struct found was, is;

	(void)state;
	begin_both(&was, &is);
	lose(&is, FAMILY_LOSS, MORNING_US + DAY_US, MORNING_US + DAY_US + HOUR_US);
	assert_false(stands(&was, &is, 0, INT64_MAX));
	begin_both(&was, &is);
	lose(&is, FAMILY_LOSS, MORNING_US + DAY_US + 3 * HOUR_US,
		MORNING_US + DAY_US + 4 * HOUR_US);
	assert_true(stands(&was, &is, 0, INT64_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_it_stands_until_a_sample_changes_that_it_looked_at),
		cmocka_unit_test(test_what_goes_on_never_stands),
		cmocka_unit_test(
			test_one_probe_that_is_out_still_keeps_none_that_is_over_from_standing),
		cmocka_unit_test(
			test_what_lasted_beyond_what_was_known_is_looked_at_again),
		cmocka_unit_test(test_another_anomaly_of_its_own_brings_it_down),
		cmocka_unit_test(test_what_others_lost_meanwhile_brings_it_down),
		cmocka_unit_test(test_what_others_lost_later_does_not),
		cmocka_unit_test(
			test_that_others_came_back_later_than_was_known_does_not),
		cmocka_unit_test(
			test_a_timetable_is_looked_at_when_it_gets_another_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
