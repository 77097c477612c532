#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/measurement.h"
#include "tests/unit/line.h"

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
	assert_int_equal(line_read(SOFTWARE, &why), OK);
	assert_int_equal(line_read(TARGETS_LINE("1"), &why), OK);
	assert_int_equal(line_read(TARGETS_LINE("100000"), &why), OK);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		why = NULL;
		if (line_read(wrong[i], &why) != ERR_FORMAT)
			fail_msg("accepted: %s", wrong[i]);
		assert_non_null(why);
		assert_int_equal(line_read(wrong[i], NULL), ERR_FORMAT);
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
		assert_int_equal(line_read(line, NULL), good ? OK : ERR_FORMAT);
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
			line_read(line.data, &why), items == 100 ? OK : ERR_FORMAT);
	}
	assert_string_equal(why, "a list longer than its field");
	for (int bytes = 32; bytes <= 33; bytes++) {
		buf_clear(&line);
		buf_printf(&line, "{\"kind\":\"software\",\"version\":\"%0*d\"}", bytes,
			0);
		assert_int_equal(
			line_read(line.data, &why), bytes == 32 ? OK : ERR_FORMAT);
	}
	assert_string_equal(why, "a string longer than its field");
	buf_free(&line);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_spellings_of_the_same_values_are_refused),
		cmocka_unit_test(a_list_has_one_spelling_too),
		cmocka_unit_test(a_list_or_text_of_one_too_many_is_refused),
		cmocka_unit_test(a_line_over_4096_bytes_is_refused),
		cmocka_unit_test(a_refused_line_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
