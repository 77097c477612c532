#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/measurement.h"
#include "common/schema.h"
#include "tests/unit/line.h"

static void
what_is_encoded_is_decoded_to_the_same(void **state)
{
	uint64_t seed = 1;
	struct buf line = {0}, again = {0};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct measurement m, back;

		line_draw(&m, &seed);
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

		line_draw(&m, &seed);
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
		line_draw(&m, &seed);
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
			buf_add(&more, &line.data[line_draw_number(&seed) % line.len],
				1);
			buf_add(&more, line.data + at, line.len - at);
			accepts_only_what_it_writes(more.data, more.len);
			buf_free(&more);
		}
	}
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
			line_least(&m, (enum line_kind)kind);
			buf_clear(&line);
			assert_int_equal(measurement_encode(&line, &m), OK);
			line_fill(&m, i, &seed);
			buf_clear(&line);
			assert_int_equal(measurement_encode(&line, &m), ERR_FORMAT);
			assert_int_equal(line.len, 0);
		}
	buf_free(&line);
	assert_int_equal(
		line_read("{\"kind\":\"software\",\"t_us\":1,\"version\":\"x\"}", &why),
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
			line_least(&m, (enum line_kind)kind);
			m.has[i] = false;
			assert_int_equal(measurement_encode(&line, &m), ERR_FORMAT);
			assert_int_equal(line.len, 0);
		}
	buf_free(&line);
	assert_int_equal(line_read("{\"kind\":\"software\"}", NULL), ERR_FORMAT);
	assert_int_equal(line_read("{\"version\":\"x\"}", NULL), ERR_FORMAT);
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

		line_half(&m, (enum line_kind)kind, i % HALVES);
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
	line_least(&m, LINE_software);
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

		line_half(&m, (enum line_kind)(i / HALVES), i % HALVES);
		assert_int_equal(measurement_encode(&line, &m), OK);
		assert_true(line.len <= MEASUREMENT_LINE_MAX);
		assert_int_equal(measurement_decode(&back, buf_span(&line), NULL), OK);
		assert_memory_equal(&m, &back, sizeof m);
		buf_free(&line);
	}
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

/* Lines decoded in a second, over lines like those of a probe. */
static void
print_rate(void)
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
	printf("%lld lines decoded in a second\n",
		(long long)(n * 1000000 / (ns / 1000)));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded_to_the_same),
		cmocka_unit_test(every_changed_byte_is_refused_or_canonical),
		cmocka_unit_test(every_byte_too_few_or_too_many_is_refused),
		cmocka_unit_test(a_field_of_another_kind_is_refused_both_ways),
		cmocka_unit_test(a_missing_field_is_refused_both_ways),
		cmocka_unit_test(
			a_value_out_of_range_is_not_encoded_and_nothing_is_appended),
		cmocka_unit_test(a_text_without_its_end_is_not_encoded),
		cmocka_unit_test(
			a_line_of_each_kind_with_half_of_its_fields_at_their_largest_fits),
		cmocka_unit_test(set_text_takes_what_fits_and_what_a_line_may_hold),
		cmocka_unit_test(a_field_as_text_is_its_value_or_nothing),
	};

	if (argc != 2 || strcmp(argv[1], "rate") != 0)
		return cmocka_run_group_tests(tests, NULL, NULL);
	print_rate();
	return 0;
}
