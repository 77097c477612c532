#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/routes.h"

#define HOUR_US (INT64_C(3600) * 1000000)
#define T0 (1000 * HOUR_US)
#define HOURS 240 /* of points, the last at T0 */

/* Two operators, one of them hit at T0; a point of each an hour. */
struct scene {
	struct network networks[2];
	struct anomaly anomaly;
	struct event event;
	struct point points[2 * HOURS];
	struct record record;
	struct routes_fall fall;
};

static void
scene_begin(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->networks[0] = (struct network){"XX", "", 64501, MEDIUM_mobile};
	s->networks[1] = (struct network){"XX", "", 64502, MEDIUM_fixed};
	s->event = (struct event){.country = "XX",
		.n = 1,
		.start_lo_us = T0,
		.start_hi_us = T0 + HOUR_US / 4};
	for (uint32_t i = 0; i < 2 * HOURS; i++)
		s->points[i] = (struct point){
			.utc_us = T0 - (HOURS - 1 - (int64_t)i % HOURS) * HOUR_US,
			.value_micro = 100000000,
			.asn = 64501 + i / HOURS,
			.country = "XX",
			.metric = METRIC_bgp,
			.source = i / HOURS};
	s->record = (struct record){.networks = s->networks,
		.networks_n = 2,
		.points = s->points,
		.points_n = 2 * HOURS,
		.window_us = HOUR_US / 4,
		.reference_us = 336 * HOUR_US};
}

/* From so many hours before the event until so many. */
static void
falls(struct scene *s, uint32_t operator, int from_h, int to_h, int64_t percent)
{
	for (int h = from_h; h > to_h; h--)
		s->points[operator* HOURS + HOURS - 1 -(uint32_t) h].value_micro =
			percent * 1000000;
}

static bool
find(struct scene *s)
{
	return routes_before(&s->fall, &s->event, &s->anomaly, &s->record);
}

static void
test_routes_that_were_gone_hours_before_and_stayed_so_go_before_it(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	falls(&s, 0, 5, -1, 50);
	assert_true(find(&s));
	assert_int_equal(s.fall.n, 1);
	assert_int_equal(s.fall.of, 1);
	assert_int_equal(s.fall.first_us, T0 - 5 * HOUR_US);
	assert_int_equal(s.fall.alike, 0);
}

static void
test_routes_that_came_back_or_fell_with_it_or_of_others_do_not(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	assert_false(find(&s));
	falls(&s, 0, 5, 2, 50); /* back */
	falls(&s, 1, 5, -1, 50); /* not hit */
	assert_false(find(&s));
	falls(&s, 0, 0, -1, 50); /* in its own hour */
	assert_false(find(&s));
	falls(&s, 0, 5, -1, 90); /* not by much */
	assert_false(find(&s));
}

static void
test_a_fall_that_lasts_for_days_is_no_sign_and_those_before_are_counted(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	falls(&s, 0, 30, -1, 50);
	assert_false(find(&s));
	scene_begin(&s);
	falls(&s, 0, 100, 98, 50);
	falls(&s, 0, 60, 59, 50);
	falls(&s, 0, 3, -1, 0);
	assert_true(find(&s));
	assert_int_equal(s.fall.alike, 2);
}

static void
test_too_few_points_tell_nothing(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	falls(&s, 0, 5, -1, 50);
	s.record.points = &s.points[HOURS - 26];
	s.record.points_n = 26;
	assert_false(find(&s));
	assert_int_equal(s.fall.of, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_routes_that_were_gone_hours_before_and_stayed_so_go_before_it),
		cmocka_unit_test(
			test_routes_that_came_back_or_fell_with_it_or_of_others_do_not),
		cmocka_unit_test(
			test_a_fall_that_lasts_for_days_is_no_sign_and_those_before_are_counted),
		cmocka_unit_test(test_too_few_points_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
