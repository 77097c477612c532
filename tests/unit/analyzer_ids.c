#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "analyzer/report/history.h"
#include "tests/unit/opening.h"

/* Events keep their ids while late data moves their edges, no two ever share one, and what
 * is not found any more is not lost. */
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
		receive(o, i, !((i >= 8 && i < 12) || (i >= 20 && i < 26)));
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

/* ---- what is not found any more ---- */

struct ever {
	char json[8][64];
	char ids[8][17];
	enum store_state states[8];
	size_t n;
};

static void
keep_ever(void *arg, const struct store_event *event)
{
	struct ever *ever = arg;

	assert_true(ever->n < 8);
	memcpy(ever->ids[ever->n], event->id, sizeof event->id);
	snprintf(ever->json[ever->n], sizeof ever->json[0], "%.*s",
		(int)event->json.len, event->json.at);
	ever->states[ever->n++] = event->state;
}

static struct ever
all_ever(struct opening *o)
{
	struct ever ever = {0};

	assert_int_equal(store_each_event_ever(o->store, keep_ever, &ever), OK);
	return ever;
}

/* An event that an earlier analysis found, and the lines do not show. */
static void
invent(struct opening *o, int window, const char *networks)
{
	struct store_event event = {.id = "feedfeedfeedfeed",
		.country = "ZZ",
		.class_name = "ordinary",
		.cause = "ordinary.local",
		.start_utc_us = FIRST_US + window * WINDOW_US,
		.end_utc_us = FIRST_US + (window + 2) * WINDOW_US,
		.probability_ppm = 1,
		.asns = {",", 1},
		.networks = {networks, strlen(networks)},
		.json = {"{\"standing\":\"suspected\"}", 24}};

	event.json.len = strlen(event.json.at);
	assert_int_equal(store_replace_events(o->store, &event, 1, INT64_MAX), OK);
}

static void
what_is_not_borne_out_any_more_is_withdrawn_and_stays_findable(void **state)
{
	struct opening *o = *state;
	struct kept first = analyze(o), again;
	struct loaded loaded = {0};
	struct history history = {o->store, &loaded, true};
	const char *said = "{\"standing\":\"suspected\",\"rows\":{}}";
	struct ever ever;

	/* Who never was in a history was only seen by looking back. */
	invent(o, 15, first.networks[0]);
	again = analyze(o);
	assert_memory_equal(&first, &again, sizeof first);
	assert_int_equal(all_ever(o).n, 2);
	invent(o, 15, first.networks[0]);
	assert_int_equal(history_note(&history, "feedfeedfeedfeed",
				 (struct span){said, strlen(said)}),
		OK);
	again = analyze(o);
	assert_memory_equal(&first, &again, sizeof first);
	again = analyze(o);
	assert_memory_equal(&first, &again, sizeof first);
	ever = all_ever(o);
	assert_int_equal(ever.n, 3);
	assert_string_equal(ever.ids[1], "feedfeedfeedfeed");
	assert_int_equal(ever.states[1], EVENT_WITHDRAWN);
	assert_string_equal(ever.json[1], "{\"standing\":\"withdrawn\"}");
}

static void
who_looks_back_withdraws_nothing_and_ids_stay(void **state)
{
	struct opening *o = *state;
	struct kept first = analyze(o), again;
	struct ever ever;

	assert_int_equal(
		analyze_run(o->store, &o->settings, 0, FIRST_US + 15 * WINDOW_US, NULL),
		OK);
	ever = all_ever(o);
	assert_int_equal(ever.n, 2);
	assert_int_equal(ever.states[0], EVENT_STANDS);
	assert_int_equal(ever.states[1], EVENT_HIDDEN);
	again = analyze(o);
	assert_memory_equal(&first, &again, sizeof first);
}

static void
what_was_only_silence_keeps_its_id_when_more_is_known(void **state)
{
	struct opening *o = *state;
	struct kept first = analyze(o), again;
	char networks[300];

	snprintf(
		networks, sizeof networks, ",silent%s", strchr(first.networks[0], '/'));
	assert_int_equal(store_replace_events(o->store, NULL, 0, 0), OK);
	invent(o, 8, networks);
	again = analyze(o);
	assert_int_equal(again.n, 2);
	assert_string_equal(again.ids[0], "feedfeedfeedfeed");
	assert_string_equal(again.ids[1], first.ids[1]);
}

static void
count(void *arg, int64_t n, struct span json)
{
	int64_t *last = arg;

	(void)json;
	assert_true(n == 1 || n > 40 - HISTORY_MOST);
	last[0] = n;
	last[1]++;
}

static void
a_verdict_that_is_never_settled_fills_no_disk(void **state)
{
#define SAID                                                                           \
	"\"cause\":\"insufficient\",\"standing\":\"suspected\",\"version\":\"0\","     \
	"\"start\":1,\"end\":0,\"class_probability\":{},\"rows\":"
	static const char *const states[] = {"{\"class\":\"shutdown\"," SAID "{}}",
		"{\"class\":\"ordinary\"," SAID "{\"51\":\"it was silent\"}}"};
	struct opening *o = *state;
	struct loaded loaded = {0};
	struct history history = {o->store, &loaded, true};
	int64_t last[2] = {0};

	for (int i = 0; i < 40; i++) {
		const char *now = states[i % 2];

		loaded.record.horizon_us = NOW_US + i;
		for (int twice = 0; twice < 2; twice++)
			assert_int_equal(history_note(&history, "0123456789abcdef",
						 (struct span){now, strlen(now)}),
				OK);
	}
	assert_int_equal(store_each_history(o->store, "0123456789abcdef", 1, INT64_MAX,
				 count, last),
		OK);
	assert_int_equal(last[0], 40);
	assert_int_equal(last[1], HISTORY_MOST);
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
		cmocka_unit_test_setup_teardown(
			what_is_not_borne_out_any_more_is_withdrawn_and_stays_findable,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_looks_back_withdraws_nothing_and_ids_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_was_only_silence_keeps_its_id_when_more_is_known, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_verdict_that_is_never_settled_fills_no_disk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
