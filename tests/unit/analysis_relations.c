#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/relations.h"

#define MINUTE_US INT64_C(60000000)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define T0 (100 * DAY_US)
#define NETWORKS 4
#define EACH 4
#define PROBES (NETWORKS * EACH)
#define EVENTS 24

/* Two regions, a mobile and a fixed operator in each; four probes in each network. */
struct scene {
	struct network networks[NETWORKS];
	struct probe probes[PROBES];
	struct record record;
	struct anomaly anomalies[EVENTS * PROBES];
	struct event events[EVENTS];
	struct verdict verdicts[EVENTS];
	struct neighbour all[EVENTS];
	struct surroundings surroundings;
	struct relation relations[RELATIONS_MOST];
	size_t members[EVENTS], n;
};

static void
scene_begin(struct scene *s)
{
	static const struct network networks[NETWORKS] = {
		{"XX", "XX-01", 64501, MEDIUM_mobile},
		{"XX", "XX-01", 64502, MEDIUM_fixed},
		{"XX", "XX-02", 64501, MEDIUM_mobile},
		{"XX", "XX-02", 64502, MEDIUM_fixed},
	};

	memset(s, 0, sizeof(*s));
	memcpy(s->networks, networks, sizeof(networks));
	for (uint32_t p = 0; p < PROBES; p++)
		s->probes[p].network = p / EACH;
	s->record = (struct record){.networks = s->networks,
		.networks_n = NETWORKS,
		.probes = s->probes,
		.probes_n = PROBES,
		.window_us = 15 * MINUTE_US,
		.reference_us = 14 * DAY_US,
		.horizon_us = T0 + 30 * DAY_US};
}

/* At the probes [first, end), from so many hours after T0 on; 0: not ended. */
static size_t
happens(struct scene *s, int64_t from_h, int64_t to_h, uint32_t first, uint32_t end)
{
	size_t i = s->n++;

	s->events[i] = (struct event){.country = "XX",
		.family = FAMILY_LOSS,
		.target = NO_TARGET,
		.first = (uint32_t)i * PROBES,
		.n = end - first,
		.affected = end - first,
		.start_lo_us = T0 + from_h * HOUR_US - MINUTE_US,
		.start_hi_us = T0 + from_h * HOUR_US};
	if (to_h) {
		s->events[i].end_lo_us = T0 + to_h * HOUR_US - MINUTE_US;
		s->events[i].end_hi_us = T0 + to_h * HOUR_US;
	}
	for (uint32_t p = first; p < end; p++)
		s->anomalies[i * PROBES + p - first] =
			(struct anomaly){.probe = p, .network = s->probes[p].network};
	s->verdicts[i].class = CLASS_infrastructure;
	s->verdicts[i].cause = CAUSE_infrastructure_power;
	s->all[i] =
		(struct neighbour){.event = &s->events[i], .verdict = &s->verdicts[i]};
	return i;
}

static void
is_told(struct scene *s, size_t event, enum class class, enum cause cause)
{
	s->verdicts[event].class = class;
	s->verdicts[event].cause = cause;
}

typedef size_t relate(struct relation relations[static RELATIONS_MOST],
	const struct surroundings *surroundings, size_t at);

static size_t
find(struct scene *s, relate *how, size_t event)
{
	size_t at, n;

	surroundings_open(&s->surroundings, s->all, s->n, s->anomalies, &s->record);
	at = neighbours_find(&s->surroundings.neighbours, &s->events[event]);
	assert_true(at != SIZE_MAX);
	n = how(s->relations, &s->surroundings, at);
	for (size_t i = 0; i < n; i++)
		s->relations[i].at =
			s->surroundings.neighbours.order[s->relations[i].at];
	surroundings_close(&s->surroundings);
	return n;
}

static size_t
phases(struct scene *s, size_t event)
{
	size_t at, n;

	surroundings_open(&s->surroundings, s->all, s->n, s->anomalies, &s->record);
	at = neighbours_find(&s->surroundings.neighbours, &s->events[event]);
	n = sequences_of(s->members, &s->surroundings.sequences, at);
	for (size_t i = 0; i < n; i++)
		s->members[i] = s->surroundings.neighbours.order[s->members[i]];
	surroundings_close(&s->surroundings);
	return n;
}

/* ---- follows ---- */

static void
test_masts_that_go_three_hours_after_the_power_of_their_region_follow_it(void **state)
{
	struct scene s;
	size_t power, masts;

	(void)state;
	scene_begin(&s);
	power = happens(&s, 10, 20, 4, 8);
	masts = happens(&s, 13, 21, 0, 4);
	assert_int_equal(find(&s, relations_follows, masts), 1);
	assert_int_equal(s.relations[0].at, power);
	assert_int_equal(s.relations[0].reach, REACH_REGION);
	assert_int_equal(s.relations[0].n, 4);
	assert_int_equal(s.relations[0].of, 4);
	assert_int_equal(s.relations[0].apart_us, 3 * HOUR_US - MINUTE_US);
	assert_int_equal(s.relations[0].alike, 0);
	assert_int_equal(find(&s, relations_follows, power), 0);
}

static void
test_a_part_of_what_is_out_and_an_operator_elsewhere_follow_too(void **state)
{
	struct scene s;
	size_t part, elsewhere;

	(void)state;
	scene_begin(&s);
	(void)happens(&s, 10, 20, 0, 8);
	part = happens(&s, 12, 20, 0, 4);
	elsewhere = happens(&s, 13, 20, 8, 12);
	assert_int_equal(find(&s, relations_follows, part), 1);
	assert_int_equal(s.relations[0].reach, REACH_OWN);
	assert_int_equal(find(&s, relations_follows, elsewhere), 2);
	assert_int_equal(s.relations[0].reach, REACH_OPERATOR);
}

static void
test_what_is_elsewhere_or_over_or_too_long_ago_is_not_followed(void **state)
{
	struct scene s;
	size_t later;

	(void)state;
	scene_begin(&s);
	(void)happens(&s, 10, 30, 8, 12); /* elsewhere */
	(void)happens(&s, 10, 12, 4, 8); /* over */
	(void)happens(&s, 1, 30, 4, 8); /* long ago */
	later = happens(&s, 14, 20, 0, 4);
	s.probes[8].network = s.probes[9].network = 3;
	s.probes[10].network = s.probes[11].network = 3;
	assert_int_equal(find(&s, relations_follows, later), 0);
}

static void
test_edges_that_overlap_tell_no_order(void **state)
{
	struct scene s;
	size_t later;

	(void)state;
	scene_begin(&s);
	(void)happens(&s, 10, 20, 4, 8);
	later = happens(&s, 11, 20, 0, 4);
	s.events[later].start_lo_us = T0 + 10 * HOUR_US - 30 * MINUTE_US;
	assert_int_equal(find(&s, relations_follows, later), 0);
	assert_int_equal(find(&s, relations_precursors, later), 0);
}

static void
test_what_began_there_the_week_before_is_counted_against_it(void **state)
{
	struct scene s;
	size_t later;

	(void)state;
	scene_begin(&s);
	(void)happens(&s, -100, -99, 0, 4);
	(void)happens(&s, -50, -48, 0, 3);
	(void)happens(&s, -40, -38, 8, 12);
	(void)happens(&s, -200, -199, 0, 4);
	(void)happens(&s, 10, 20, 4, 8);
	later = happens(&s, 13, 21, 0, 4);
	assert_int_equal(find(&s, relations_follows, later), 1);
	assert_int_equal(s.relations[0].alike, 2);
}

/* ---- precursors ---- */

static void
test_throttling_of_the_same_probes_goes_before_the_shutdown(void **state)
{
	struct scene s;
	size_t slow, out;

	(void)state;
	scene_begin(&s);
	slow = happens(&s, 10, 24, 0, 8);
	s.events[slow].family = FAMILY_SLOW;
	out = happens(&s, 24, 60, 0, 8);
	assert_int_equal(find(&s, relations_precursors, out), 1);
	assert_int_equal(s.relations[0].at, slow);
	assert_int_equal(s.relations[0].n, 8);
	assert_int_equal(s.relations[0].of, 8);
	assert_false(s.relations[0].long_before);
	assert_int_equal(find(&s, relations_precursors, slow), 0);
}

static void
test_what_is_as_large_elsewhere_or_two_days_old_is_no_precursor(void **state)
{
	struct scene s;
	size_t out;

	(void)state;
	scene_begin(&s);
	(void)happens(&s, 10, 20, 0, 8); /* the same kind, as large */
	(void)happens(&s, 11, 20, 8, 12); /* elsewhere */
	(void)happens(&s, -30, -28, 0, 4); /* two days */
	out = happens(&s, 24, 60, 0, 8);
	assert_int_equal(find(&s, relations_precursors, out), 0);
}

static void
test_a_short_cut_of_days_before_goes_before_a_shutdown_if_it_was_told_as_one(
	void **state)
{
	struct scene s;
	size_t cut, out;

	(void)state;
	scene_begin(&s);
	cut = happens(&s, -100, -98, 0, 4);
	out = happens(&s, 24, 60, 0, 12);
	assert_int_equal(find(&s, relations_precursors, out), 0);
	is_told(&s, cut, CLASS_shutdown, CAUSE_shutdown_mobile);
	assert_int_equal(find(&s, relations_precursors, out), 0);
	is_told(&s, out, CLASS_shutdown, CAUSE_shutdown_full);
	assert_int_equal(find(&s, relations_precursors, out), 1);
	assert_true(s.relations[0].long_before);
	s.verdicts[cut].insufficient = true;
	assert_int_equal(find(&s, relations_precursors, out), 0);
}

static void
test_the_like_of_it_that_announced_nothing_is_counted_against_it(void **state)
{
	struct scene s;
	size_t out;

	(void)state;
	scene_begin(&s);
	(void)happens(&s, -20 * 24, -20 * 24 + 1, 0, 4); /* before the reference */
	(void)happens(&s, -200, -199, 0, 4);
	(void)happens(&s, -100, -99, 1, 4);
	(void)happens(&s, -90, -89, 12, 16); /* elsewhere */
	(void)happens(&s, 10, 11, 0, 4);
	out = happens(&s, 24, 60, 0, 12);
	assert_int_equal(find(&s, relations_precursors, out), 1);
	assert_int_equal(s.relations[0].alike, 2);
}

static void
test_a_night_neither_follows_nor_announces_the_next(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (int64_t day = 0; day < 4; day++)
		(void)happens(&s, day * 24, day * 24 + 20, 0, day == 3 ? 8 : 6);
	assert_int_equal(find(&s, relations_precursors, 3), 0);
	assert_int_equal(find(&s, relations_follows, 3), 0);
}

/* ---- overlaps and phases ---- */

static void
test_two_causes_that_meet_at_some_probes_overlap_and_each_tells_it(void **state)
{
	struct scene s;
	size_t power, cut;

	(void)state;
	scene_begin(&s);
	power = happens(&s, 10, 60, 0, 8);
	cut = happens(&s, 40, 48, 6, 16);
	is_told(&s, cut, CLASS_shutdown, CAUSE_shutdown_full);
	assert_int_equal(find(&s, relations_overlaps, cut), 1);
	assert_int_equal(s.relations[0].at, power);
	assert_int_equal(s.relations[0].n, 2);
	assert_int_equal(s.relations[0].of, 10);
	assert_int_equal(find(&s, relations_overlaps, power), 1);
	s.verdicts[cut].insufficient = true;
	assert_int_equal(find(&s, relations_overlaps, power), 0);
	assert_int_equal(find(&s, relations_overlaps, cut), 0);
}

static void
test_where_no_probe_is_of_both_each_must_lie_in_the_regions_of_the_other(void **state)
{
	struct scene s;
	size_t large, small;

	(void)state;
	scene_begin(&s);
	large = happens(&s, 10, 60, 0, 5);
	small = happens(&s, 40, 48, 5, 8);
	is_told(&s, small, CLASS_shutdown, CAUSE_shutdown_fixed);
	/* Three of the eight of that region are not half of them. */
	assert_int_equal(find(&s, relations_overlaps, large), 0);
	assert_int_equal(find(&s, relations_overlaps, small), 0);
	s.probes[3].network = s.probes[4].network = 2;
	assert_int_equal(find(&s, relations_overlaps, large), 1);
	assert_int_equal(s.relations[0].reach, REACH_REGION);
	assert_int_equal(find(&s, relations_overlaps, small), 1);
}

static void
test_one_cause_twice_and_what_was_over_do_not_overlap(void **state)
{
	struct scene s;
	size_t one, over;

	(void)state;
	scene_begin(&s);
	one = happens(&s, 10, 20, 0, 8);
	(void)happens(&s, 11, 20, 0, 3);
	over = happens(&s, 20, 30, 0, 8);
	is_told(&s, over, CLASS_shutdown, CAUSE_shutdown_full);
	assert_int_equal(find(&s, relations_overlaps, one), 0);
}

static void
test_so_many_are_told_those_with_the_most_probes(void **state)
{
	struct scene s;
	size_t one;

	(void)state;
	scene_begin(&s);
	one = happens(&s, 10, 90, 0, 16);
	for (int64_t i = 0; i < RELATIONS_MOST + 3; i++)
		is_told(&s, happens(&s, 20 + i, 80, 0, i < 3 ? 3 : 4), CLASS_shutdown,
			CAUSE_shutdown_full);
	assert_int_equal(find(&s, relations_overlaps, one), RELATIONS_MOST);
	for (size_t i = 0; i < RELATIONS_MOST; i++)
		assert_int_equal(s.relations[i].at, i + 4);
}

static void
test_a_class_that_changes_where_one_ends_and_the_next_begins_is_phases(void **state)
{
	struct scene s;
	size_t mobile, full, again;

	(void)state;
	scene_begin(&s);
	mobile = happens(&s, 10, 30, 0, 4);
	full = happens(&s, 30, 50, 4, 8);
	again = happens(&s, 50, 60, 0, 4);
	(void)happens(&s, 50, 60, 12, 15);
	is_told(&s, mobile, CLASS_shutdown, CAUSE_shutdown_mobile);
	is_told(&s, full, CLASS_shutdown, CAUSE_shutdown_full);
	is_told(&s, again, CLASS_shutdown, CAUSE_shutdown_mobile);
	s.events[full].start_lo_us = s.events[mobile].end_lo_us;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(phases(&s, i), 3);
		assert_int_equal(s.members[0], mobile);
		assert_int_equal(s.members[1], full);
		assert_int_equal(s.members[2], again);
	}
	assert_int_equal(phases(&s, 3), 0);
}

static void
test_the_same_cause_over_again_or_after_a_pause_is_no_phase(void **state)
{
	struct scene s;
	size_t later;

	(void)state;
	scene_begin(&s);
	(void)happens(&s, 10, 30, 0, 8);
	later = happens(&s, 30, 50, 0, 8);
	assert_int_equal(phases(&s, later), 0);
	is_told(&s, later, CLASS_shutdown, CAUSE_shutdown_full);
	assert_int_equal(phases(&s, later), 2);
	scene_begin(&s);
	(void)happens(&s, 10, 30, 0, 8);
	later = happens(&s, 32, 50, 0, 8);
	is_told(&s, later, CLASS_shutdown, CAUSE_shutdown_full);
	assert_int_equal(phases(&s, later), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_masts_that_go_three_hours_after_the_power_of_their_region_follow_it),
		cmocka_unit_test(
			test_a_part_of_what_is_out_and_an_operator_elsewhere_follow_too),
		cmocka_unit_test(
			test_what_is_elsewhere_or_over_or_too_long_ago_is_not_followed),
		cmocka_unit_test(test_edges_that_overlap_tell_no_order),
		cmocka_unit_test(
			test_what_began_there_the_week_before_is_counted_against_it),
		cmocka_unit_test(
			test_throttling_of_the_same_probes_goes_before_the_shutdown),
		cmocka_unit_test(
			test_what_is_as_large_elsewhere_or_two_days_old_is_no_precursor),
		cmocka_unit_test(
			test_a_short_cut_of_days_before_goes_before_a_shutdown_if_it_was_told_as_one),
		cmocka_unit_test(
			test_the_like_of_it_that_announced_nothing_is_counted_against_it),
		cmocka_unit_test(test_a_night_neither_follows_nor_announces_the_next),
		cmocka_unit_test(
			test_two_causes_that_meet_at_some_probes_overlap_and_each_tells_it),
		cmocka_unit_test(
			test_where_no_probe_is_of_both_each_must_lie_in_the_regions_of_the_other),
		cmocka_unit_test(test_one_cause_twice_and_what_was_over_do_not_overlap),
		cmocka_unit_test(test_so_many_are_told_those_with_the_most_probes),
		cmocka_unit_test(
			test_a_class_that_changes_where_one_ends_and_the_next_begins_is_phases),
		cmocka_unit_test(
			test_the_same_cause_over_again_or_after_a_pause_is_no_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
