#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs those before. */
#include <cmocka.h>

#include "analyzer/analysis/observe.h"
#include "analyzer/analysis/scene.h"

#define MINUTE_US (60 * (int64_t)1000000)
#define EACH 3 /* probes of each place */
#define REGIONS 2
#define OPERATORS 4 /* three mobile, one fixed */
#define PLACES (OPERATORS * REGIONS)
#define PROBES (PLACES * EACH)

/* Four operators in two regions, in an event of five hours. */
struct play {
	struct network networks[PLACES];
	struct probe probes[PROBES];
	struct record record;
	struct tally tallies[PROBES];
	struct view view;
	struct scene scene;
};

static void
begin(struct play *s)
{
	*s = (struct play){.record = {.window_us = 15 * MINUTE_US}};
	for (uint32_t i = 0; i < PLACES; i++)
		s->networks[i] = (struct network){.country = "QX",
			.region = {'Q', 'X', '-', (char)('A' + i % REGIONS)},
			.asn = 100 + i / REGIONS,
			.medium = i / REGIONS < 3 ? MEDIUM_mobile : MEDIUM_fixed};
	for (uint32_t p = 0; p < PROBES; p++)
		s->tallies[p] = (struct tally){
			.here = true, .reported = true, .network = p / EACH};
	s->record.networks = s->networks;
	s->record.networks_n = PLACES;
	s->record.probes = s->probes;
	s->record.probes_n = PROBES;
	s->view = (struct view){.record = &s->record,
		.tallies = s->tallies,
		.from_us = 1000 * MINUTE_US,
		.to_us = 1300 * MINUTE_US};
}

static void
loses(struct play *s, uint32_t probe, int64_t from, int64_t to)
{
	struct tally *t = &s->tallies[probe];

	t->own = t->affected = true;
	t->loss = LOSS_ALL;
	t->well_us = (from - 5) * MINUTE_US;
	t->onset_us = from * MINUTE_US;
	t->ended_us = to * MINUTE_US;
}

static void
who_is_out_for_a_moment_of_it_does_not_make_a_place_out(void **state)
{
	struct play s;

	(void)state;
	begin(&s);
	for (uint32_t p = 0; p < EACH; p++)
		loses(&s, p, 1000, 1300);
	loses(&s, EACH, 1055, 1065);
	loses(&s, EACH + 1, 1090, 1150);
	scene_open(&s.scene, &s.view);
	assert_int_equal(s.scene.all.affected, EACH + 2);
	assert_int_equal(s.scene.regions_out, 1);
	assert_true(s.scene.regions[0].places_out == 1);
	assert_true(s.scene.regions[1].places_out == 0);
	scene_close(&s.scene);
}

static void
who_comes_back_halfway_was_out(void **state)
{
	struct play s;

	(void)state;
	begin(&s);
	for (uint32_t p = 0; p < 2 * EACH; p++)
		loses(&s, p, 1000, p < EACH ? 1300 : 1150);
	scene_open(&s.scene, &s.view);
	assert_int_equal(s.scene.regions_out, 2);
	scene_close(&s.scene);
}

static void
a_place_elsewhere_does_not_hide_what_a_region_lost(void **state)
{
	struct play s;

	(void)state;
	begin(&s);
	for (uint32_t place = 0; place < 3 * REGIONS; place += REGIONS)
		for (uint32_t p = 0; p < EACH; p++)
			loses(&s, place * EACH + p, 1000, 1300);
	for (uint32_t p = EACH; p < 2 * EACH; p++)
		loses(&s, p, 1055, 1250);
	scene_open(&s.scene, &s.view);
	assert_int_equal(s.scene.extent, EXTENT_MOBILE);
	assert_int_equal(s.scene.regions_out, 1);
	scene_close(&s.scene);
}

/* The first operator is out; of the others nobody measured meanwhile. */
static void
an_operator_that_was_well_shortly_before_and_after_was_not_out(void **state)
{
	struct play s;

	(void)state;
	begin(&s);
	for (uint32_t p = 0; p < PROBES; p++)
		if (p < REGIONS * EACH)
			loses(&s, p, 1000, 1300);
		else
			s.tallies[p].reported = false;
	scene_open(&s.scene, &s.view);
	assert_int_equal(s.scene.extent, EXTENT_ALL);
	scene_close(&s.scene);
	for (uint32_t p = REGIONS * EACH; p < PROBES; p++)
		s.tallies[p].around = true;
	scene_open(&s.scene, &s.view);
	assert_int_equal(s.scene.extent, EXTENT_OPERATOR);
	assert_int_equal(s.scene.all.n, PROBES);
	scene_close(&s.scene);
}

static void
who_did_not_measure_says_nothing_where_most_did(void **state)
{
	struct play s;

	(void)state;
	begin(&s);
	for (uint32_t p = 0; p < PROBES; p++)
		if (p % EACH)
			loses(&s, p, 1000, 1300);
		else
			s.tallies[p].reported = !(s.tallies[p].around = true);
	scene_open(&s.scene, &s.view);
	assert_int_equal(s.scene.extent, EXTENT_ALL);
	assert_int_equal(s.scene.all.n, PROBES - PLACES);
	scene_close(&s.scene);
}

/* The mobile operators, so many minutes from each to the next; the fixed one never. */
static void
mobile_ones_go(struct play *s, struct event *event, int64_t apart)
{
	begin(s);
	*event = (struct event){.family = FAMILY_LOSS,
		.start_lo_us = 995 * MINUTE_US,
		.start_hi_us = 1000 * MINUTE_US};
	s->view.event = event;
	s->view.scene = &s->scene;
	for (uint32_t p = 0; p < 3 * REGIONS * EACH; p++)
		loses(s, p, 1000 + p / (REGIONS * EACH) * apart, 1300);
	scene_open(&s->scene, &s->view);
}

static void
all_mobile_operators_go_in_one_hour_or_one_after_the_other(void **state)
{
	struct observation o = {0}, staged = {0};
	struct event event;
	struct play s;

	(void)state;
	mobile_ones_go(&s, &event, 10);
	assert_true(row_7(&o, &s.view));
	assert_false(row_8(&staged, &s.view));
	scene_close(&s.scene);
	mobile_ones_go(&s, &event, 50);
	o = staged = (struct observation){0};
	assert_false(row_7(&o, &s.view));
	assert_true(row_8(&staged, &s.view));
	assert_int_equal(staged.other, 100 * 60);
	scene_close(&s.scene);
}

/* One operator is cut off; of another all were out at that minute already, by their own routers. */
static bool
is_a_slide(int64_t since)
{
	struct observation o = {0};
	struct event event;
	struct play s;
	bool slide;

	mobile_ones_go(&s, &event, 0);
	scene_close(&s.scene);
	for (uint32_t p = 0; p < 3 * REGIONS * EACH; p++)
		if (p < REGIONS * EACH) {
			loses(&s, p, since, 1300);
			s.tallies[p].loss = LOSS_HOME;
		} else if (p >= 2 * REGIONS * EACH) {
			s.tallies[p].own = s.tallies[p].affected = false;
			s.tallies[p].loss = LOSS_NONE;
		}
	scene_open(&s.scene, &s.view);
	slide = row_23k(&o, &s.view);
	scene_close(&s.scene);
	return slide;
}

static void
who_was_out_long_before_it_began_makes_no_slide_of_it(void **state)
{
	(void)state;
	assert_false(is_a_slide(10));
	assert_true(is_a_slide(940));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			who_is_out_for_a_moment_of_it_does_not_make_a_place_out),
		cmocka_unit_test(a_place_elsewhere_does_not_hide_what_a_region_lost),
		cmocka_unit_test(who_comes_back_halfway_was_out),
		cmocka_unit_test(
			an_operator_that_was_well_shortly_before_and_after_was_not_out),
		cmocka_unit_test(who_did_not_measure_says_nothing_where_most_did),
		cmocka_unit_test(
			all_mobile_operators_go_in_one_hour_or_one_after_the_other),
		cmocka_unit_test(who_was_out_long_before_it_began_makes_no_slide_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
