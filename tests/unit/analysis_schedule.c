#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/timetable.h"

#define MINUTE_US INT64_C(60000000)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define PROBES 10
#define EVENTS 24

struct scene {
	struct network networks[1];
	struct probe probes[PROBES];
	struct record record;
	struct anomaly anomalies[EVENTS * PROBES];
	struct event events[EVENTS];
	struct verdict verdicts[EVENTS];
	struct neighbour all[EVENTS];
	struct neighbours neighbours;
	struct timetables timetables;
	struct timetable timetable;
	size_t members[EVENTS], n;
};

static void
scene_begin(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->networks[0].country, "XX");
	s->record = (struct record){.networks = s->networks,
		.networks_n = 1,
		.probes = s->probes,
		.probes_n = PROBES,
		.window_us = 15 * MINUTE_US,
		.horizon_us = 30 * DAY_US};
}

/* At the first ${probes} of them, from ${start} for ${hours}; 0: not ended. */
static struct event *
happens(struct scene *s, int64_t start_us, int64_t hours, uint32_t probes)
{
	struct event *e = &s->events[s->n];
	uint32_t first = (uint32_t)s->n * PROBES;

	*e = (struct event){.country = "XX",
		.family = FAMILY_LOSS,
		.target = NO_TARGET,
		.first = first,
		.n = probes,
		.affected = probes,
		.start_lo_us = start_us - MINUTE_US,
		.start_hi_us = start_us};
	if (hours) {
		e->end_lo_us = start_us + hours * HOUR_US - MINUTE_US;
		e->end_hi_us = start_us + hours * HOUR_US;
	}
	for (uint32_t p = 0; p < probes; p++)
		s->anomalies[first + p].probe = p;
	s->verdicts[s->n].class = CLASS_shutdown;
	s->all[s->n] = (struct neighbour){.event = e, .verdict = &s->verdicts[s->n]};
	s->n++;
	return e;
}

/* Does the event keep one? */
static bool
keeps(struct scene *s, const struct event *event)
{
	size_t at;
	bool found;

	neighbours_open(&s->neighbours, s->all, s->n, s->anomalies, &s->record);
	timetables_find(&s->timetables, &s->neighbours);
	at = neighbours_find(&s->neighbours, event);
	found = at != SIZE_MAX && timetable_of(&s->timetable, s->members,
					  &s->timetables, &s->neighbours, at);
	timetables_free(&s->timetables);
	neighbours_close(&s->neighbours);
	return found;
}

static void
test_nights_are_one_timetable_and_each_night_tells_it(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (int64_t day = 1; day <= 5; day++)
		happens(&s, day * DAY_US + (day % 2) * 4 * MINUTE_US, 8, 8);
	for (size_t i = 0; i < s.n; i++) {
		assert_true(keeps(&s, &s.events[i]));
		assert_int_equal(s.timetable.n, 5);
		assert_int_equal(s.timetable.of, 5);
		assert_int_equal(s.timetable.days, 1);
		assert_int_equal(s.timetable.apart_us, 4 * MINUTE_US);
		assert_int_equal(s.timetable.least_us, 8 * HOUR_US);
		assert_int_equal(s.timetable.otherwise, 0);
		assert_int_equal(s.members[4], 4);
	}
}

static void
test_two_of_a_kind_are_no_timetable(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	happens(&s, 1 * DAY_US, 8, 8);
	happens(&s, 2 * DAY_US, 8, 8);
	assert_false(keeps(&s, &s.events[0]));
}

static void
test_a_week_is_a_period_and_a_missing_night_is_told(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (int64_t week = 1; week <= 3; week++)
		happens(&s, week * 7 * DAY_US, 3, 4);
	assert_true(keeps(&s, &s.events[0]));
	assert_int_equal(s.timetable.days, 7);
	assert_int_equal(s.timetable.of, 3);
	scene_begin(&s);
	for (int64_t day = 1; day <= 6; day++)
		if (day != 3 && day != 5)
			happens(&s, day * DAY_US, 3, 4);
	assert_true(keeps(&s, &s.events[0]));
	assert_int_equal(s.timetable.days, 1);
	assert_int_equal(s.timetable.n, 4);
	assert_int_equal(s.timetable.of, 6);
}

static void
test_what_came_less_often_than_each_third_time_met_by_chance(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	happens(&s, 1 * DAY_US, 3, 4);
	happens(&s, 5 * DAY_US, 3, 4);
	happens(&s, 12 * DAY_US, 3, 4);
	assert_false(keeps(&s, &s.events[0]));
}

static void
test_other_hours_lengths_probes_and_kinds_are_not_of_it(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (int64_t day = 1; day <= 3; day++)
		happens(&s, day * DAY_US, 8, 8);
	assert_false(keeps(&s, happens(&s, 4 * DAY_US + HOUR_US, 8, 8)));
	assert_false(keeps(&s, happens(&s, 4 * DAY_US, 4, 8)));
	assert_false(keeps(&s, happens(&s, 4 * DAY_US, 8, 4)));
	happens(&s, 4 * DAY_US, 8, 8)->family = FAMILY_SLOW;
	assert_false(keeps(&s, &s.events[s.n - 1]));
	assert_true(keeps(&s, &s.events[0]));
	assert_int_equal(s.timetable.n, 3);
}

static void
test_a_night_that_goes_on_is_of_the_timetable_until_it_is_too_long(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (int64_t day = 1; day <= 3; day++)
		happens(&s, day * DAY_US, 8, 8);
	happens(&s, 4 * DAY_US, 0, 8);
	s.record.horizon_us = 4 * DAY_US + HOUR_US;
	assert_true(keeps(&s, &s.events[3]));
	assert_int_equal(s.timetable.n, 4);
	s.record.horizon_us = 4 * DAY_US + 12 * HOUR_US;
	assert_false(keeps(&s, &s.events[3]));
	assert_true(keeps(&s, &s.events[0]));
}

static void
test_nights_of_another_class_are_counted(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (int64_t day = 1; day <= 4; day++)
		happens(&s, day * DAY_US, 8, 8);
	s.verdicts[1].class = CLASS_ordinary;
	s.verdicts[2].insufficient = true;
	assert_true(keeps(&s, &s.events[0]));
	assert_int_equal(s.timetable.otherwise, 2);
	assert_true(keeps(&s, &s.events[1]));
	assert_int_equal(s.timetable.otherwise, 3);
}

static void
test_what_is_not_said_and_what_two_probes_saw_is_of_none(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (int64_t day = 1; day <= 3; day++)
		happens(&s, day * DAY_US, 8, 8);
	s.all[1].verdict = NULL;
	assert_false(keeps(&s, &s.events[0]));
	scene_begin(&s);
	for (int64_t day = 1; day <= 3; day++)
		happens(&s, day * DAY_US, 8, 2);
	assert_false(keeps(&s, &s.events[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nights_are_one_timetable_and_each_night_tells_it),
		cmocka_unit_test(test_two_of_a_kind_are_no_timetable),
		cmocka_unit_test(test_a_week_is_a_period_and_a_missing_night_is_told),
		cmocka_unit_test(
			test_what_came_less_often_than_each_third_time_met_by_chance),
		cmocka_unit_test(
			test_other_hours_lengths_probes_and_kinds_are_not_of_it),
		cmocka_unit_test(
			test_a_night_that_goes_on_is_of_the_timetable_until_it_is_too_long),
		cmocka_unit_test(test_nights_of_another_class_are_counted),
		cmocka_unit_test(
			test_what_is_not_said_and_what_two_probes_saw_is_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
