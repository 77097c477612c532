#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/steps.h"

static const struct column columns[] = {
	{"name", COLUMN_TEXT},
	{"n", COLUMN_NUMBER},
	{"list", COLUMN_JSON},
};

/* One row printed; the caller frees. */
static char *
print(enum listing_format format, const char *name, const char *n, const char *list)
{
	struct listing *listing;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	listing_open(&listing, out, format, columns, 3);
	listing_row(listing, (const char *const[]){name, n, list});
	listing_close(listing);
	fclose(out);
	return text;
}

static void
prints(enum listing_format format, const char *name, const char *n, const char *list,
	const char *expected)
{
	char *text = print(format, name, n, list);

	assert_string_equal(text, expected);
	free(text);
}

static void
json_is_one_object_a_line_with_numbers_bare(void **state)
{
	(void)state;
	prints(LISTING_JSON, "a", "-7", "[1,2]",
		"{\"name\":\"a\",\"n\":-7,\"list\":[1,2]}\n");
}

static void
an_absent_cell_is_null_in_json_and_empty_in_csv(void **state)
{
	(void)state;
	prints(LISTING_JSON, NULL, "", NULL,
		"{\"name\":null,\"n\":null,\"list\":null}\n");
	prints(LISTING_CSV, NULL, "", NULL, "name,n,list\r\n,,\r\n");
}

static void
json_strings_escape_quotes_controls_and_terminal_codes(void **state)
{
	(void)state;
	prints(LISTING_JSON, "a\"b\\c\n\033[31m\x7f", "1", "[]",
		"{\"name\":\"a\\\"b\\\\c\\u000a\\u001b[31m\\u007f\",\"n\":1,\"list\":[]"
		"}"
		"\n");
}

static void
json_keeps_utf8_and_replaces_what_is_not(void **state)
{
	(void)state;
	prints(LISTING_JSON, "caf\xc3\xa9", "1", "[]",
		"{\"name\":\"caf\xc3\xa9\",\"n\":1,\"list\":[]}\n");
	prints(LISTING_JSON,
		"a\xff"
		"b\xc3",
		"1", "[]", "{\"name\":\"a\\ufffdb\\ufffd\",\"n\":1,\"list\":[]}\n");
	prints(LISTING_JSON, "\xc0\xaf\xed\xa0\x80", "1", "[]",
		"{\"name\":\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\",\"n\":1,\"list\":[]}"
		"\n");
}

static void
csv_quotes_commas_quotes_and_line_ends(void **state)
{
	(void)state;
	prints(LISTING_CSV, "a,\"b\"\r\nc", "1", "[1,2]",
		"name,n,list\r\n\"a,\"\"b\"\"\r\nc\",1,\"[1,2]\"\r\n");
}

static void
no_csv_text_begins_a_formula_and_numbers_stay_numbers(void **state)
{
	static const char *const formulas[] = {
		"=1+1", "+1", "-1", "@x", "\tx", "  =1", "%0", "|x"};
	char expected[64];

	(void)state;
	for (size_t i = 0; i < sizeof formulas / sizeof formulas[0]; i++) {
		snprintf(expected, sizeof expected, "name,n,list\r\n'%s,-1,\r\n",
			formulas[i]);
		prints(LISTING_CSV, formulas[i], "-1", NULL, expected);
	}
}

static void
a_table_has_a_head_and_its_rows(void **state)
{
	char *text = print(LISTING_TABLE, "alpha", "12", "[]");

	(void)state;
	assert_non_null(strstr(text, "name"));
	assert_non_null(strstr(text, "alpha"));
	assert_non_null(strstr(text, "12"));
	free(text);
}

static void
a_table_shows_no_terminal_codes_of_its_cells(void **state)
{
	char *text = print(LISTING_TABLE, "a\033[2Jb", "1", "[]");

	(void)state;
	assert_null(strchr(text, '\033'));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_one_object_a_line_with_numbers_bare),
		cmocka_unit_test(an_absent_cell_is_null_in_json_and_empty_in_csv),
		cmocka_unit_test(
			json_strings_escape_quotes_controls_and_terminal_codes),
		cmocka_unit_test(json_keeps_utf8_and_replaces_what_is_not),
		cmocka_unit_test(csv_quotes_commas_quotes_and_line_ends),
		cmocka_unit_test(no_csv_text_begins_a_formula_and_numbers_stay_numbers),
		cmocka_unit_test(a_table_has_a_head_and_its_rows),
		cmocka_unit_test(a_table_shows_no_terminal_codes_of_its_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
