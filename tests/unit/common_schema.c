#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/measurement.h"
#include "common/schema.h"
#include "tests/unit/line.h"

#define GOLDEN SOURCE_DIR "/tests/golden/schema-%d.jsonl"
#define PAGE SOURCE_DIR "/common/SCHEMA.md"

static void
fields_stand_in_lexicographic_order(void **state)
{
	(void)state;
	for (size_t i = 1; i < FIELD_COUNT; i++)
		if (strcmp(schema_rows[i - 1].name, schema_rows[i].name) >= 0)
			fail_msg("%s stands before %s", schema_rows[i - 1].name,
				schema_rows[i].name);
}

static void
rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];

		assert_int_equal(row->needed & ~row->allowed, 0);
		assert_true(row->allowed);
		assert_true(row->lowest <= row->highest);
		assert_true(row->lowest >= -TIME_MAX && row->highest <= TIME_MAX);
		assert_true(row->since >= 1 && row->since <= MEASUREMENT_SCHEMA);
		assert_int_equal(row->key_len, strlen(row->name) + 3);
		assert_string_equal(measurement_field_name((enum field)i), row->name);
	}
	assert_null(measurement_field_name(FIELD_COUNT));
}

static void
every_name_is_found_again_and_none_stands_past_the_end(void **state)
{
	(void)state;
	for (int i = 0; i < CHECK_COUNT; i++) {
		const char *name = check_name((enum check)i);

		assert_int_equal(check_by_name((struct span){name, strlen(name)}), i);
	}
	for (int i = 0; i < RUNG_COUNT; i++) {
		const char *name = rung_name((enum rung)i);

		assert_int_equal(rung_by_name((struct span){name, strlen(name)}), i);
	}
	assert_int_equal(check_by_name((struct span){"ping6", 5}), -1);
	assert_int_equal(rung_by_name((struct span){"", 0}), -1);
	assert_null(line_kind_name(LINE_COUNT));
	assert_null(check_name(CHECK_COUNT));
	assert_null(rung_name(RUNG_COUNT));
	assert_null(stage_name(STAGE_COUNT));
	assert_null(outcome_name(OUTCOME_COUNT));
	assert_null(reason_name(REASON_COUNT));
	assert_null(medium_name(MEDIUM_COUNT));
	assert_null(supply_name(SUPPLY_COUNT));
	assert_string_equal(line_kind_name(LINE_where), "where");
	assert_string_equal(stage_name(STAGE_tls_handshake), "tls_handshake");
	assert_string_equal(outcome_name(OUTCOME_ttl_exceeded), "ttl_exceeded");
	assert_string_equal(reason_name(REASON_none), "none");
	assert_string_equal(supply_name(SUPPLY_battery), "battery");
}

/* A golden file for a new version: of each kind the smallest line and the halves of the
 * largest, so that every field stands in it. The old ones are never printed again. */
static void
golden(struct buf *out)
{
	for (int kind = 0; kind < LINE_COUNT; kind++) {
		struct measurement m;

		line_least(&m, (enum line_kind)kind);
		assert_int_equal(measurement_encode(out, &m), OK);
		buf_puts(out, "\n");
		for (size_t half = 0; half < HALVES; half++) {
			line_half(&m, (enum line_kind)kind, half);
			assert_int_equal(measurement_encode(out, &m), OK);
			buf_puts(out, "\n");
		}
	}
}

static void
check_golden(int version)
{
	struct buf kept = {0}, again = {0}, path = {0};
	bool seen[FIELD_COUNT] = {false};
	struct measurement m;
	struct span rest, line;

	buf_printf(&path, GOLDEN, version);
	assert_int_equal(file_read(&kept, path.data, 1 << 20), OK);
	rest = buf_span(&kept);
	while (span_line(&line, &rest)) {
		assert_int_equal(measurement_decode(&m, line, NULL), OK);
		assert_int_equal(measurement_encode(&again, &m), OK);
		buf_puts(&again, "\n");
		for (size_t i = 0; i < FIELD_COUNT; i++)
			seen[i] |= m.has[i];
	}
	assert_string_equal(again.data, kept.data);
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (!seen[i] && schema_rows[i].since == version)
			fail_msg("%s stands nowhere in it; 'common_schema golden' "
				 "prints a file with every field",
				schema_rows[i].name);
	buf_free(&kept);
	buf_free(&again);
	buf_free(&path);
}

static void
the_golden_file_of_every_version_is_still_read_and_written_byte_for_byte(void **state)
{
	(void)state;
	for (int version = 1; version <= MEASUREMENT_SCHEMA; version++)
		check_golden(version);
}

static void
the_page_says_what_the_schema_says(void **state)
{
	struct buf kept = {0}, now = {0};

	(void)state;
	measurement_document(&now);
	assert_int_equal(file_read(&kept, PAGE, 1 << 20), OK);
	if (strcmp(kept.data, now.data) != 0)
		fail_msg("common/SCHEMA.md is out of date: write what "
			 "'common_schema page' prints into it");
	buf_free(&kept);
	buf_free(&now);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_in_lexicographic_order),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(
			every_name_is_found_again_and_none_stands_past_the_end),
		cmocka_unit_test(
			the_golden_file_of_every_version_is_still_read_and_written_byte_for_byte),
		cmocka_unit_test(the_page_says_what_the_schema_says),
	};
	struct buf out = {0};

	if (argc == 2 && strcmp(argv[1], "page") == 0)
		measurement_document(&out);
	else if (argc == 2 && strcmp(argv[1], "golden") == 0)
		golden(&out);
	else
		return cmocka_run_group_tests(tests, NULL, NULL);
	fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
	return 0;
}
