#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "probe/doors/fingerprint.h"

#define HEAD                                                                           \
	"name,scope,other_names,location_found,pattern_type,pattern,confidence,more\n"

static struct span
span(const char *text)
{
	return (struct span){text, strlen(text)};
}

static struct fingerprints *
read_text(const char *text)
{
	struct fingerprints *f = NULL;
	uint32_t line = 0;

	assert_int_equal(fingerprint_read(&f, &line, span(text)), OK);
	return f;
}

static const char *
page(const struct fingerprints *f, const char *head, const char *body)
{
	const char *name = fingerprint_of_page(f, span(head), span(body));

	return name ? name : "";
}

static void
a_pattern_is_looked_for_where_and_how_its_row_says(void **state)
{
	struct fingerprints *f = read_text(
		HEAD "in.body,nat,,body,contains,closed by order,5,\n"
		     "all.body,nat,,body,full,blocked\n"
		     "start.body,nat,,body,prefix,<html>No,5,\n"
		     "where,isp,,header.location,prefix,http://wall.example/\n"
		     "who,prod,,header.Server,full,Wall\n"
		     "forged,nat,,dns,full,192.0.2.1\n");

	(void)state;
	assert_int_equal(fingerprint_count(f), 6);
	assert_string_equal(page(f, "", "this was closed by order of"), "in.body");
	assert_string_equal(page(f, "", "blocked"), "all.body");
	assert_string_equal(page(f, "", "blocked "), "");
	assert_string_equal(page(f, "", "<html>No."), "start.body");
	assert_string_equal(page(f, "", " <html>No."), "");
	assert_string_equal(page(f,
				    "HTTP/1.1 302 Found\r\nserver: x\r\n"
				    "LOCATION:  http://wall.example/?a\r\n\r\n",
				    ""),
		"where");
	assert_string_equal(page(f, "server: Wall\r\n", ""), "who");
	assert_string_equal(page(f, "server: Wall2\r\n", ""), "");
	assert_string_equal(page(f, "servers: Wall\r\n", "192.0.2.1"), "");
	assert_string_equal(fingerprint_of_address(f, "192.0.2.1"), "forged");
	assert_null(fingerprint_of_address(f, "192.0.2.10"));
	assert_null(fingerprint_of_address(f, "blocked"));
	fingerprint_free(f);
}

static void
the_longest_of_several_patterns_names_the_page(void **state)
{
	struct fingerprints *f = read_text("short,nat,,body,contains,blocked\n"
					   "long,nat,,body,contains,blocked by order\n"
					   "other,nat,,body,contains,by\n");

	(void)state;
	assert_string_equal(page(f, "", "blocked by order"), "long");
	assert_string_equal(page(f, "", "blocked"), "short");
	fingerprint_free(f);
}

static void
quotes_are_read_as_they_are_written_in_csv(void **state)
{
	struct fingerprints *f = read_text(HEAD
		"\"a\",nat,\"x,y\",body,contains,\"say \"\"no\"\",\r\ntwice\"\r\n\n"
		"b,nat,,body,contains,\"two\",5,\"AE,SA\",,\"a\nb\"\r\n" HEAD
		"c,nat,,body,contains,last");

	(void)state;
	assert_int_equal(fingerprint_count(f), 3);
	assert_string_equal(page(f, "", "they say \"no\",\r\ntwice."), "a");
	assert_string_equal(page(f, "", "one two"), "b");
	assert_string_equal(page(f, "", "at last"), "c");
	fingerprint_free(f);
}

static void
what_cannot_be_looked_for_is_left_out(void **state)
{
	struct fingerprints *f = read_text(HEAD "a,fp,,body,contains,nginx\n"
						"b,nat,,body,regexp,x.*\n"
						"c,nat,,title,contains,x\n"
						"d,nat,,body,contains,\n"
						"d\x01,nat,,body,contains,x\n"
						",nat,,body,contains,x\n");

	(void)state;
	assert_int_equal(fingerprint_count(f), 0);
	assert_string_equal(page(f, "a: b\n", "x nginx"), "");
	fingerprint_free(f);
}

static void
a_long_name_is_cut_and_told_apart_by_its_hash(void **state)
{
	/* printf a.name.that.is.longer.than.a.fact.may.be1 | sha256sum */
	struct fingerprints *f = read_text(
		"a.name.that.is.longer.than.a.fact.may.be1,nat,,body,contains,one\n"
		"a.name.that.is.longer.than.a.fact.may.be2,nat,,body,contains,two\n");

	(void)state;
	assert_int_equal(strlen(page(f, "", "one")), FINGERPRINT_NAME_BYTES - 1);
	assert_memory_equal(page(f, "", "one"), "a.name.that.is.longer.t~", 24);
	assert_string_not_equal(page(f, "", "one"), page(f, "", "two"));
	fingerprint_free(f);
}

static void
a_file_that_is_none_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		uint32_t line;
	} cases[] = {{"Dear Sir,\n", 1}, {HEAD "a,nat,,body,contains\n", 2},
		{HEAD "\n\na,nat,,body,contains,\"x\nb", 4},
		{HEAD "a,nat,,body,contains,\"x\"y\n", 2}};
	struct buf many = {0};
	uint32_t line = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fingerprints *f = NULL;

		assert_int_equal(
			fingerprint_read(&f, &line, span(cases[i].text)), ERR_FORMAT);
		assert_null(f);
		assert_int_equal(line, cases[i].line);
	}
	for (int i = 0; i <= FINGERPRINT_ROWS_MAX; i++)
		buf_puts(&many, "a,nat,,body,contains,x\n");
	assert_int_equal(fingerprint_read(&(struct fingerprints *){NULL}, &line,
				 buf_span(&many)),
		ERR_LIMIT);
	buf_free(&many);
}

/* The public lists, where this machine has them beside the sources. */
static void
the_public_lists_are_read_and_each_of_their_patterns_is_found(void **state)
{
	static const char *const files[] = {"http", "dns"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fingerprints *f = NULL;
		struct buf text = {0};
		uint32_t line = 0;
		char path[512];

		snprintf(path, sizeof(path),
			SOURCE_DIR "/../shared/data/fingerprints/fingerprints_%s.csv",
			files[i]);
		if (file_read(&text, path, FINGERPRINT_FILE_BYTES) != OK) {
			print_message("not here: %s\n", path);
			continue;
		}
		assert_int_equal(fingerprint_read(&f, &line, buf_span(&text)), OK);
		if (i) {
			assert_true(fingerprint_count(f) > 200);
			assert_string_equal(
				fingerprint_of_address(f, "134.17.0.7"), "ooni.by_4");
		} else {
			assert_true(fingerprint_count(f) > 1200);
			assert_string_equal(
				page(f, "Server: Protected by WireFilter 1", ""),
				"ooni.ae_0");
			assert_string_equal(
				page(f, "", "<html><title>Welcome</title>"), "");
		}
		fingerprint_free(f);
		buf_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_looked_for_where_and_how_its_row_says),
		cmocka_unit_test(the_longest_of_several_patterns_names_the_page),
		cmocka_unit_test(quotes_are_read_as_they_are_written_in_csv),
		cmocka_unit_test(what_cannot_be_looked_for_is_left_out),
		cmocka_unit_test(a_long_name_is_cut_and_told_apart_by_its_hash),
		cmocka_unit_test(a_file_that_is_none_is_refused_with_its_line),
		cmocka_unit_test(
			the_public_lists_are_read_and_each_of_their_patterns_is_found),
	};

	return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
