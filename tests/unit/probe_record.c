#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/conf.h"
#include "probe/steps.h"

#define MINUTE_US INT64_C(60000000)

struct bench {
	char dir[64];
	struct config config;
	struct enrolment enrolment;
	struct targets targets;
	struct keys *keys;
	struct recorder *r;
	int64_t now_us;
	struct measurement ms[64];
	struct ladder ladder;
	struct segment segment;
	struct buf bytes;
	uint8_t id[HASH_BYTES];
};

static struct bench *
make_bench(void)
{
	static const char list[] =
		TARGETS_HEADER "\n"
			       "international,-,198.51.100.1,-,-,everyone,no\n";
	struct bench *b = calloc(1, sizeof(*b));
	const struct setting *rows;
	size_t n;

	strcpy(b->dir, "/tmp/faultline-record-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	rows = config_rows(&n);
	conf_presets(&b->config, rows, n);
	b->config.profile = PROFILE_HOME;
	strcpy(b->enrolment.country, "ZZ");
	assert_int_equal(targets_read(&b->targets, (struct span){list, strlen(list)},
				 NULL, NULL),
		OK);
	assert_int_equal(keys_create(b->dir), OK);
	assert_int_equal(keys_open(&b->keys, b->dir), OK);
	recorder_open(&b->r, &b->config, &b->enrolment, &b->targets);
	b->now_us = clock_boot_us();
	return b;
}

static void
free_bench(struct bench *b)
{
	char command[128];

	recorder_close(b->r);
	keys_close(b->keys);
	buf_free(&b->bytes);
	snprintf(command, sizeof(command), "rm -r %s", b->dir);
	assert_int_equal(system(command), 0);
	free(b);
}

static enum closing
add(struct bench *b, size_t n, enum outcome outcome, bool round)
{
	for (size_t i = 0; i < n; i++) {
		const struct job job = {.check = CHECK_ping,
			.rung = RUNG_international,
			.round = 1,
			.origin_us = keys_boot_origin_us(b->keys)};

		runner_unmeasured(&b->ms[i], &job, REASON_internal, b->now_us);
		b->ms[i].has[FIELD_reason] = false;
		SET(&b->ms[i], outcome, outcome);
	}
	ladder_climb(&b->ladder, b->ms, n);
	return recorder_add(b->r, b->ms, n, round ? &b->ladder : NULL, b->now_us);
}

static void
seal(struct bench *b)
{
	const char *why = NULL;

	buf_clear(&b->bytes);
	assert_int_equal(recorder_seal(&b->bytes, b->id, b->r, b->keys, b->now_us), OK);
	assert_int_equal(segment_read(&b->segment, buf_span(&b->bytes), &why), OK);
	assert_memory_equal(b->segment.id, b->id, HASH_BYTES);
}

static void
line(struct measurement *m, const struct bench *b, size_t at, enum line_kind kind)
{
	assert_true(at < b->segment.n);
	assert_int_equal(measurement_decode(m, b->segment.lines[at], NULL), OK);
	assert_int_equal(m->kind, kind);
}

static void
header_lines_come_first_in_the_order_of_the_format(void **state)
{
	struct bench *b = make_bench();
	struct measurement m;

	(void)state;
	strcpy(b->enrolment.region, "ZZ-01");
	add(b, 2, OUTCOME_ok, true);
	seal(b);
	assert_int_equal(b->segment.n, 5 + 2);
	line(&m, b, 0, LINE_clock);
	assert_int_equal(m.boot, 0);
	line(&m, b, 1, LINE_network);
	assert_string_equal(m.region, "ZZ-01");
	assert_false(m.has[FIELD_asn]);
	line(&m, b, 2, LINE_software);
	line(&m, b, 3, LINE_targets);
	assert_int_equal(m.rows, 1);
	line(&m, b, 4, LINE_gaps);
	assert_int_equal(m.promised_us, 5 * MINUTE_US);
	assert_true(m.next_contact_us > 0);
	assert_false(m.has[FIELD_previous]);
	line(&m, b, 5, LINE_measurement);
	assert_int_equal(recorder_count(b->r), 0);
	free_bench(b);
}

static void
each_segment_names_the_one_before(void **state)
{
	struct bench *b = make_bench();
	char first[HASH_HEX_BYTES];
	struct measurement m;

	(void)state;
	seal(b);
	assert_int_equal(b->segment.seq, 1);
	crypto_hex(first, b->id, HASH_BYTES);
	seal(b);
	assert_int_equal(b->segment.seq, 2);
	line(&m, b, 4, LINE_gaps);
	assert_string_equal(m.previous, first);
	free_bench(b);
}

static void
a_where_note_becomes_a_line_an_anchor_and_the_network(void **state)
{
	static const struct where where = {.asn = 64500,
		.utc_us = 1767225600000000,
		.country = "ZY",
		.prefix = "192.0.2.0/24"};
	struct bench *b = make_bench();
	struct measurement m;

	(void)state;
	recorder_where(b->r, (struct span){"a note\n", 7}, &where, b->now_us);
	seal(b);
	assert_int_equal(b->segment.n, 6);
	line(&m, b, 0, LINE_clock);
	assert_int_equal(m.clock_state, 3);
	assert_int_equal(m.anchor_utc_us, where.utc_us);
	assert_int_equal(m.anchor_t_us, b->now_us - keys_boot_origin_us(b->keys));
	line(&m, b, 1, LINE_network);
	assert_int_equal(m.asn, 64500);
	assert_string_equal(m.country, "ZY");
	assert_string_equal(m.prefix, "192.0.2.0/24");
	line(&m, b, 2, LINE_where);
	assert_string_equal(m.note, "YSBub3RlCg==");
	free_bench(b);
}

static void
a_second_uplinks_segment_has_its_own_lines_and_network(void **state)
{
	static const struct where where = {
		.asn = 64500, .country = "ZY", .prefix = "192.0.2.0/24"};
	struct bench *b = make_bench();
	struct job job = {.check = CHECK_link, .rung = RUNG_link, .round = 1};
	struct measurement m;

	(void)state;
	b->enrolment.medium = MEDIUM_fixed;
	recorder_over(b->r, 1);
	runner_unmeasured(&b->ms[0], &job, REASON_internal, b->now_us);
	job.uplink_number = 1;
	runner_unmeasured(&b->ms[1], &job, REASON_internal, b->now_us);
	SET(&b->ms[1], medium, MEDIUM_mobile);
	recorder_add(b->r, b->ms, 2, NULL, b->now_us);
	recorder_where(b->r, (struct span){"a note\n", 7}, &where, b->now_us);
	seal(b);
	assert_int_equal(b->segment.n, 7);
	line(&m, b, 1, LINE_network);
	assert_int_equal(m.medium, MEDIUM_mobile);
	assert_int_equal(m.asn, 64500);
	line(&m, b, 6, LINE_measurement);
	assert_int_equal(m.uplink, 1);
	recorder_move(b->r);
	assert_false(recorder_placed(b->r, 0));
	recorder_add(b->r, &b->ms[1], 1, NULL, b->now_us);
	seal(b);
	line(&m, b, 1, LINE_network);
	assert_false(m.has[FIELD_asn]);
	free_bench(b);
}

static void
the_first_uplinks_network_is_what_its_device_is_and_else_what_was_declared(void **state)
{
	struct bench *b = make_bench();
	struct job job = {.check = CHECK_link, .rung = RUNG_link, .round = 1};
	struct measurement m;

	(void)state;
	b->enrolment.medium = MEDIUM_fixed;
	runner_unmeasured(&b->ms[0], &job, REASON_internal, b->now_us);
	recorder_add(b->r, b->ms, 1, NULL, b->now_us);
	seal(b);
	line(&m, b, 1, LINE_network);
	assert_int_equal(m.medium, MEDIUM_fixed);
	SET(&b->ms[0], medium, MEDIUM_mobile);
	recorder_add(b->r, b->ms, 1, NULL, b->now_us);
	seal(b);
	line(&m, b, 1, LINE_network);
	assert_int_equal(m.medium, MEDIUM_mobile);
	free_bench(b);
}

static void
the_first_uplinks_segment_leaves_the_seconds_lines_out(void **state)
{
	struct bench *b = make_bench();
	const struct job job = {
		.check = CHECK_link, .rung = RUNG_link, .uplink_number = 1};

	(void)state;
	runner_unmeasured(&b->ms[0], &job, REASON_internal, b->now_us);
	recorder_add(b->r, b->ms, 1, NULL, b->now_us);
	assert_int_equal(recorder_count(b->r), 0);
	free_bench(b);
}

static void
a_change_of_the_ladder_closes_early_twelve_times_an_hour(void **state)
{
	struct bench *b = make_bench();
	int closed = 0;

	(void)state;
	/* An interval that never ends, so that only changes close. */
	b->config.profiles[PROFILE_HOME].segment_us = 1000 * MINUTE_US;
	assert_int_equal(add(b, 1, OUTCOME_ok, true), CLOSE_CHANGE);
	assert_int_equal(add(b, 1, OUTCOME_ok, true), CLOSE_NOT_YET);
	for (int i = 0; i < 40; i++) {
		enum outcome outcome = i % 2 ? OUTCOME_ok : OUTCOME_host_unreachable;

		closed += add(b, 1, outcome, true) == CLOSE_CHANGE;
		while (recorder_count(b->r) > 0)
			seal(b);
	}
	assert_int_equal(closed, 12 - 1);
	b->now_us += 61 * MINUTE_US;
	assert_int_equal(add(b, 1, OUTCOME_host_unreachable, true), CLOSE_CHANGE);
	free_bench(b);
}

static void
a_pulse_closes_early_when_its_answer_changes(void **state)
{
	struct bench *b = make_bench();

	(void)state;
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_NOT_YET);
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_NOT_YET);
	assert_int_equal(add(b, 1, OUTCOME_generic_timeout_error, false), CLOSE_CHANGE);
	assert_int_equal(
		add(b, 1, OUTCOME_generic_timeout_error, false), CLOSE_NOT_YET);
	free_bench(b);
}

static void
what_is_told_of_an_old_batch_is_no_pulse(void **state)
{
	struct bench *b = make_bench();
	struct measurement told = {0};

	(void)state;
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_NOT_YET);
	told = b->ms[0];
	SET(&told, check, CHECK_oneway);
	SET(&told, outcome, OUTCOME_generic_timeout_error);
	assert_int_equal(recorder_add(b->r, &told, 1, NULL, b->now_us), CLOSE_NOT_YET);
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_NOT_YET);
	free_bench(b);
}

static void
the_interval_closes(void **state)
{
	struct bench *b = make_bench();

	(void)state;
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_NOT_YET);
	b->now_us += 5 * MINUTE_US + 1000000;
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_TIME);
	seal(b);
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_NOT_YET);
	free_bench(b);
}

static void
more_than_a_segment_holds_takes_several_and_loses_nothing(void **state)
{
	struct bench *b = make_bench();
	size_t segments = 0, lines = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		add(b, 64, OUTCOME_ok, false);
	assert_int_equal(add(b, 1, OUTCOME_ok, false), CLOSE_TIME);
	while (recorder_count(b->r) > 0) {
		seal(b);
		segments++;
		lines += b->segment.n - 5;
	}
	assert_true(segments > 1);
	assert_int_equal(lines, 4 * 64 + 1);
	free_bench(b);
}

static void
what_waits_too_long_is_dropped_oldest_first_and_counted(void **state)
{
	struct bench *b = make_bench();
	struct measurement m;
	size_t kept;

	(void)state;
	for (int i = 0; i < 20; i++)
		add(b, 64, OUTCOME_ok, false);
	recorder_dropped(b->r, 7);
	kept = recorder_count(b->r);
	assert_true(kept < 20 * 64);
	seal(b);
	line(&m, b, 4, LINE_gaps);
	assert_int_equal(m.dropped, 20 * 64 - (int64_t)kept + 7);
	seal(b);
	line(&m, b, 4, LINE_gaps);
	assert_int_equal(m.dropped, 0);
	free_bench(b);
}

static void
a_time_without_rounds_is_told_as_a_gap(void **state)
{
	struct bench *b = make_bench();
	struct measurement m;

	(void)state;
	add(b, 1, OUTCOME_ok, true);
	seal(b);
	line(&m, b, 4, LINE_gaps);
	assert_false(m.has[FIELD_gap_us]);
	b->now_us += 20 * MINUTE_US;
	add(b, 1, OUTCOME_ok, true);
	seal(b);
	line(&m, b, 4, LINE_gaps);
	assert_int_equal(m.gap_us, 20 * MINUTE_US);
	free_bench(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_lines_come_first_in_the_order_of_the_format),
		cmocka_unit_test(each_segment_names_the_one_before),
		cmocka_unit_test(a_where_note_becomes_a_line_an_anchor_and_the_network),
		cmocka_unit_test(
			a_second_uplinks_segment_has_its_own_lines_and_network),
		cmocka_unit_test(
			the_first_uplinks_segment_leaves_the_seconds_lines_out),
		cmocka_unit_test(
			a_change_of_the_ladder_closes_early_twelve_times_an_hour),
		cmocka_unit_test(
			the_first_uplinks_network_is_what_its_device_is_and_else_what_was_declared),
		cmocka_unit_test(a_pulse_closes_early_when_its_answer_changes),
		cmocka_unit_test(what_is_told_of_an_old_batch_is_no_pulse),
		cmocka_unit_test(the_interval_closes),
		cmocka_unit_test(
			more_than_a_segment_holds_takes_several_and_loses_nothing),
		cmocka_unit_test(
			what_waits_too_long_is_dropped_oldest_first_and_counted),
		cmocka_unit_test(a_time_without_rounds_is_told_as_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
