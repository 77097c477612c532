#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs those before. */
#include <cmocka.h>

#include <string.h>

#include "analyzer/analysis/observe.h"

#define MINUTE_US INT64_C(60000000)
#define OPERATORS 4 /* two mobile, two fixed */
#define REGIONS 3
#define EACH 2 /* probes of each place */
#define PLACES (OPERATORS * REGIONS)
#define PROBES (PLACES * EACH)

/* A country, and who of it lost what in the event. */
struct land {
	struct network networks[PLACES];
	struct probe probes[PROBES];
	struct tally tallies[PROBES];
	struct record record;
	struct event event;
	struct view view;
	struct scene scene;
};

static void
begin(struct land *l)
{
	*l = (struct land){.record = {.window_us = 15 * MINUTE_US},
		.event = {.country = "QX",
			.family = FAMILY_LOSS,
			.start_lo_us = 95 * MINUTE_US,
			.start_hi_us = 100 * MINUTE_US}};
	for (uint32_t i = 0; i < PLACES; i++) {
		struct network *n = &l->networks[i];

		*n = (struct network){.country = "QX",
			.region = "QX-0",
			.asn = 100 + i / REGIONS,
			.medium = i / REGIONS < 2 ? MEDIUM_mobile : MEDIUM_fixed};
		n->region[3] = (char)('A' + i % REGIONS);
	}
	for (uint32_t p = 0; p < PROBES; p++) {
		l->probes[p].network = p / EACH;
		l->tallies[p] = (struct tally){
			.here = true, .reported = true, .network = p / EACH};
	}
	l->record.networks = l->networks;
	l->record.networks_n = PLACES;
	l->record.probes = l->probes;
	l->record.probes_n = PROBES;
}

static void
loses(struct land *l, uint32_t probe, enum loss loss, int64_t minute)
{
	struct tally *t = &l->tallies[probe];

	t->own = t->affected = true;
	t->loss = (uint8_t)loss;
	t->well_us = (minute - 5) * MINUTE_US;
	t->onset_us = minute * MINUTE_US;
}

/* Both probes of one operator in one region. */
static void
place_loses(struct land *l, uint32_t operator, uint32_t region, enum loss loss)
{
	for (uint32_t i = 0; i < EACH; i++)
		loses(l, (operator* REGIONS + region) * EACH + i, loss, 100);
}

static void
look(struct land *l)
{
	l->view = (struct view){
		.record = &l->record, .event = &l->event, .tallies = l->tallies};
	scene_open(&l->scene, &l->view);
	l->view.scene = &l->scene;
}

static void
whose_lines_show_no_loss_does_not_say_what_was_lost(void **state)
{
	struct land l;
	struct observation o = {0};

	(void)state;
	begin(&l);
	for (uint32_t region = 0; region < REGIONS; region++)
		place_loses(&l, 0, region, LOSS_ALL);
	loses(&l, PROBES - 1, LOSS_NONE, 100);
	loses(&l, PROBES - 2, LOSS_COUNTRY, 100);
	look(&l);
	assert_true(row_7b(&o, &l.view));
	assert_int_equal(o.n, 6);
	assert_int_equal(o.of, 7);
	scene_close(&l.scene);
}

#define HOSTS 4
/* To four hosts abroad so many of ten tries of each probe came through. */
static bool
the_world_is_dead(row_fn *row, uint16_t through)
{
	static struct seen seen[PROBES][HOSTS];
	struct target_info targets[HOSTS];
	struct observation o = {0};
	struct land l;
	bool holds;

	begin(&l);
	for (uint32_t t = 0; t < HOSTS; t++)
		targets[t] = (struct target_info){.rung = RUNG_international, .asn = t};
	l.record.targets = targets;
	l.record.targets_n = HOSTS;
	for (uint32_t p = 0; p < PROBES; p++) {
		loses(&l, p, LOSS_WORLD, 100);
		l.tallies[p].seen = seen[p];
		for (uint32_t t = 0; t < HOSTS; t++)
			seen[p][t] = (struct seen){.tried = 10, .succeeded = through};
	}
	look(&l);
	holds = row(&o, &l.view);
	scene_close(&l.scene);
	return holds;
}

static void
where_a_share_of_everything_passes_the_world_is_not_dead(void **state)
{
	(void)state;
	assert_true(the_world_is_dead(row_12, 0));
	assert_false(the_world_is_dead(row_12c, 0));
	assert_true(the_world_is_dead(row_12d, 2));
	assert_false(the_world_is_dead(row_12, 2));
	assert_true(the_world_is_dead(row_12c, 2));
}

static void
what_breaks_machines_and_lines_in_one_moment_and_less_elsewhere_is_the_ground(
	void **state)
{
	struct land l;
	struct observation o = {0};

	(void)state;
	begin(&l);
	place_loses(&l, 0, 0, LOSS_DARK);
	place_loses(&l, 1, 0, LOSS_ACCESS);
	place_loses(&l, 2, 1, LOSS_ACCESS);
	look(&l);
	assert_true(row_21h(&o, &l.view));
	assert_int_equal(o.value, 50);
	assert_int_equal(o.other, 0);
	scene_close(&l.scene);
	/* By and by is no moment. */
	for (uint32_t p = 0; p < PROBES; p++)
		if (l.tallies[p].own && p % 2)
			loses(&l, p, (enum loss)l.tallies[p].loss, 100 + 60 * p);
	look(&l);
	assert_false(row_21h(&o, &l.view));
	scene_close(&l.scene);
	/* Machines alone are the mains. */
	begin(&l);
	place_loses(&l, 0, 0, LOSS_DARK);
	place_loses(&l, 1, 0, LOSS_DARK);
	place_loses(&l, 2, 1, LOSS_DARK);
	look(&l);
	assert_false(row_21h(&o, &l.view));
	scene_close(&l.scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			where_a_share_of_everything_passes_the_world_is_not_dead),
		cmocka_unit_test(whose_lines_show_no_loss_does_not_say_what_was_lost),
		cmocka_unit_test(
			what_breaks_machines_and_lines_in_one_moment_and_less_elsewhere_is_the_ground),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
