#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "common/buf.h"
#include "common/err.h"

static struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static void
a_buffer_grows_and_always_ends_with_nul(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_string_equal(buf_span(&buf).at, "");
	for (size_t i = 0; i < 10000; i++) {
		buf_add(&buf, "x", 1);
		assert_int_equal(buf.len, i + 1);
		assert_int_equal(buf.data[buf.len], '\0');
	}
	buf_add(&buf, NULL, 0);
	assert_int_equal(buf.len, 10000);
	buf_clear(&buf);
	assert_string_equal(buf.data, "");
	buf_puts(&buf, "a");
	buf_printf(&buf, "%d-%s", 12, "b");
	assert_string_equal(buf.data, "a12-b");
	assert_int_equal(buf_span(&buf).len, 5);
	buf_free(&buf);
	buf_free(&buf);
	assert_null(buf.data);
}

static void
lines_are_cut_off_one_by_one_and_an_unended_one_is_left(void **state)
{
	struct span rest = span_of("one\n\nthree"), line;

	(void)state;
	assert_true(span_line(&line, &rest));
	assert_true(span_is(line, "one"));
	assert_true(span_line(&line, &rest));
	assert_true(span_is(line, ""));
	assert_false(span_line(&line, &rest));
	assert_true(span_is(rest, "three"));
	rest = (struct span){0};
	assert_false(span_line(&line, &rest));
}

static void
lines_that_a_person_wrote_end_in_any_way(void **state)
{
	struct span rest = span_of("one\r\n\r\ntwo\nthree\r"), line;

	(void)state;
	assert_true(span_written_line(&line, &rest));
	assert_true(span_is(line, "one"));
	assert_true(span_written_line(&line, &rest));
	assert_true(span_is(line, ""));
	assert_true(span_written_line(&line, &rest));
	assert_true(span_is(line, "two"));
	assert_true(span_written_line(&line, &rest));
	assert_true(span_is(line, "three"));
	assert_false(span_written_line(&line, &rest));
}

static void
a_line_has_as_many_columns_as_are_asked_for_or_none(void **state)
{
	struct span columns[4] = {{0}};

	(void)state;
	assert_true(span_columns(columns, 3, span_of("one,,three")));
	assert_true(span_is(columns[0], "one"));
	assert_true(span_is(columns[1], ""));
	assert_true(span_is(columns[2], "three"));
	assert_true(span_columns(columns, 3, span_of(",,")));
	assert_true(span_is(columns[2], ""));
	assert_true(span_columns(columns, 1, span_of("")));
	assert_false(span_columns(columns, 3, span_of("one,two")));
	assert_false(span_columns(columns, 3, span_of("one,two,three,")));
	assert_null(columns[3].at);
}

static void
a_span_is_a_text_only_as_a_whole(void **state)
{
	(void)state;
	assert_true(span_is(span_of("abc"), "abc"));
	assert_false(span_is(span_of("abc"), "ab"));
	assert_false(span_is(span_of("ab"), "abc"));
	assert_false(span_is((struct span){"a\0b", 3}, "a"));
}

static void
a_number_has_one_spelling_and_a_limit(void **state)
{
	static const char *const wrong[] = {
		"", "01", "00", "-1", "+1", " 1", "1 ", "1.", "x", "0x1", "1001"};
	uint64_t n = 42;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(span_number(&n, span_of(wrong[i]), 1000));
	assert_false(span_number(&n, span_of("18446744073709551616"), UINT64_MAX));
	assert_int_equal(n, 42);
	assert_true(span_number(&n, span_of("1000"), 1000));
	assert_int_equal(n, 1000);
	assert_true(span_number(&n, span_of("0"), 0));
	assert_int_equal(n, 0);
	assert_true(span_number(&n, span_of("18446744073709551615"), UINT64_MAX));
	assert_true(n == UINT64_MAX);
}

static void
a_prefix_is_cut_off_or_nothing_is(void **state)
{
	struct span span = span_of("seed x");

	(void)state;
	assert_false(span_skip(&span, "seeds"));
	assert_false(span_skip(&span, "seed x and more"));
	assert_true(span_is(span, "seed x"));
	assert_true(span_skip(&span, "seed "));
	assert_true(span_is(span, "x"));
}

static void
every_error_has_words_of_its_own(void **state)
{
	(void)state;
	for (int i = OK; i <= ERR_USAGE; i++)
		for (int j = OK; j < i; j++)
			assert_string_not_equal(
				err_text((enum err)i), err_text((enum err)j));
	assert_non_null(err_text((enum err)999));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_grows_and_always_ends_with_nul),
		cmocka_unit_test(
			lines_are_cut_off_one_by_one_and_an_unended_one_is_left),
		cmocka_unit_test(lines_that_a_person_wrote_end_in_any_way),
		cmocka_unit_test(a_line_has_as_many_columns_as_are_asked_for_or_none),
		cmocka_unit_test(a_span_is_a_text_only_as_a_whole),
		cmocka_unit_test(a_number_has_one_spelling_and_a_limit),
		cmocka_unit_test(a_prefix_is_cut_off_or_nothing_is),
		cmocka_unit_test(every_error_has_words_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
