#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs those before. */
#include <cmocka.h>

#include <string.h>

#include "analyzer/analysis/observe.h"

#define MINUTE_US INT64_C(60000000)
#define DAY_US (24 * 60 * MINUTE_US)
#define EVENTS 5
#define PROBES 2

/* Nights of the same two probes: does the first one keep a timetable with the others, as ${row} has
 * it? */
static bool
keeps(bool (*row)(struct observation *, const struct view *), const int64_t *starts_us,
	size_t n)
{
	struct network network = {.country = "XX"};
	struct probe probes[PROBES] = {{0}};
	struct record record = {
		.networks = &network,
		.networks_n = 1,
		.probes = probes,
		.probes_n = PROBES,
		.window_us = 15 * MINUTE_US,
	};
	struct anomaly anomalies[EVENTS * PROBES] = {0};
	struct event events[EVENTS] = {0};
	struct tally tallies[PROBES] = {0};
	struct scene scene = {0};
	struct joined joined = {anomalies, n * PROBES, events, n};
	struct view view = {.record = &record,
		.scene = &scene,
		.event = events,
		.joined = &joined,
		.tallies = tallies};
	struct observation o = {0};

	for (uint32_t i = 0; i < n; i++) {
		events[i] = (struct event){.country = "XX",
			.first = i * PROBES,
			.n = PROBES,
			.affected = PROBES,
			.start_lo_us = starts_us[i] - 5 * MINUTE_US,
			.start_hi_us = starts_us[i]};
		anomalies[i * PROBES + 1].probe = 1;
	}
	return row(&o, &view);
}

static bool
keeps_a_timetable(const int64_t *starts_us, size_t n)
{
	return keeps(row_26, starts_us, n);
}

static void
test_two_others_at_the_same_time_of_day_are_a_timetable(void **state)
{
	(void)state;
	assert_true(keeps_a_timetable(
		(int64_t[]){DAY_US, 2 * DAY_US, 3 * DAY_US + 4 * MINUTE_US}, 3));
}

static void
test_one_other_at_the_same_time_of_day_is_chance(void **state)
{
	(void)state;
	assert_false(keeps_a_timetable((int64_t[]){DAY_US, 2 * DAY_US}, 2));
	assert_false(keeps_a_timetable(
		(int64_t[]){DAY_US, 2 * DAY_US, 3 * DAY_US + 90 * MINUTE_US}, 3));
}

static void
test_what_recurs_on_four_other_days_keeps_the_hours_of_a_week(void **state)
{
	const int64_t days[] = {
		DAY_US, 2 * DAY_US, 3 * DAY_US, 4 * DAY_US, 5 * DAY_US + 4 * MINUTE_US};

	(void)state;
	assert_true(keeps(row_26d, days, 5));
	assert_false(keeps(row_26d, days, 4));
}

/* Large pages from abroad do not come whole to so many of three; what else is asked does. */
static bool
large_ones_alone_fail(uint32_t of_three, enum loss loss, enum family family)
{
	struct network network = {.country = "XX"};
	struct probe probes[3] = {{0}};
	struct record record = {
		.networks = &network, .networks_n = 1, .probes = probes, .probes_n = 3};
	struct event event = {.country = "XX", .family = (uint8_t)family};
	struct tally tallies[3] = {{0}};
	struct view view = {.record = &record, .event = &event, .tallies = tallies};
	struct observation o = {0};

	for (uint32_t p = 0; p < 3; p++) {
		tallies[p].here = tallies[p].own = tallies[p].affected = true;
		tallies[p].loss = (uint8_t)loss;
		tallies[p].whole[1] = (struct tries){3, p < of_three ? 0 : 3};
	}
	return row_42b(&o, &view);
}

static void
test_large_pages_that_fail_while_small_ones_come_have_a_shape(void **state)
{
	(void)state;
	assert_true(large_ones_alone_fail(2, LOSS_NONE, FAMILY_WHOLE));
	assert_false(large_ones_alone_fail(1, LOSS_NONE, FAMILY_WHOLE));
	assert_false(large_ones_alone_fail(3, LOSS_WORLD, FAMILY_WHOLE));
	assert_false(large_ones_alone_fail(3, LOSS_NONE, FAMILY_SLOW));
}

/* Three transfers of each of three probes, all of one rate, much lost: how long they wait under
 * load. True: it is a meter. Else a queue. */
static bool
is_a_meter(int64_t rate_bps, int64_t queue_us)
{
	struct network network = {.country = "XX"};
	struct probe probes[3] = {{0}};
	struct record record = {
		.networks = &network, .networks_n = 1, .probes = probes, .probes_n = 3};
	struct event event = {.country = "XX", .family = FAMILY_SLOW};
	struct tally tallies[3] = {{0}};
	struct view view = {.record = &record, .event = &event, .tallies = tallies};
	struct observation meter = {0}, queue = {0};

	for (uint32_t p = 0; p < 3; p++) {
		tallies[p].here = tallies[p].own = tallies[p].affected = true;
		tallies[p].tests = 3;
		for (uint32_t i = 0; i < 3; i++) {
			tallies[p].rate[i] = rate_bps;
			tallies[p].queue[i] = queue_us;
			tallies[p].loss_ppm[i] = 500000;
		}
	}
	assert_int_equal(row_35(&meter, &view), !row_36(&queue, &view));
	return meter.n == 3;
}

static void
test_a_shaper_with_a_short_queue_is_no_meter(void **state)
{
	(void)state;
	assert_true(is_a_meter(600000, 3000));
	assert_false(is_a_meter(600000, 60000));
	/* A packet of 1500 bytes alone takes 80 ms of such a line. */
	assert_true(is_a_meter(150000, 60000));
	/* A receiver may wait 40 ms with its acknowledgement. */
	assert_true(is_a_meter(5000000, 40000));
}

/* So many of a name's handshakes, of ten that broke off while another name passed, broke off
 * without a name, too. */
static struct observation
names_cut(uint16_t bare, bool *by_name)
{
	struct network network = {.country = "XX"};
	struct target_info target = {.id = "t", .name = 0};
	struct probe probes[3] = {{0}};
	struct record record = {.networks = &network,
		.networks_n = 1,
		.probes = probes,
		.probes_n = 3,
		.targets = &target,
		.targets_n = 1};
	struct event event = {.country = "XX", .family = FAMILY_NAME, .target = 0};
	struct seen seen[3];
	struct tally tallies[3] = {{0}};
	struct view view = {.record = &record, .event = &event, .tallies = tallies};
	struct observation listed = {0}, cut = {0};

	for (uint32_t p = 0; p < 3; p++) {
		seen[p] = (struct seen){.name_tried = 10, .cut = 10, .cut_bare = bare};
		tallies[p].here = tallies[p].own = tallies[p].affected = true;
		tallies[p].seen = &seen[p];
	}
	*by_name = row_45(&cut, &view);
	if (!row_45a(&listed, &view))
		listed.n = 0;
	return listed;
}

static void
test_what_drops_a_handshake_without_a_name_has_a_list_of_what_passes(void **state)
{
	bool by_name;

	(void)state;
	assert_int_equal(names_cut(10, &by_name).n, 3);
	assert_false(by_name);
	assert_int_equal(names_cut(1, &by_name).n, 0);
	assert_true(by_name);
}

#define MANY 6

/* What ${row} makes of a name of which each of so many probes saw the same. */
static bool
says_of_a_name(bool (*row)(struct observation *, const struct view *),
	const struct seen *each, size_t n)
{
	struct network network = {.country = "XX"};
	struct target_info target = {.id = "t", .name = 0};
	struct probe probes[MANY] = {{0}};
	struct record record = {.networks = &network,
		.networks_n = 1,
		.probes = probes,
		.probes_n = n,
		.targets = &target,
		.targets_n = 1};
	struct event event = {.country = "XX", .family = FAMILY_NAME, .target = 0};
	struct seen seen[MANY];
	struct tally tallies[MANY] = {{0}};
	struct scene scene = {0};
	struct view view = {.record = &record,
		.scene = &scene,
		.event = &event,
		.tallies = tallies};
	struct observation o = {0};

	for (size_t p = 0; p < n; p++) {
		seen[p] = *each;
		tallies[p].here = tallies[p].own = tallies[p].affected = true;
		tallies[p].seen = &seen[p];
	}
	return row(&o, &view);
}

static void
test_a_handshake_cut_once_is_chance_at_three_probes_and_none_at_six(void **state)
{
	const struct seen once = {.name_tried = 1, .cut = 1};
	const struct seen others_too = {.name_tried = 1, .cut = 1, .cut_too = 1};

	(void)state;
	assert_false(says_of_a_name(row_45, &once, 3));
	assert_true(says_of_a_name(row_45, &once, MANY));
	assert_false(says_of_a_name(row_45, &others_too, MANY));
}

static void
test_who_is_told_nothing_is_not_told_that_the_site_refuses(void **state)
{
	const struct seen nothing = {.name_tried = 2};
	const struct seen a_status = {.name_tried = 2, .unlike = 2, .refused = 2};

	(void)state;
	assert_true(says_of_a_name(row_46h, &nothing, 3));
	assert_false(says_of_a_name(row_46h, &a_status, 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_two_others_at_the_same_time_of_day_are_a_timetable),
		cmocka_unit_test(
			test_large_pages_that_fail_while_small_ones_come_have_a_shape),
		cmocka_unit_test(test_one_other_at_the_same_time_of_day_is_chance),
		cmocka_unit_test(
			test_what_recurs_on_four_other_days_keeps_the_hours_of_a_week),
		cmocka_unit_test(
			test_a_handshake_cut_once_is_chance_at_three_probes_and_none_at_six),
		cmocka_unit_test(
			test_who_is_told_nothing_is_not_told_that_the_site_refuses),
		cmocka_unit_test(test_a_shaper_with_a_short_queue_is_no_meter),
		cmocka_unit_test(
			test_what_drops_a_handshake_without_a_name_has_a_list_of_what_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
