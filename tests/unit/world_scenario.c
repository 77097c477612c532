#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/world/parts.h"

#define HEADER                                                                         \
	"id,modelled_on,expected_cause,named_if_insufficient,t0_local,fall_90_to_10,"  \
	"as_order_min,bgp_kept_pct,domestic_international_reach,also_simulate,"        \
	"duration_recovery_repeat\n"

static struct scenarios
parse(const char *text)
{
	struct scenarios s;

	assert_true(scenarios_parse(&s, (struct span){text, strlen(text)}, "rows.csv"));
	return s;
}

static void
the_survey_s_rows_are_read_without_a_complaint(void **state)
{
	struct scenarios s;

	(void)state;
	assert_true(scenarios_read(&s, SOURCE_DIR "/tests/world/scenarios.csv"));
	assert_int_equal(s.n, 54);
	assert_int_equal(s.left_out, 0);
	for (int i = 0; i < 54; i++)
		assert_int_equal(scenario_id(scenarios_at(&s, (size_t)i)), i + 1);
	assert_string_equal(scenario_not_code(scenarios_find(&s, 1)), "EG");
	assert_string_equal(scenario_not_code(scenarios_find(&s, 33)), "UA");
	assert_null(scenario_not_code(scenarios_find(&s, 36)));
	scenarios_free(&s);
}

static void
what_is_not_understood_is_left_out_and_the_rest_is_read(void **state)
{
	struct scenarios s =
		parse(HEADER "7,Nowhere,shutdown.mobile,,16:00,10 min,"
			     "\"M1-3 0-5, F none\",100,\"M 0/0, F 100/100\","
			     "wombats 7; F RTT +20 ms,8 h / step / daily x13\n");
	const struct part *part = &scenarios_at(&s, 0)->parts[0];
	const struct clauses *also = &part->cells[COLUMN_also];

	(void)state;
	assert_int_equal(s.n, 1);
	assert_int_equal(s.left_out, 1);
	assert_int_equal(part->cells[COLUMN_order].n, 2);
	assert_true(part->cells[COLUMN_order].rows[1].dead);
	assert_int_equal(part->cells[COLUMN_reach].n, 2);
	assert_true(part->cells[COLUMN_reach].rows[0].slash);
	assert_int_equal(also->rows[also->n - 1].lever, LEVER_rtt);
	assert_int_equal(also->rows[also->n - 1].who.networks, NETWORKS_FIXED);
	assert_true(also->rows[also->n - 1].amount[0].low == 20);
	assert_int_equal(part->course.repeat, REPEAT_DAILY);
	assert_int_equal(part->course.times, 13);
	scenarios_free(&s);
}

static void
durations_recoveries_and_repeats_are_read(void **state)
{
	static const struct {
		const char *cell;
		double high_s;
		enum rise rise;
		enum repeat repeat;
		unsigned int times;
	} cases[] = {
		{"5.5 d / step 27 min / -", 475200, RISE_STEP, REPEAT_ONCE, 0},
		{"4.5 h / step / 5 dates in 11 d", 16200, RISE_STEP, REPEAT_IRREGULAR,
			5},
		{"8 h (some 5.5 h) / step / nightly x72", 28800, RISE_STEP,
			REPEAT_DAILY, 72},
		{"550 d (sim 10 d)", 864000, RISE_STEP, REPEAT_ONCE, 0},
		{"40 h / linear /", 144000, RISE_LINEAR, REPEAT_ONCE, 0},
		{"5 d / windows", 432000, RISE_WINDOWS, REPEAT_ONCE, 0},
		{"3 h / step / weekly Tue", 10800, RISE_STEP, REPEAT_WEEKLY, 5},
		{"2-3 d / linear", 259200, RISE_LINEAR, REPEAT_ONCE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[600];
		struct scenarios s;
		const struct course *c;

		snprintf(text, sizeof text, HEADER "1,x,ordinary.local,,any,,,,,,%s\n",
			cases[i].cell);
		s = parse(text);
		c = &scenarios_at(&s, 0)->parts[0].course;
		assert_int_equal(s.left_out, 0);
		assert_true(c->high_s == cases[i].high_s);
		assert_int_equal(c->rise, cases[i].rise);
		assert_int_equal(c->repeat, cases[i].repeat);
		assert_int_equal(c->times, cases[i].times);
		scenarios_free(&s);
	}
}

static void
columns_are_found_by_name_and_phases_are_parts(void **state)
{
	struct scenarios s =
		parse("label,expected_cause,id,t0_local\n"
		      "odd,shutdown.mobile|shutdown.full,9,20:00 | +25 h\n");
	const struct scenario *row = scenarios_find(&s, 9);

	(void)state;
	assert_non_null(row);
	assert_int_equal(row->parts_n, 2);
	assert_false(row->overlap);
	assert_int_equal(row->parts[0].cells[COLUMN_t0].rows[0].clock_min[0], 1200);
	assert_true(row->parts[1].cells[COLUMN_t0].rows[0].amount[0].low == 90000);
	scenarios_free(&s);
}

static void
a_file_without_its_columns_is_refused(void **state)
{
	struct scenarios s;

	(void)state;
	assert_false(scenarios_parse(&s, (struct span){"a,b\n1,2\n", 8}, "rows.csv"));
	assert_false(scenarios_read(&s, SOURCE_DIR "/tests/world/absent.csv"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_survey_s_rows_are_read_without_a_complaint),
		cmocka_unit_test(
			what_is_not_understood_is_left_out_and_the_rest_is_read),
		cmocka_unit_test(durations_recoveries_and_repeats_are_read),
		cmocka_unit_test(columns_are_found_by_name_and_phases_are_parts),
		cmocka_unit_test(a_file_without_its_columns_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
