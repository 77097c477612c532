#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "analyzer/analysis/steps.h"

#define PROBES 4
#define MOST_PROBES 6
#define MINUTE_US INT64_C(60000000)

struct scene {
	struct network networks[2];
	struct probe probes[MOST_PROBES];
	struct target_info targets[1];
	struct record record;
	struct anomaly anomalies[3 * MOST_PROBES];
	struct event events[3 * MOST_PROBES];
	size_t n;
};

static void
scene_begin(struct scene *s)
{
	*s = (struct scene){
		.networks = {{.country = "XX", .asn = 1, .region = "XX-A"},
			{.country = "XX", .asn = 1, .region = "XX-B"}},
		.targets = {{.rung = RUNG_international}},
	};
	s->record = (struct record){
		.networks = s->networks,
		.networks_n = 2,
		.probes = s->probes,
		.probes_n = PROBES,
		.targets = s->targets,
		.targets_n = 1,
		.window_us = 15 * MINUTE_US,
		.horizon_us = 1000 * MINUTE_US,
	};
}

/* The last good sample, the first bad one, the last bad one, the next good one. */
static void
fails(struct scene *s, uint32_t probe, enum series series, const int64_t minutes[4])
{
	s->anomalies[s->n++] = (struct anomaly){
		.probe = probe,
		.series = (uint8_t)series,
		.index = series == SERIES_RUNG ? RUNG_international : 0,
		.start_lo_us = minutes[0] * MINUTE_US,
		.start_hi_us = minutes[1] * MINUTE_US,
		.end_lo_us = minutes[2] * MINUTE_US,
		.end_hi_us = minutes[3] * MINUTE_US,
		.bins = 2,
	};
}

static size_t
events_of(struct scene *s, enum family family)
{
	size_t n = join(s->events, s->anomalies, s->n, &s->record), found = 0;

	for (size_t i = 0; i < n; i++)
		found += s->events[i].family == family;
	return found;
}

static void
test_a_rung_that_answered_for_a_moment_explains_what_never_did(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){100, 105, 130, 135});
		fails(&s, probe, SERIES_RUNG, (int64_t[]){150, 155, 180, 185});
		fails(&s, probe, SERIES_TARGET, (int64_t[]){98, 110, 180, 190});
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 0);
	/* What begins before the other ends goes on where that ended. */
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){100, 105, 130, 135});
		fails(&s, probe, SERIES_RUNG, (int64_t[]){120, 125, 160, 165});
		fails(&s, probe, SERIES_TARGET, (int64_t[]){98, 110, 200, 210});
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 0);
	/* With the second half alone the most of it is not. */
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){150, 155, 180, 185});
		fails(&s, probe, SERIES_TARGET, (int64_t[]){98, 110, 180, 190});
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 1);
}

static void
test_a_line_that_is_out_for_long_and_worse_for_an_hour_has_one_event(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++)
		fails(&s, probe, SERIES_RUNG, (int64_t[]){100, 105, 880, 885});
	fails(&s, PROBES - 1, SERIES_DARK, (int64_t[]){300, 305, 330, 335});
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
	assert_int_equal(s.events[0].n, PROBES + 1);
	assert_int_equal(s.events[0].affected, PROBES);
	assert_int_equal(s.events[0].end_lo_us, 880 * MINUTE_US);
	assert_int_equal(s.events[0].end_hi_us, 885 * MINUTE_US);
}

static void
test_a_rate_is_low_because_large_pages_stand_still(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_WHOLE, (int64_t[]){60, 120, 800, 860});
		fails(&s, probe, SERIES_RATE, (int64_t[]){90, 100, 820, 840});
		s.anomalies[s.n - 2].index = 1; /* abroad */
	}
	assert_int_equal(events_of(&s, FAMILY_SLOW), 0);
	assert_int_equal(events_of(&s, FAMILY_WHOLE), 1);
}

static void
test_what_most_of_those_out_lose_besides_is_another_event(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){100, 105, 880, 885});
		fails(&s, probe, SERIES_DARK, (int64_t[]){300, 305, 330, 335});
	}
	assert_int_equal(events_of(&s, FAMILY_LOSS), 2);
}

static void
test_a_probe_that_fell_silent_needs_no_list(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	s.record.targets = NULL;
	s.record.targets_n = 0;
	fails(&s, 0, SERIES_RUNG, (int64_t[]){100, 105, 180, 185});
	fails(&s, 0, SERIES_SILENT, (int64_t[]){150, 155, 300, 0});
	fails(&s, 1, SERIES_RUNG, (int64_t[]){100, 105, 180, 185});
	fails(&s, 1, SERIES_DARK, (int64_t[]){150, 155, 300, 305});
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
}

static void
test_a_target_looked_at_once_an_hour_is_explained_by_its_rung(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){100, 105, 180, 185});
		fails(&s, probe, SERIES_TARGET, (int64_t[]){60, 120, 180, 240});
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 0);
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
}

static void
test_a_target_that_failed_long_before_its_rung_is_an_event_of_its_own(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){150, 155, 180, 185});
		fails(&s, probe, SERIES_TARGET, (int64_t[]){0, 60, 180, 240});
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 1);
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
}

static void
test_a_target_that_failed_before_its_rung_did_is_not_explained(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){150, 155, 180, 185});
		fails(&s, probe, SERIES_TARGET, (int64_t[]){0, 60, 120, 240});
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 1);
}

static void
test_a_target_that_failed_on_behind_its_rung_failed_from_there_on(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t probe = 0; probe < PROBES; probe++) {
		fails(&s, probe, SERIES_RUNG, (int64_t[]){90, 95, 400, 405});
		fails(&s, probe, SERIES_TARGET, (int64_t[]){85, 100, 900, 905});
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 1);
	for (size_t i = 0; i < 2; i++)
		if (s.events[i].family == FAMILY_TARGET)
			assert_int_equal(s.events[i].start_lo_us, 405 * MINUTE_US);
}

/* What one probe loses while so many are slow, itself the first of them or not. */
static void
loses_beside(struct scene *s, uint32_t probe, uint32_t slow, const int64_t minutes[4])
{
	scene_begin(s);
	for (uint32_t i = 0; i < slow; i++)
		fails(s, i, SERIES_LATE, (int64_t[]){100, 105, 580, 585});
	fails(s, probe, SERIES_RUNG, minutes);
	s->anomalies[s->n - 1].bins = 9;
}

static void
test_what_one_of_many_loses_more_than_they_is_no_event_of_its_own(void **state)
{
	static const int64_t in_it[] = {200, 205, 400, 405};
	static const int64_t longer[] = {200, 205, 980, 985};
	struct scene s;

	(void)state;
	loses_beside(&s, 0, PROBES, in_it);
	assert_int_equal(events_of(&s, FAMILY_LOSS), 0);
	assert_int_equal(s.events[0].n, PROBES);
	loses_beside(&s, 0, PROBES, longer);
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
	/* Two of four: the one other is no half of the three. */
	loses_beside(&s, 0, 2, in_it);
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
	/* Its home's own trouble stays its own. */
	loses_beside(&s, 0, PROBES, in_it);
	s.anomalies[s.n - 1].index = RUNG_router;
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
}

static void
test_who_loses_what_is_late_to_the_others_of_its_operator_is_one_of_them(void **state)
{
	static const int64_t in_it[] = {200, 205, 400, 405};
	struct scene s;

	(void)state;
	loses_beside(&s, PROBES - 1, PROBES - 1, in_it);
	assert_int_equal(events_of(&s, FAMILY_LOSS), 0);
	assert_int_equal(s.events[0].affected, PROBES);
	/* One of the three others alone. */
	loses_beside(&s, PROBES - 1, 1, in_it);
	assert_int_equal(events_of(&s, FAMILY_LOSS), 1);
}

static void
test_what_some_of_many_lose_besides_is_part_of_it_while_it_lasts(void **state)
{
	struct scene s;

	(void)state;
	for (int days = 0; days < 2; days++) {
		scene_begin(&s);
		for (uint32_t i = 0; i < PROBES; i++)
			fails(&s, i, SERIES_LATE,
				(int64_t[]){100, 105, days ? 5080 : 580,
					days ? 5085 : 585});
		for (uint32_t i = 0; i < PROBES / 2; i++) {
			fails(&s, i, SERIES_RUNG, (int64_t[]){200, 205, 400, 405});
			s.anomalies[s.n - 1].bins = 9;
		}
		/* What happens in one of many slow days is an event of its own. */
		assert_int_equal(events_of(&s, FAMILY_LOSS), days);
	}
}

static void
test_what_is_part_of_a_part_goes_where_that_goes(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	s.record.probes_n = MOST_PROBES;
	for (uint32_t i = 0; i < MOST_PROBES; i++)
		fails(&s, i, SERIES_LATE, (int64_t[]){100, 105, 580, 585});
	for (uint32_t i = 0; i < MOST_PROBES / 2; i++) {
		fails(&s, i, SERIES_RUNG, (int64_t[]){150, 155, 500, 505});
		s.anomalies[s.n - 1].index = RUNG_transport;
	}
	fails(&s, MOST_PROBES / 2, SERIES_RUNG, (int64_t[]){200, 205, 400, 405});
	s.anomalies[s.n - 1].bins = 9;
	assert_int_equal(join(s.events, s.anomalies, s.n, &s.record), 1);
	assert_int_equal(s.events[0].family, FAMILY_SLOW);
	assert_int_equal(s.events[0].n, MOST_PROBES);
}

/* So many of three probes of one region miss something; those of the operator in the other do not. */
static size_t
missed_in_one_region(uint32_t n, enum series series, enum family family)
{
	struct scene s;

	scene_begin(&s);
	s.record.probes_n = MOST_PROBES;
	for (uint32_t i = MOST_PROBES / 2; i < MOST_PROBES; i++)
		s.probes[i].network = 1;
	for (uint32_t i = 0; i < n; i++)
		fails(&s, i, series, (int64_t[]){100, 105, 580, 585});
	return events_of(&s, family);
}

static void
test_what_is_missed_in_one_region_of_an_operator_is_an_event(void **state)
{
	(void)state;
	assert_int_equal(missed_in_one_region(3, SERIES_TARGET, FAMILY_TARGET), 1);
	assert_int_equal(missed_in_one_region(2, SERIES_TARGET, FAMILY_TARGET), 0);
	assert_int_equal(missed_in_one_region(3, SERIES_SILENT, FAMILY_SILENT), 0);
}

/* Three of seven homes of one operator, each in a region of its own. */
static void
test_who_is_the_only_one_in_a_region_is_not_most_of_it(void **state)
{
	struct network homes[7];
	struct probe probes[7] = {{0}};
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t i = 0; i < 7; i++) {
		homes[i] = s.networks[0];
		snprintf(homes[i].region, sizeof(homes[i].region), "XX-%u", i);
		probes[i].network = i;
	}
	s.record.networks = homes;
	s.record.networks_n = s.record.probes_n = 7;
	s.record.probes = probes;
	for (uint32_t i = 0; i < 3; i++) {
		fails(&s, i, SERIES_TARGET, (int64_t[]){100, 105, 580, 585});
		s.anomalies[s.n - 1].network = i;
	}
	assert_int_equal(events_of(&s, FAMILY_TARGET), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_line_that_is_out_for_long_and_worse_for_an_hour_has_one_event),
		cmocka_unit_test(test_a_rate_is_low_because_large_pages_stand_still),
		cmocka_unit_test(
			test_what_most_of_those_out_lose_besides_is_another_event),
		cmocka_unit_test(
			test_a_rung_that_answered_for_a_moment_explains_what_never_did),
		cmocka_unit_test(test_a_probe_that_fell_silent_needs_no_list),
		cmocka_unit_test(
			test_a_target_looked_at_once_an_hour_is_explained_by_its_rung),
		cmocka_unit_test(
			test_a_target_that_failed_long_before_its_rung_is_an_event_of_its_own),
		cmocka_unit_test(
			test_a_target_that_failed_before_its_rung_did_is_not_explained),
		cmocka_unit_test(
			test_a_target_that_failed_on_behind_its_rung_failed_from_there_on),
		cmocka_unit_test(
			test_what_one_of_many_loses_more_than_they_is_no_event_of_its_own),
		cmocka_unit_test(
			test_who_loses_what_is_late_to_the_others_of_its_operator_is_one_of_them),
		cmocka_unit_test(
			test_what_some_of_many_lose_besides_is_part_of_it_while_it_lasts),
		cmocka_unit_test(test_what_is_part_of_a_part_goes_where_that_goes),
		cmocka_unit_test(
			test_what_is_missed_in_one_region_of_an_operator_is_an_event),
		cmocka_unit_test(
			test_who_is_the_only_one_in_a_region_is_not_most_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
