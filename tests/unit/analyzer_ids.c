#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/opening.h"

/* Events keep their ids while late data moves their edges, and no two ever share one. */
#define NOW_US INT64_C(1700000000000000)
#define WINDOW_US INT64_C(60000000)
#define WINDOWS 30
#define FIRST_US (NOW_US - WINDOWS * WINDOW_US)

/* The link as it was in one window. */
static void
receive(struct opening *o, int window, bool up)
{
	const char *lines[OPENING_LINES];
	char clock[256], link[256];
	struct buf bytes = {0};
	struct segment segment;
	struct store_segment row = {.received_utc_us = NOW_US};

	snprintf(clock, sizeof clock,
		"{\"boot\":0,\"clock_state\":1,\"clock_steps\":0,\"kind\":\"clock\","
		"\"raw_us\":5,\"t_us\":1000000,\"wall_utc_us\":%lld}",
		(long long)(FIRST_US + window * WINDOW_US + WINDOW_US / 2));
	snprintf(link, sizeof link,
		"{\"check\":\"link\",\"kind\":\"measurement\",\"outcome\":\"%s\","
		"\"round\":0,\"rung\":\"link\",\"stage\":\"%s\",\"t_us\":1000000,"
		"\"took_us\":1}",
		up ? "ok" : "link_down", up ? "done" : "read");
	memcpy(lines, opening_lines, sizeof lines);
	lines[0] = clock;
	lines[OPENING_LINES - 1] = link;
	opening_must(opening_sign(
		&bytes, o->key, (uint64_t)window + 2, lines, OPENING_LINES));
	assert_int_equal(segment_read(&segment, buf_span(&bytes), NULL), OK);
	row.seq = segment.seq;
	row.bytes = buf_span(&bytes);
	memcpy(row.epoch, segment.epoch, sizeof row.epoch);
	memcpy(row.id, segment.id, sizeof row.id);
	assert_int_equal(store_add_segment(o->store, &row), OK);
	buf_free(&bytes);
}

struct kept {
	char ids[8][17], networks[8][256];
	int64_t start_us[8];
	size_t n;
};

static void
keep(void *arg, const struct store_event *event)
{
	struct kept *kept = arg;

	assert_true(kept->n < 8 && event->networks.len < 256);
	memcpy(kept->ids[kept->n], event->id, sizeof event->id);
	memcpy(kept->networks[kept->n], event->networks.at, event->networks.len);
	kept->start_us[kept->n++] = event->start_utc_us;
}

static struct kept
analyze(struct opening *o)
{
	struct kept kept = {0};

	assert_int_equal(analyze_run(o->store, &o->settings, 0, 0, NULL), OK);
	assert_int_equal(store_each_event(o->store, keep, &kept), OK);
	return kept;
}

static int
setup(void **state)
{
	struct opening *o = calloc(1, sizeof *o);

	opening_must(o != NULL);
	opening_start(o);
	o->settings.window_us = WINDOW_US;
	o->settings.reference_us = INT64_C(86400000000);
	opening_know(o, NOW_US - INT64_C(86400000000));
	for (int i = 0; i < WINDOWS; i++)
		receive(o, i, !((i >= 8 && i < 12) || (i >= 20 && i < 24)));
	*state = o;
	return 0;
}

static int
teardown(void **state)
{
	opening_end(*state);
	free(*state);
	return 0;
}

static void
the_same_data_give_the_same_ids(void **state)
{
	struct kept first = analyze(*state), again = analyze(*state);

	assert_int_equal(first.n, 2);
	assert_string_not_equal(first.ids[0], first.ids[1]);
	assert_memory_equal(&first, &again, sizeof first);
}

/* The id that the second event would be given was given before to one that overlaps the
 * first: as when late data moved the edges of both. */
static void
an_id_that_one_event_keeps_is_not_given_to_another(void **state)
{
	struct opening *o = *state;
	struct kept first = analyze(o), moved;
	struct store_event earlier = {.country = "ZZ",
		.class_name = "ordinary",
		.cause = "ordinary.local",
		.start_utc_us = first.start_us[0],
		.end_utc_us = first.start_us[0] + 2 * WINDOW_US,
		.probability_ppm = 1,
		.asns = {",", 1},
		.networks = {first.networks[1], strlen(first.networks[1])},
		.json = {"{}", 2}};

	assert_int_equal(first.n, 2);
	memcpy(earlier.id, first.ids[1], sizeof earlier.id);
	assert_int_equal(store_replace_events(o->store, &earlier, 1, 0), OK);
	moved = analyze(o);
	assert_int_equal(moved.n, 2);
	assert_string_equal(moved.ids[0], first.ids[1]);
	assert_string_not_equal(moved.ids[1], moved.ids[0]);
}

/* One that began before it and went on behind it, of the same networks: as when another
 * probe had been broken all the time. */
static void
an_event_is_the_earlier_one_whose_edges_are_nearest(void **state)
{
	struct opening *o = *state;
	struct kept first = analyze(o), again;
	struct store_event earlier[2] = {{.id = "0123456789abcdef",
		.country = "ZZ",
		.class_name = "ordinary",
		.cause = "ordinary.local",
		.start_utc_us = first.start_us[0] - WINDOW_US,
		.probability_ppm = 1,
		.asns = {",", 1},
		.networks = {first.networks[0], strlen(first.networks[0])},
		.json = {"{}", 2}}};

	assert_int_equal(first.n, 2);
	earlier[1] = earlier[0];
	memcpy(earlier[1].id, first.ids[0], sizeof earlier[1].id);
	earlier[1].start_utc_us = first.start_us[0];
	earlier[1].end_utc_us = first.start_us[0] + 4 * WINDOW_US;
	assert_int_equal(store_replace_events(o->store, earlier, 2, 0), OK);
	again = analyze(o);
	assert_int_equal(again.n, 2);
	assert_string_equal(again.ids[0], first.ids[0]);
	assert_string_equal(again.ids[1], earlier[0].id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_same_data_give_the_same_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_id_that_one_event_keeps_is_not_given_to_another, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			an_event_is_the_earlier_one_whose_edges_are_nearest, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
