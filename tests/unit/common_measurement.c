#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/measurement.h"
#include "common/schema.h"

#define GOLDEN SOURCE_DIR "/tests/golden/schema-%d.jsonl"
#define PAGE SOURCE_DIR "/common/SCHEMA.md"

/* splitmix64: small, seeded, the same everywhere. */
static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A value between both limits, and the limits themselves often. */
static int64_t
draw_int(uint64_t *state, const struct schema_row *row)
{
	uint64_t pick = draw(state) % 4;

	if (pick == 0)
		return row->lowest;
	if (pick == 1)
		return row->highest;
	return row->lowest +
	       (int64_t)(draw(state) % ((uint64_t)(row->highest - row->lowest) + 1));
}

static void
fill(struct measurement *m, size_t field, uint64_t *state)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789 !#$%&'()*+,-./:;<=>?@[]^_`{|}~";
	const struct schema_row *row = &schema_rows[field];
	char *at = (char *)m + row->offset;
	uint32_t n = (uint32_t)(draw(state) % (row->size + 1));
	int64_t value;

	m->has[field] = true;
	switch (row->shape) {
	case SHAPE_INT:
	case SHAPE_ENUM:
		value = draw_int(state, row);
		memcpy(at, &value, sizeof value);
		break;
	case SHAPE_TEXT:
		for (uint32_t i = 0; i < n; i++)
			at[i] = plain[draw(state) % (sizeof plain - 1)];
		break;
	case SHAPE_LIST:
		memcpy((char *)m + row->n_offset, &n, sizeof n);
		for (uint32_t i = 0; i < n; i++) {
			value = draw_int(state, row);
			memcpy(at + i * sizeof value, &value, sizeof value);
		}
		break;
	}
}

static void
draw_line(struct measurement *m, uint64_t *state)
{
	enum line_kind kind = (enum line_kind)(draw(state) % LINE_COUNT);

	memset(m, 0, sizeof *m);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];

		if ((row->needed & 1u << kind) ||
			((row->allowed & 1u << kind) && draw(state) % 2))
			fill(m, i, state);
	}
	SET(m, kind, kind);
}

/* The smallest line of a kind: what must stand in it, at its smallest. */
static void
fill_needed(struct measurement *m, enum line_kind kind)
{
	memset(m, 0, sizeof *m);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (!(row->needed & 1u << kind))
			continue;
		m->has[i] = true;
		if (row->shape == SHAPE_INT)
			memcpy((char *)m + row->offset, &row->lowest, 8);
	}
	SET(m, kind, kind);
}

/* No check fills in all fields of a measurement; half of them, whichever, is more than any
 * does. */
#define HALVES 2

/* Each value of one half of the fields at its largest, each text and list full. */
static void
fill_half(struct measurement *m, enum line_kind kind, size_t half)
{
	fill_needed(m, kind);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];
		char *at = (char *)m + row->offset;

		if (!(row->allowed & 1u << kind) || i % HALVES != half)
			continue;
		m->has[i] = true;
		if (row->shape == SHAPE_TEXT)
			memset(at, 'a', row->size);
		if (row->shape == SHAPE_LIST)
			memcpy((char *)m + row->n_offset, &row->size, sizeof row->size);
		if (row->shape == SHAPE_LIST)
			for (uint32_t j = 0; j < row->size; j++)
				memcpy(at + j * 8, &row->highest, 8);
		if (row->shape == SHAPE_INT || row->shape == SHAPE_ENUM)
			memcpy(at, &row->highest, 8);
	}
	SET(m, kind, kind);
}

static enum err
decode_text(const char *text, const char **why)
{
	struct measurement m;
	/* An exact copy on the heap, so that a sanitizer sees a read past its end. */
	char *copy = test_malloc(strlen(text) + 1);
	enum err err;

	memcpy(copy, text, strlen(text));
	err = measurement_decode(&m, (struct span){copy, strlen(text)}, why);
	test_free(copy);
	return err;
}

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
what_is_encoded_is_decoded_to_the_same(void **state)
{
	uint64_t seed = 1;
	struct buf line = {0}, again = {0};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct measurement m, back;

		draw_line(&m, &seed);
		buf_clear(&line);
		buf_clear(&again);
		assert_int_equal(measurement_encode(&line, &m), OK);
		assert_int_equal(measurement_decode(&back, buf_span(&line), NULL), OK);
		assert_memory_equal(&m, &back, sizeof m);
		assert_int_equal(measurement_encode(&again, &back), OK);
		assert_string_equal(line.data, again.data);
	}
	buf_free(&line);
	buf_free(&again);
}

/* Accepted bytes must be the encoder's own. */
static void
accepts_only_what_it_writes(const char *bytes, size_t n)
{
	struct measurement m;
	struct buf again = {0};
	const char *why = NULL;

	if (measurement_decode(&m, (struct span){bytes, n}, &why) != OK) {
		assert_non_null(why);
		return;
	}
	assert_int_equal(measurement_encode(&again, &m), OK);
	assert_int_equal(again.len, n);
	assert_memory_equal(again.data, bytes, n);
	buf_free(&again);
}

static void
every_changed_byte_is_refused_or_canonical(void **state)
{
	uint64_t seed = 2;
	struct buf line = {0};

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct measurement m;

		draw_line(&m, &seed);
		buf_clear(&line);
		assert_int_equal(measurement_encode(&line, &m), OK);
		for (size_t at = 0; at < line.len; at++) {
			char kept = line.data[at];

			for (int byte = 0; byte < 256; byte++) {
				line.data[at] = (char)byte;
				accepts_only_what_it_writes(line.data, line.len);
			}
			line.data[at] = kept;
		}
	}
	buf_free(&line);
}

static void
every_byte_too_few_or_too_many_is_refused(void **state)
{
	uint64_t seed = 3;
	struct buf line = {0};
	struct measurement m;

	(void)state;
	for (int i = 0; i < 40; i++) {
		draw_line(&m, &seed);
		buf_clear(&line);
		assert_int_equal(measurement_encode(&line, &m), OK);
		for (size_t n = 0; n < line.len; n++) {
			char *copy = test_malloc(n + 1);

			memcpy(copy, line.data, n);
			assert_int_equal(
				measurement_decode(&m, (struct span){copy, n}, NULL),
				ERR_FORMAT);
			test_free(copy);
		}
		for (size_t at = 0; at < line.len; at++) {
			struct buf more = {0};

			buf_add(&more, line.data, at);
			buf_add(&more, &line.data[draw(&seed) % line.len], 1);
			buf_add(&more, line.data + at, line.len - at);
			accepts_only_what_it_writes(more.data, more.len);
			buf_free(&more);
		}
	}
	buf_free(&line);
}

#define SOFTWARE "{\"kind\":\"software\",\"version\":\"x\"}"
#define TARGETS_LINE(rows)                                                             \
	"{\"kind\":\"targets\",\"list_sha256\":\"\",\"rows\":" rows "}"

static void
other_spellings_of_the_same_values_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"{",
		"{}",
		"[]",
		"null",
		"{\"kind\": \"software\",\"version\":\"x\"}",
		" " SOFTWARE,
		SOFTWARE " ",
		SOFTWARE "\n",
		SOFTWARE SOFTWARE,
		"{\"kind\":\"software\",\"version\":\"x\",}",
		"{,\"kind\":\"software\",\"version\":\"x\"}",
		"{\"kind\":\"software\"\"version\":\"x\"}",
		"{\"version\":\"x\",\"kind\":\"software\"}",
		"{\"kind\":\"software\",\"kind\":\"software\",\"version\":\"x\"}",
		"{\"Kind\":\"software\",\"version\":\"x\"}",
		"{\"kind\":\"Software\",\"version\":\"x\"}",
		"{\"kind\":\"softwar\",\"version\":\"x\"}",
		"{\"kind\":4,\"version\":\"x\"}",
		"{\"kind\":\"software\",\"version\":x}",
		"{\"kind\":\"software\",\"version\":null}",
		"{\"kind\":\"software\",\"version\":\"\\u0078\"}",
		"{\"kind\":\"software\",\"version\":\"\t\"}",
		"{\"kind\":\"software\",\"version\":\"\xc3\xa4\"}",
		"{\"kind\":\"software\",\"version\":\"x\",\"zzz\":1}",
		TARGETS_LINE("01"),
		TARGETS_LINE("-0"),
		TARGETS_LINE("+1"),
		TARGETS_LINE("1.0"),
		TARGETS_LINE("1e2"),
		TARGETS_LINE("0x1"),
		TARGETS_LINE("\"1\""),
		TARGETS_LINE("-1"),
		TARGETS_LINE("100001"),
		TARGETS_LINE("18446744073709551617"),
		TARGETS_LINE("99999999999999999999999999999999999"),
		TARGETS_LINE(""),
		TARGETS_LINE("[1]"),
	};
	const char *why;

	(void)state;
	assert_int_equal(decode_text(SOFTWARE, &why), OK);
	assert_int_equal(decode_text(TARGETS_LINE("1"), &why), OK);
	assert_int_equal(decode_text(TARGETS_LINE("100000"), &why), OK);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		why = NULL;
		if (decode_text(wrong[i], &why) != ERR_FORMAT)
			fail_msg("accepted: %s", wrong[i]);
		assert_non_null(why);
		assert_int_equal(decode_text(wrong[i], NULL), ERR_FORMAT);
	}
}

static void
a_list_has_one_spelling_too(void **state)
{
	static const char *const lists[] = {"1", "[", "[1", "[,1]", "[1,]", "[1,,2]",
		"[1 ,2]", "[01]", "[-1]", "[1073741825]", "[\"1\"]", "[[1]]", "[]]"};
	char line[400];

	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists + 1; i++) {
		bool good = i == sizeof lists / sizeof *lists;

		snprintf(line, sizeof line,
			"{\"check\":\"speed\",\"chunks\":%s,\"kind\":\"measurement\","
			"\"outcome\":\"ok\",\"round\":0,\"rung\":\"quality\","
			"\"stage\":\"done\",\"t_us\":1,\"took_us\":1}",
			good ? "[0,1073741824]" : lists[i]);
		assert_int_equal(decode_text(line, NULL), good ? OK : ERR_FORMAT);
	}
}

static void
a_list_or_text_of_one_too_many_is_refused(void **state)
{
	static const char before[] = "{\"check\":\"speed\",\"chunks\":[0";
	static const char after[] =
		"],\"kind\":\"measurement\",\"outcome\":\"ok\",\"round\":0,"
		"\"rung\":\"quality\",\"stage\":\"done\",\"t_us\":1,\"took_us\":1}";
	struct buf line = {0};
	const char *why;

	(void)state;
	for (int items = 100; items <= 101; items++) {
		buf_clear(&line);
		buf_puts(&line, before);
		for (int i = 1; i < items; i++)
			buf_puts(&line, ",0");
		buf_puts(&line, after);
		assert_int_equal(
			decode_text(line.data, &why), items == 100 ? OK : ERR_FORMAT);
	}
	assert_string_equal(why, "a list longer than its field");
	for (int bytes = 32; bytes <= 33; bytes++) {
		buf_clear(&line);
		buf_printf(&line, "{\"kind\":\"software\",\"version\":\"%0*d\"}", bytes,
			0);
		assert_int_equal(
			decode_text(line.data, &why), bytes == 32 ? OK : ERR_FORMAT);
	}
	assert_string_equal(why, "a string longer than its field");
	buf_free(&line);
}

static void
a_field_of_another_kind_is_refused_both_ways(void **state)
{
	struct buf line = {0};
	const char *why;

	(void)state;
	for (int kind = 0; kind < LINE_COUNT; kind++)
		for (size_t i = 0; i < FIELD_COUNT; i++) {
			uint64_t seed = 4;
			struct measurement m;

			if (schema_rows[i].allowed & 1u << kind)
				continue;
			fill_needed(&m, (enum line_kind)kind);
			buf_clear(&line);
			assert_int_equal(measurement_encode(&line, &m), OK);
			fill(&m, i, &seed);
			buf_clear(&line);
			assert_int_equal(measurement_encode(&line, &m), ERR_FORMAT);
			assert_int_equal(line.len, 0);
		}
	buf_free(&line);
	assert_int_equal(
		decode_text(
			"{\"kind\":\"software\",\"t_us\":1,\"version\":\"x\"}", &why),
		ERR_FORMAT);
}

static void
a_missing_field_is_refused_both_ways(void **state)
{
	struct buf line = {0};

	(void)state;
	for (int kind = 0; kind < LINE_COUNT; kind++)
		for (size_t i = 0; i < FIELD_COUNT; i++) {
			struct measurement m;

			if (!(schema_rows[i].needed & 1u << kind))
				continue;
			fill_needed(&m, (enum line_kind)kind);
			m.has[i] = false;
			assert_int_equal(measurement_encode(&line, &m), ERR_FORMAT);
			assert_int_equal(line.len, 0);
		}
	buf_free(&line);
	assert_int_equal(decode_text("{\"kind\":\"software\"}", NULL), ERR_FORMAT);
	assert_int_equal(decode_text("{\"version\":\"x\"}", NULL), ERR_FORMAT);
}

static void
a_value_out_of_range_is_not_encoded_and_nothing_is_appended(void **state)
{
	struct buf line = {0};

	(void)state;
	buf_puts(&line, "before");
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];
		int kind = __builtin_ctz(row->allowed);
		struct measurement m;
		int64_t beyond = row->highest + 1;
		uint32_t n = row->size + 1;

		fill_half(&m, (enum line_kind)kind, i % HALVES);
		if (row->shape == SHAPE_LIST)
			memcpy((char *)&m + row->n_offset, &n, sizeof n);
		else if (row->shape == SHAPE_TEXT)
			((char *)&m + row->offset)[0] = '"';
		else
			memcpy((char *)&m + row->offset, &beyond, sizeof beyond);
		assert_int_equal(measurement_encode(&line, &m), ERR_FORMAT);
		if (row->shape == SHAPE_TEXT || row->shape == SHAPE_LIST)
			continue;
		beyond = row->lowest - 1;
		memcpy((char *)&m + row->offset, &beyond, sizeof beyond);
		assert_int_equal(measurement_encode(&line, &m), ERR_FORMAT);
	}
	assert_string_equal(line.data, "before");
	buf_free(&line);
}

static void
a_text_without_its_end_is_not_encoded(void **state)
{
	struct measurement m;
	struct buf line = {0};

	(void)state;
	fill_needed(&m, LINE_software);
	memset(m.version, 'x', sizeof m.version); /* as a hostile page may hold it */
	assert_int_equal(measurement_encode(&line, &m), ERR_FORMAT);
	buf_free(&line);
}

static void
a_line_of_each_kind_with_half_of_its_fields_at_their_largest_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < (size_t)LINE_COUNT * HALVES; i++) {
		struct measurement m, back;
		struct buf line = {0};

		fill_half(&m, (enum line_kind)(i / HALVES), i % HALVES);
		assert_int_equal(measurement_encode(&line, &m), OK);
		assert_true(line.len <= MEASUREMENT_LINE_MAX);
		assert_int_equal(measurement_decode(&back, buf_span(&line), NULL), OK);
		assert_memory_equal(&m, &back, sizeof m);
		buf_free(&line);
	}
}

static void
a_line_over_4096_bytes_is_refused(void **state)
{
	struct buf line = {0};
	struct measurement m;
	const char *why = NULL;

	(void)state;
	buf_puts(&line, SOFTWARE);
	while (line.len <= MEASUREMENT_LINE_MAX)
		buf_puts(&line, " ");
	assert_int_equal(measurement_decode(&m, buf_span(&line), &why), ERR_FORMAT);
	assert_string_equal(why, "a line longer than 4,096 bytes");
	buf_free(&line);
}

static void
a_refused_line_leaves_nothing_behind(void **state)
{
	static const struct measurement nothing;
	struct measurement m;

	(void)state;
	memset(&m, 0x55, sizeof m);
	assert_int_equal(measurement_decode(&m,
				 (struct span){SOFTWARE, sizeof SOFTWARE - 2}, NULL),
		ERR_FORMAT);
	assert_memory_equal(&m, &nothing, sizeof m);
}

static void
set_text_takes_what_fits_and_what_a_line_may_hold(void **state)
{
	struct measurement m = {0};

	(void)state;
	assert_int_equal(measurement_set_text(&m, FIELD_country, "ABC"), ERR_LIMIT);
	assert_int_equal(measurement_set_text(&m, FIELD_country, "A\""), ERR_LIMIT);
	assert_int_equal(measurement_set_text(&m, FIELD_country, "A\\"), ERR_LIMIT);
	assert_int_equal(measurement_set_text(&m, FIELD_country, "A\n"), ERR_LIMIT);
	assert_int_equal(
		measurement_set_text(&m, FIELD_country, "\xc3\xa4"), ERR_LIMIT);
	assert_false(m.has[FIELD_country]);
	assert_int_equal(measurement_set_text(&m, FIELD_country, "AB"), OK);
	assert_int_equal(measurement_set_text(&m, FIELD_country, "C"), OK);
	assert_true(m.has[FIELD_country]);
	assert_memory_equal(m.country, "C\0", 3);
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

static void
a_field_as_text_is_its_value_or_nothing(void **state)
{
	struct measurement m = {0};
	struct buf text = {0};

	(void)state;
	measurement_field_text(&text, &m, FIELD_rtt_us);
	assert_int_equal(text.len, 0);
	SET(&m, rtt_us, 1200);
	SET(&m, outcome, OUTCOME_eof_error);
	m.has[FIELD_chunks] = true;
	m.chunks_n = 2;
	m.chunks[0] = 7;
	m.chunks[1] = 0;
	assert_int_equal(measurement_set_text(&m, FIELD_target, "a-1"), OK);
	measurement_field_text(&text, &m, FIELD_rtt_us);
	buf_puts(&text, "|");
	measurement_field_text(&text, &m, FIELD_outcome);
	buf_puts(&text, "|");
	measurement_field_text(&text, &m, FIELD_chunks);
	buf_puts(&text, "|");
	measurement_field_text(&text, &m, FIELD_target);
	assert_string_equal(text.data, "1200|eof_error|7 0|a-1");
	buf_free(&text);
}

/* A golden file for a new version: of each kind the smallest line and the halves of the
 * largest, so that every field stands in it. The old ones are never printed again. */
static void
golden(struct buf *out)
{
	for (int kind = 0; kind < LINE_COUNT; kind++) {
		struct measurement m;

		fill_needed(&m, (enum line_kind)kind);
		assert_int_equal(measurement_encode(out, &m), OK);
		buf_puts(out, "\n");
		for (size_t half = 0; half < HALVES; half++) {
			fill_half(&m, (enum line_kind)kind, half);
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
			fail_msg("%s stands nowhere in it; 'common_measurement golden' "
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
			 "'common_measurement page' prints into it");
	buf_free(&kept);
	buf_free(&now);
}

/* Lines decoded in a second, over lines like those of a probe. */
static void
rate(struct buf *out)
{
	static const char *const lines[] = {
		"{\"check\":\"tcp\",\"connect_us\":41210,\"cpu_us\":900,\"kind\":"
		"\"measurement\",\"outcome\":\"ok\",\"round\":1201,\"rtt_us\":40800,"
		"\"rung\":\"international\",\"stage\":\"done\",\"t_us\":360300123456,"
		"\"target\":\"abroad-3\",\"took_us\":41500}",
		"{\"check\":\"ping\",\"cpu_us\":700,\"kind\":\"measurement\","
		"\"outcome\":"
		"\"generic_timeout_error\",\"received\":0,\"round\":1201,\"rung\":"
		"\"domestic\",\"sent\":3,\"stage\":\"reply\",\"t_us\":360300223456,"
		"\"target\":\"exchange\",\"took_us\":5000000}",
	};
	struct timespec start, now;
	struct measurement m;
	int64_t ns = 0, n = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (; ns < 1000000000; n += 2000) {
		for (size_t i = 0; i < 2000; i++)
			if (measurement_decode(&m,
				    (struct span){lines[i % 2], strlen(lines[i % 2])},
				    NULL) != OK)
				abort();
		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = (now.tv_sec - start.tv_sec) * 1000000000 +
		     (now.tv_nsec - start.tv_nsec);
	}
	buf_printf(out, "%lld lines decoded in a second\n",
		(long long)(n * 1000000 / (ns / 1000)));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_in_lexicographic_order),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(what_is_encoded_is_decoded_to_the_same),
		cmocka_unit_test(every_changed_byte_is_refused_or_canonical),
		cmocka_unit_test(every_byte_too_few_or_too_many_is_refused),
		cmocka_unit_test(other_spellings_of_the_same_values_are_refused),
		cmocka_unit_test(a_list_has_one_spelling_too),
		cmocka_unit_test(a_list_or_text_of_one_too_many_is_refused),
		cmocka_unit_test(a_field_of_another_kind_is_refused_both_ways),
		cmocka_unit_test(a_missing_field_is_refused_both_ways),
		cmocka_unit_test(
			a_value_out_of_range_is_not_encoded_and_nothing_is_appended),
		cmocka_unit_test(a_text_without_its_end_is_not_encoded),
		cmocka_unit_test(
			a_line_of_each_kind_with_half_of_its_fields_at_their_largest_fits),
		cmocka_unit_test(a_line_over_4096_bytes_is_refused),
		cmocka_unit_test(a_refused_line_leaves_nothing_behind),
		cmocka_unit_test(set_text_takes_what_fits_and_what_a_line_may_hold),
		cmocka_unit_test(
			every_name_is_found_again_and_none_stands_past_the_end),
		cmocka_unit_test(a_field_as_text_is_its_value_or_nothing),
		cmocka_unit_test(
			the_golden_file_of_every_version_is_still_read_and_written_byte_for_byte),
		cmocka_unit_test(the_page_says_what_the_schema_says),
	};
	struct buf out = {0};

	if (argc == 2 && strcmp(argv[1], "page") == 0)
		measurement_document(&out);
	else if (argc == 2 && strcmp(argv[1], "golden") == 0)
		golden(&out);
	else if (argc == 2 && strcmp(argv[1], "rate") == 0)
		rate(&out);
	else
		return cmocka_run_group_tests(tests, NULL, NULL);
	fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
	return 0;
}
