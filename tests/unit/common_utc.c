#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "common/utc.h"

#define LAST_US 253402300799999999

static void
known_instants_have_their_text(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} known[] = {
		{0, "1970-01-01T00:00:00Z"},
		{1, "1970-01-01T00:00:00.000001Z"},
		{999999, "1970-01-01T00:00:00.999999Z"},
		{68169600000000, "1972-02-29T00:00:00Z"},
		{951782400000000, "2000-02-29T00:00:00Z"},
		{1767889800000000, "2026-01-08T16:30:00Z"},
		{1767889800123456, "2026-01-08T16:30:00.123456Z"},
		{4107542399000000, "2100-02-28T23:59:59Z"},
		{4107542400000000, "2100-03-01T00:00:00Z"},
		{LAST_US, "9999-12-31T23:59:59.999999Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		char text[UTC_TEXT_BYTES];
		int64_t us = -1;

		utc_text(text, known[i].us);
		assert_string_equal(text, known[i].text);
		assert_true(utc_parse(&us, text));
		assert_true(us == known[i].us);
	}
}

static void
every_day_agrees_with_the_c_library(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 2932897; day += 13) {
		time_t s = (time_t)(day * 86400 + day % 86400);
		char text[UTC_TEXT_BYTES], theirs[UTC_TEXT_BYTES];
		struct tm tm;

		strftime(
			theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&s, &tm));
		utc_text(text, (int64_t)s * 1000000);
		assert_string_equal(text, theirs);
	}
}

static void
what_lies_outside_is_clamped(void **state)
{
	char text[UTC_TEXT_BYTES];

	(void)state;
	utc_text(text, -1);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	utc_text(text, INT64_MIN);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	utc_text(text, LAST_US + 1);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
	utc_text(text, INT64_MAX);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void
other_spellings_are_refused_and_touch_nothing(void **state)
{
	static const char *const wrong[] = {"", "Z", "2026-01-08",
		"2026-01-08T16:30:00", "2026-01-08T16:30:00z", "2026-01-08t16:30:00Z",
		"2026-01-08 16:30:00Z", "2026-01-08T16:30:00+00:00",
		"2026-01-08T16:30Z", "2026-1-08T16:30:00Z", "2026-01-08T16:30:00.1Z",
		"2026-01-08T16:30:00.000000Z", "2026-01-08T16:30:00,123456Z",
		"2026-01-08T16:30:00.1234567Z", "2026-01-08T24:00:00Z",
		"2026-01-08T23:60:00Z", "2026-01-08T23:59:60Z", "2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "1969-12-31T23:59:59Z",
		"0000-01-01T00:00:00Z", "-026-01-08T16:30:00Z", "2026-01-08T16:30:00Z ",
		" 2026-01-08T16:30:00Z", "2026-01-08T16:30:0 Z",
		"2026-01-08T16:30:-1Z"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int64_t us = 42;

		if (utc_parse(&us, wrong[i]))
			fail_msg("accepted: %s", wrong[i]);
		assert_int_equal(us, 42);
	}
}

static void
a_span_is_a_time_only_as_a_whole(void **state)
{
	static const char text[] = "2026-01-08T16:30:00Z\0 and more than that";
	int64_t us = 42;

	(void)state;
	for (size_t n = 0; n < sizeof text; n++)
		if (utc_parse_span(&us, (struct span){text, n}) != (n == 20))
			fail_msg("%zu bytes", n);
	assert_int_equal(us, INT64_C(1767889800000000));
}

static void
every_changed_character_is_refused_or_written_back(void **state)
{
	static const char text[] = "2024-02-29T16:30:05.123456Z";

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		for (int c = 1; c < 256; c++) {
			char changed[sizeof text], again[UTC_TEXT_BYTES];
			int64_t us;

			memcpy(changed, text, sizeof text);
			changed[i] = (char)c;
			if (!utc_parse(&us, changed))
				continue;
			utc_text(again, us);
			assert_string_equal(again, changed);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_instants_have_their_text),
		cmocka_unit_test(every_day_agrees_with_the_c_library),
		cmocka_unit_test(what_lies_outside_is_clamped),
		cmocka_unit_test(other_spellings_are_refused_and_touch_nothing),
		cmocka_unit_test(a_span_is_a_time_only_as_a_whole),
		cmocka_unit_test(every_changed_character_is_refused_or_written_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
