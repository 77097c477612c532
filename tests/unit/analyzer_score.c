#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/report/labels.h"
#include "analyzer/report/score.h"

#define HEADER "id,country,regions,asns,probes,start,end,cause,named,found\n"
#define HOUR_US 3600000000LL

/* ---- the list ---- */

static enum err
read_text(struct labels *labels, const char *text, uint64_t *line)
{
	const char *why = NULL;
	enum err err =
		labels_read(labels, (struct span){text, strlen(text)}, line, &why);

	assert_int_equal(err == OK, why == NULL);
	return err;
}

static void
a_label_says_what_happened_to_whom_and_when(void **state)
{
	struct labels labels;
	uint64_t line;

	(void)state;
	assert_int_equal(
		read_text(&labels,
			HEADER "3.1.a,QX,QX-01 QX-B,64500 64501,9,1970-01-01T00:00:01Z,"
			       "1970-01-01T00:00:02Z,shutdown.mobile,,must\n"
			       "g2,QX,,,0,1970-01-01T00:00:01Z,,insufficient,"
			       "infrastructure.cable shutdown.international,may\r\n"
			       "30.1,QX,,,9,1970-01-01T00:00:01Z,,none,,must",
			&line),
		OK);
	assert_int_equal(labels.n, 3);
	assert_string_equal(labels.rows[0].id, "3.1.a");
	assert_string_equal(labels.rows[0].scope.country, "QX");
	assert_int_equal(labels.rows[0].scope.regions_n, 2);
	assert_string_equal(labels.rows[0].scope.regions[1], "QX-B");
	assert_int_equal(labels.rows[0].scope.asns_n, 2);
	assert_int_equal(labels.rows[0].scope.asns[1], 64501);
	assert_int_equal(labels.rows[0].scope.start_utc_us, 1000000);
	assert_int_equal(labels.rows[0].scope.end_utc_us, 2000000);
	assert_int_equal(labels.rows[0].cause, CAUSE_shutdown_mobile);
	assert_true(labels.rows[0].must);
	assert_true(labels.rows[1].scope.end_utc_us == INT64_MAX);
	assert_int_equal(labels.rows[1].cause, SCORE_INSUFFICIENT);
	assert_int_equal(labels.rows[1].named_n, 2);
	assert_int_equal(labels.rows[1].named[0], CAUSE_infrastructure_cable);
	assert_false(labels.rows[1].must);
	assert_int_equal(labels.rows[2].cause, SCORE_NONE);
	labels_free(&labels);
}

static void
a_row_that_is_no_label_is_named_by_its_line(void **state)
{
	static const char good[] = "a,QX,,,1,1970-01-01T00:00:01Z,,none,,must\n";
	static const char *const wrong[] = {"", "a,QX,,,1,1970-01-01T00:00:01Z,,none,",
		"b,QX,,,1,1970-01-01T00:00:01Z,,none,,must,more",
		"a,QX,,,1,1970-01-01T00:00:01Z,,none,,must",
		",QX,,,1,1970-01-01T00:00:01Z,,none,,must",
		"B,QX,,,1,1970-01-01T00:00:01Z,,none,,must",
		"b,qx,,,1,1970-01-01T00:00:01Z,,none,,must",
		"b,QX,QX,,1,1970-01-01T00:00:01Z,,none,,must",
		"b,QX,QX-1234,,1,1970-01-01T00:00:01Z,,none,,must",
		"b,QX,QX-1  QX-2,,1,1970-01-01T00:00:01Z,,none,,must",
		"b,QX,,x,1,1970-01-01T00:00:01Z,,none,,must",
		"b,QX,,4294967296,1,1970-01-01T00:00:01Z,,none,,must",
		"b,QX,,1 ,1,1970-01-01T00:00:01Z,,none,,must",
		"b,QX,,,,1970-01-01T00:00:01Z,,none,,must", "b,QX,,,1,,,none,,must",
		"b,QX,,,1,1970-01-01,,none,,must",
		"b,QX,,,1,1970-01-01T00:00:02Z,1970-01-01T00:00:02Z,none,,must",
		"b,QX,,,1,1970-01-01T00:00:01Z,,shutdown,,must",
		"b,QX,,,1,1970-01-01T00:00:01Z,,undecided,,must",
		"b,QX,,,1,1970-01-01T00:00:01Z,,insufficient,,must",
		"b,QX,,,1,1970-01-01T00:00:01Z,,none,shutdown.full,must",
		"b,QX,,,1,1970-01-01T00:00:01Z,,insufficient,none,must",
		("b,QX,,,1,1970-01-01T00:00:01Z,,insufficient,"
		 "shutdown.full shutdown.full,must"),
		"b,QX,,,1,1970-01-01T00:00:01Z,,none,,perhaps",
		"b,\"QX\",,,1,1970-01-01T00:00:01Z,,none,,must"};
	struct labels labels;
	char text[512];
	uint64_t line;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, HEADER "%s%s\n", good, wrong[i]);
		assert_int_equal(read_text(&labels, text, &line), ERR_FORMAT);
		assert_int_equal(line, 3);
		assert_null(labels.rows);
	}
	assert_int_equal(read_text(&labels, "id,country\n", &line), ERR_FORMAT);
	assert_int_equal(line, 1);
	assert_int_equal(read_text(&labels, HEADER, &line), OK);
	assert_int_equal(labels.n, 0);
}

/* ---- the matching ---- */

static struct score_label
label(uint8_t cause, int64_t from_h, int64_t to_h)
{
	struct score_label l = {.cause = cause, .must = true};

	strcpy(l.scope.country, "QX");
	l.scope.start_utc_us = from_h * HOUR_US;
	l.scope.end_utc_us = to_h ? to_h * HOUR_US : INT64_MAX;
	return l;
}

static struct score_event
event(uint8_t cause, int64_t from_h, int64_t to_h)
{
	struct score_label l = label(cause, from_h, to_h);
	struct score_event e = {.scope = l.scope, .cause = cause};

	return e;
}

static void
an_event_serves_only_where_and_when_it_happened(void **state)
{
	struct score_row rows[2];
	struct score_label l = label(CAUSE_shutdown_mobile, 10, 12);
	struct score_event e = event(CAUSE_shutdown_mobile, 10, 12);

	(void)state;
	l.scope.asns[l.scope.asns_n++] = 7;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 2);
	e.scope.asns[e.scope.asns_n++] = 8;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 2);
	assert_null(rows[0].event);
	assert_false(rows[0].class_right);
	assert_int_equal(rows[1].kind, SCORE_ALARM);
	e.scope.asns[e.scope.asns_n++] = 7;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	assert_true(rows[0].cause_right);
	strcpy(l.scope.regions[l.scope.regions_n++], "QX-1");
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	strcpy(e.scope.regions[e.scope.regions_n++], "QX-2");
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 2);
	strcpy(e.scope.regions[e.scope.regions_n++], "QX-1");
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	strcpy(e.scope.country, "QY");
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 2);
}

static void
spans_overlap_within_the_errors_of_the_event(void **state)
{
	struct score_row rows[2];
	struct score_label l = label(CAUSE_shutdown_full, 10, 12);
	struct score_event e = event(CAUSE_shutdown_full, 12, 14);

	(void)state;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 2);
	e.start_error_us = 1;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	e = event(CAUSE_shutdown_full, 8, 10);
	e.end_error_us = 0;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 2);
	e.end_error_us = 1;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
}

static void
an_event_serves_the_label_it_overlaps_longest(void **state)
{
	struct score_row rows[4];
	struct score_label l[] = {label(CAUSE_throttling_policed, 0, 10),
		label(CAUSE_shutdown_full, 10, 13)};
	struct score_event e[] = {event(CAUSE_shutdown_full, 6, 12)};

	(void)state;
	assert_int_equal(score_match(rows, l, 2, e, 1), 2);
	assert_ptr_equal(rows[0].event, &e[0]);
	assert_null(rows[1].event);
}

static void
a_cut_inside_a_power_failure_is_not_the_power_failure(void **state)
{
	struct score_row rows[4];
	struct score_label l[] = {label(CAUSE_infrastructure_power, 0, 100),
		label(CAUSE_shutdown_full, 36, 43)};
	struct score_event e[] = {event(CAUSE_infrastructure_power, 0, 99),
		event(CAUSE_shutdown_full, 36, 43)};

	(void)state;
	assert_int_equal(score_match(rows, l, 2, e, 2), 2);
	assert_true(rows[0].cause_right && rows[1].cause_right);
	/* Edges a few minutes off change nothing. */
	e[1].scope.start_utc_us -= HOUR_US / 12;
	e[1].scope.end_utc_us += HOUR_US / 12;
	assert_int_equal(score_match(rows, l, 2, e, 2), 2);
	assert_true(rows[0].cause_right && rows[1].cause_right);
}

static void
what_a_region_lost_is_not_the_trouble_of_one_home_for_days(void **state)
{
	struct score_row rows[4];
	struct score_label l[] = {label(CAUSE_ordinary_local, 0, 100),
		label(CAUSE_infrastructure_power, 37, 40)};
	struct score_event e[] = {event(CAUSE_infrastructure_power, 36, 43)};

	(void)state;
	assert_int_equal(score_match(rows, l, 2, e, 1), 2);
	assert_ptr_equal(rows[0].event, &e[0]);
	l[0].probes = 1;
	l[1].probes = 18;
	e[0].affected = 16;
	assert_int_equal(score_match(rows, l, 2, e, 1), 2);
	assert_ptr_equal(rows[1].event, &e[0]);
	/* Where that home's is all there is, it is the home's. */
	assert_int_equal(score_match(rows, l, 1, e, 1), 1);
	assert_ptr_equal(rows[0].event, &e[0]);
}

static void
a_label_takes_its_own_class_then_the_longest(void **state)
{
	struct score_row rows[4];
	struct score_label l = label(CAUSE_shutdown_mobile, 0, 10);
	struct score_event e[] = {event(CAUSE_infrastructure_upstream, 0, 10),
		event(CAUSE_shutdown_full, 1, 4), event(CAUSE_shutdown_mobile, 1, 9)};

	(void)state;
	assert_int_equal(score_match(rows, &l, 1, e, 3), 3);
	assert_ptr_equal(rows[0].event, &e[2]);
	assert_true(rows[0].cause_right);
	assert_int_equal(rows[1].kind, SCORE_EXTRA);
	assert_true(rows[1].counts); /* it contradicts */
	assert_false(rows[2].counts); /* it agrees */
	assert_true(rows[2].class_right);
	assert_false(rows[2].cause_right);
}

static void
what_has_not_ended_overlaps_up_to_the_last_that_is_known(void **state)
{
	struct score_row rows[4];
	struct score_label l[] = {label(CAUSE_shutdown_full, 10, 0),
		label(CAUSE_ordinary_local, 0, 9), label(SCORE_NONE, 39, 40)};
	struct score_event e = event(CAUSE_shutdown_full, 8, 0);

	(void)state;
	assert_int_equal(score_match(rows, l, 3, &e, 1), 3);
	assert_ptr_equal(rows[0].event, &e);
	e.scope.end_utc_us = 11 * HOUR_US;
	assert_int_equal(score_match(rows, l, 3, &e, 1), 3);
	assert_true(rows[0].event || rows[1].event);
	l[0].scope.start_utc_us = 12 * HOUR_US;
	assert_int_equal(score_match(rows, l, 3, &e, 1), 3);
	assert_ptr_equal(rows[1].event, &e);
}

static void
where_nothing_decides_the_named_causes_must_lead(void **state)
{
	struct score_row rows[2];
	struct score_label l = label(SCORE_INSUFFICIENT, 0, 10);
	struct score_event e = event(SCORE_INSUFFICIENT, 0, 10);

	(void)state;
	l.named[l.named_n++] = CAUSE_shutdown_international;
	l.named[l.named_n++] = CAUSE_infrastructure_cable;
	e.causes[0] = CAUSE_infrastructure_cable;
	e.causes[1] = CAUSE_shutdown_international;
	e.causes[2] = CAUSE_shutdown_full;
	e.causes_n = 3;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	assert_true(rows[0].class_right && rows[0].cause_right);
	e.causes[1] = CAUSE_shutdown_full;
	e.causes[2] = CAUSE_shutdown_international;
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	assert_int_equal(rows[0].said_cause, SCORE_UNDECIDED);
	assert_false(rows[0].class_right || rows[0].cause_right);
	e.cause = CAUSE_infrastructure_cable; /* a confident answer is the error */
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	assert_false(rows[0].class_right || rows[0].cause_right);
}

static void
where_nothing_happened_any_event_is_wrong(void **state)
{
	struct score_row rows[2];
	struct score_label l = label(SCORE_NONE, 0, 10);
	struct score_event e = event(CAUSE_ordinary_local, 2, 3);

	(void)state;
	l.must = false; /* silence is right, and counts, whatever found says */
	assert_int_equal(score_match(rows, &l, 1, NULL, 0), 1);
	assert_true(rows[0].counts && rows[0].class_right && rows[0].cause_right);
	assert_int_equal(score_match(rows, &l, 1, &e, 1), 1);
	assert_false(rows[0].class_right || rows[0].cause_right);
}

static void
what_may_be_missed_counts_only_if_it_was_found(void **state)
{
	struct score_row rows[2];
	struct score_label l = label(CAUSE_ordinary_local, 0, 10);
	struct score_event e = event(CAUSE_shutdown_full, 0, 10);
	struct score_figures f;

	(void)state;
	l.must = false;
	score_count(&f, rows, score_match(rows, &l, 1, NULL, 0));
	assert_int_equal(f.labels, 0);
	score_count(&f, rows, score_match(rows, &l, 1, &e, 1));
	assert_int_equal(f.labels, 1);
	assert_int_equal(f.class_right, 0);
	l.must = true;
	score_count(&f, rows, score_match(rows, &l, 1, NULL, 0));
	assert_int_equal(f.classes[CLASS_ordinary][SCORE_CLASS_NONE], 1);
}

static void
of_events_without_a_label_only_the_ordinary_ones_are_no_alarm(void **state)
{
	struct score_row rows[3];
	struct score_event e[] = {event(CAUSE_ordinary_local, 0, 1),
		event(SCORE_INSUFFICIENT, 0, 1),
		event(CAUSE_infrastructure_cable, 0, 1)};
	struct score_figures f;

	(void)state;
	score_count(&f, rows, score_match(rows, NULL, 0, e, 3));
	assert_int_equal(rows[0].kind, SCORE_ASIDE);
	assert_int_equal(f.alarms, 2);
	assert_int_equal(f.insufficient_alarms, 1);
	assert_int_equal(f.asides, 1);
	assert_int_equal(f.classes[SCORE_CLASS_NONE][CLASS_infrastructure], 1);
	assert_int_equal(f.classes[SCORE_CLASS_NONE][CLASS_ordinary], 0);
}

/* ---- the figures ---- */

static void
macro_f1_is_the_mean_over_what_is_true_of_a_label(void **state)
{
	struct score_label l[] = {label(CAUSE_shutdown_full, 0, 1),
		label(CAUSE_shutdown_full, 2, 3), label(CAUSE_ordinary_local, 4, 5)};
	struct score_event e[] = {event(CAUSE_shutdown_full, 0, 1),
		event(CAUSE_ordinary_local, 2, 3), event(CAUSE_ordinary_local, 4, 5),
		event(CAUSE_shutdown_full, 8, 9)};
	struct score_row rows[7];
	struct score_figures f;

	(void)state;
	score_count(&f, rows, score_match(rows, l, 3, e, 4));
	/* shutdown: 1 right, 1 missed, 1 false alarm: 2/4; ordinary: 1 right, 1 too many:
	 * 2/3; nothing is none in truth. */
	assert_int_equal(f.class_macro_f1_ppm, (500000 + 666666) / 2);
	assert_int_equal(f.cause_macro_f1_ppm, (500000 + 666666) / 2);
	assert_int_equal(f.labels, 3);
	assert_int_equal(f.found, 3);
	assert_int_equal(f.class_right, 2);
	assert_int_equal(f.abstentions, 0);
	e[1].cause = SCORE_INSUFFICIENT;
	score_count(&f, rows, score_match(rows, l, 3, e, 4));
	assert_int_equal(f.abstentions, 1);
	assert_int_equal(f.class_macro_f1_ppm, (500000 + 1000000) / 2);
}

static void
every_cause_has_a_name_and_a_class(void **state)
{
	(void)state;
	for (uint8_t cause = 0; cause < SCORE_CAUSES; cause++) {
		const char *name = score_cause_name(cause);
		const char *class = score_class_name(score_class_of(cause));

		assert_int_equal(strncmp(name, class, strlen(class)), 0);
	}
	assert_string_equal(score_cause_name(SCORE_UNDECIDED), "undecided");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_says_what_happened_to_whom_and_when),
		cmocka_unit_test(a_row_that_is_no_label_is_named_by_its_line),
		cmocka_unit_test(an_event_serves_only_where_and_when_it_happened),
		cmocka_unit_test(spans_overlap_within_the_errors_of_the_event),
		cmocka_unit_test(an_event_serves_the_label_it_overlaps_longest),
		cmocka_unit_test(a_cut_inside_a_power_failure_is_not_the_power_failure),
		cmocka_unit_test(
			what_a_region_lost_is_not_the_trouble_of_one_home_for_days),
		cmocka_unit_test(a_label_takes_its_own_class_then_the_longest),
		cmocka_unit_test(
			what_has_not_ended_overlaps_up_to_the_last_that_is_known),
		cmocka_unit_test(where_nothing_decides_the_named_causes_must_lead),
		cmocka_unit_test(where_nothing_happened_any_event_is_wrong),
		cmocka_unit_test(what_may_be_missed_counts_only_if_it_was_found),
		cmocka_unit_test(
			of_events_without_a_label_only_the_ordinary_ones_are_no_alarm),
		cmocka_unit_test(macro_f1_is_the_mean_over_what_is_true_of_a_label),
		cmocka_unit_test(every_cause_has_a_name_and_a_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
