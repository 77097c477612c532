#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/report/chart.h"
#include "analyzer/report/page.h"

/* What stands in a verdict may have come from a probe, or from whoever edits a store. */
#define HOSTILE "<script>alert(1)</script>&\\\"'><img src=x onerror=alert(2)>"
#define SEEN "&lt;script&gt;alert(1)&lt;/script&gt;&amp;"

static const char hostile[] =
	"{\"event\":\"" HOSTILE "\",\"version\":\"" HOSTILE "\",\"standing\":\"" HOSTILE
	"\",\"scope\":{\"level\":\"" HOSTILE "\",\"country\":\"" HOSTILE
	"\",\"regions\":[\"" HOSTILE
	"\"],\"asns\":[1,-5,99999999999],\"medium\":[\"" HOSTILE
	"\",7]},\"class\":\"" HOSTILE "\",\"cause\":\"" HOSTILE
	"\",\"causes\":[{\"cause\":\"" HOSTILE
	"\",\"probability\":1e300}],\"start\":{\"estimate\":\"2026-01-08T16:30:00Z\","
	"\"error_s\":1e30},\"end\":null,\"probes\":{\"expected\":\"" HOSTILE
	"\"},\"evidence\":[{\"row\":\"" HOSTILE "\",\"says\":\"" HOSTILE
	"\",\"basis\":\"" HOSTILE "\",\"source\":\"" HOSTILE "\",\"lr\":{\"" HOSTILE
	"\":99999999},\"lines\":[\"" HOSTILE "\",3]},7],\"against\":{},"
	"\"alternatives\":[{\"cause\":\"" HOSTILE "\",\"because\":\"" HOSTILE
	"\"}],\"limits\":[\"" HOSTILE "\"],\"inputs\":{\"baseline\":\"" HOSTILE
	"\",\"targets\":\"" HOSTILE "\"}}";

static void
render(struct buf *out, const char *json, const struct timeline *timeline)
{
	struct told told;
	struct page page = {.told = &told,
		.timeline = timeline,
		.json = {json, strlen(json)},
		.served = true};

	assert_true(told_read(&told, page.json));
	page_write(out, &page);
	told_free(&told);
}

static size_t
count(const char *text, const char *of)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, of)); at++)
		n++;
	return n;
}

static void
test_nothing_in_a_verdict_becomes_markup(void **state)
{
	struct buf page = {0};

	(void)state;
	render(&page, hostile, NULL);
	assert_int_equal(count(page.data, "<script"), 0);
	assert_int_equal(count(page.data, "<img"), 0);
	assert_true(count(page.data, SEEN) > 10);
	assert_int_equal(count(page.data, "<html"), 1);
	assert_int_equal(count(page.data, "</html>"), 1);
	buf_free(&page);
}

static void
test_nothing_that_a_probe_names_becomes_markup_in_the_picture(void **state)
{
	struct timeline timeline = {.from_us = 1000000000,
		.step_us = 1000000,
		.columns = TIMELINE_COLUMNS,
		.bands_n = 1};
	struct buf page = {0};

	(void)state;
	timeline.bands = calloc(1, sizeof *timeline.bands);
	assert_non_null(timeline.bands);
	timeline.bands->pool = (struct pool){
		.kind = BAND_REGION, .region = "<b>\"&", .touched = true, .probes = 3};
	for (size_t c = 0; c < timeline.columns; c++)
		timeline.bands->cells[RUNG_names][c].state = (uint8_t)(c % CELL_STATES);
	render(&page, hostile, &timeline);
	assert_int_equal(count(page.data, "Region <b>"), 0);
	assert_true(count(page.data, "Region &lt;b&gt;") > 2);
	assert_int_equal(count(page.data, "<svg"), count(page.data, "</svg>"));
	timeline_free(&timeline);
	buf_free(&page);
}

/* Each state has a class of its own for the eye, and all but one a shape: a text and a
 * colour alone would leave some readers out. */
static void
test_each_state_is_drawn_in_its_own_way(void **state)
{
	char *drawn[CELL_STATES] = {0};

	(void)state;
	for (size_t s = CELL_SILENT; s < CELL_STATES; s++) {
		struct html *html;
		struct buf out = {0};

		html_open(&html);
		chart_sample(html, (enum cell_state)s);
		html_close(&out, html);
		drawn[s] = out.data;
		for (size_t k = CELL_SILENT; k < s; k++)
			assert_string_not_equal(drawn[k], drawn[s]);
	}
	assert_non_null(strstr(drawn[CELL_SILENT], "url(#hatch)"));
	assert_non_null(strstr(drawn[CELL_DOWN], "url(#cross)"));
	assert_non_null(strstr(drawn[CELL_UNMEASURED], "<line"));
	for (size_t s = 0; s < CELL_STATES; s++)
		free(drawn[s]);
}

static void
test_a_verdict_with_nothing_in_it_is_still_a_page(void **state)
{
	struct buf page = {0};
	struct told told;

	(void)state;
	render(&page, "{}", NULL);
	assert_non_null(strstr(page.data, "there is nothing to draw"));
	assert_false(told_read(&told, (struct span){"[]", 2}));
	assert_false(told_read(&told, (struct span){"{\"event\":", 9}));
	assert_false(told_read(&told, (struct span){"", 0}));
	buf_free(&page);
}

static void
test_the_order_in_which_networks_fell_stands_on_the_page(void **state)
{
	static const char verdict[] =
		"{\"onset_order\":[{\"region\":\"XX-01\",\"asn\":64501,\"medium\":"
		"\"mobile\","
		"\"first\":{\"estimate\":\"2026-01-08T16:30:00Z\",\"error_s\":15.0},"
		"\"before\":true,\"probes\":3,\"of\":4},"
		"{\"region\":\"" HOSTILE "\",\"asn\":64502,\"medium\":\"fixed\","
		"\"first\":{\"estimate\":\"2026-01-08T17:00:00Z\",\"error_s\":150.0},"
		"\"before\":false,\"probes\":2,\"of\":2}]}";
	struct buf page = {0};
	const char *first;

	(void)state;
	render(&page, verdict, NULL);
	first = strstr(page.data, "XX-01, AS64501 mobile");
	assert_non_null(first);
	assert_non_null(
		strstr(first, "2026-01-08 16:30:00 UTC (\302\261 15.0 s), before "
			      "the event began"));
	assert_non_null(strstr(first, "AS64502 fixed"));
	assert_non_null(strstr(first, "3 of 4"));
	assert_int_equal(count(page.data, "<script"), 0);
	buf_free(&page);
}

static void
test_a_timetable_stands_on_the_page_with_what_speaks_against_it(void **state)
{
	static const char verdict[] =
		"{\"schedule\":{\"n\":3,\"says\":\"3 times " HOSTILE "\","
		"\"against\":[\"So few may meet by chance.\",7,\"" HOSTILE "\"]}}";
	struct buf page = {0};
	const char *says;

	(void)state;
	render(&page, verdict, NULL);
	says = strstr(page.data, "3 times " SEEN);
	assert_non_null(says);
	assert_non_null(strstr(says, "Against it: So few may meet by chance. " SEEN));
	assert_int_equal(count(page.data, "<script"), 0);
	buf_free(&page);
}

static void
test_the_same_verdict_gives_the_same_bytes(void **state)
{
	struct buf one = {0}, other = {0};

	(void)state;
	render(&one, hostile, NULL);
	render(&other, hostile, NULL);
	assert_int_equal(one.len, other.len);
	assert_memory_equal(one.data, other.data, one.len);
	buf_free(&one);
	buf_free(&other);
}

static void
test_what_no_page_should_hold_is_a_question_mark(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"a\001b\033[31m", "a?b?[31m"},
		{"abc\342\200\256def", "abc???def"}, /* right-to-left override */
		{"x\302\205y", "x??y"}, /* a control character of ISO 6429 */
		{"caf\303\251", "caf\303\251"},
		{"caf\351 \377", "caf? ?"}, /* no UTF-8 */
		{"cut\342\200", "cut??"},
		{"]]> &amp; --", "]]&gt; &amp;amp; --"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct html *html;
		struct buf out = {0}, wanted = {0};

		html_open(&html);
		html_element(html, "p", "", cases[i].text);
		html_close(&out, html);
		buf_printf(&wanted, "<p>%s</p>", cases[i].shown);
		if (!strstr(out.data, wanted.data))
			fail_msg("%s is not in %s", wanted.data, out.data);
		buf_free(&out);
		buf_free(&wanted);
	}
}

static void
test_a_percentage_is_never_rounded_to_certainty(void **state)
{
	static const struct {
		int64_t ppm;
		const char *text;
	} cases[] = {{0, "0.0 %"}, {1, "under 0.1 %"}, {971234, "97.1 %"},
		{949600, "95.0 %"}, {999001, "over 99.9 %"}, {1000000, "over 99.9 %"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = {0};

		page_percent(&out, cases[i].ppm);
		assert_string_equal(out.data, cases[i].text);
		buf_free(&out);
	}
}

static void
test_every_cause_has_a_meaning_of_its_own(void **state)
{
	const char *none = page_headline("insufficient");

	(void)state;
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		const char *headline =
			page_headline(evidence_cause_name((enum cause)c));

		if (headline == none)
			fail_msg("%s has none", evidence_cause_name((enum cause)c));
	}
	assert_ptr_equal(page_headline("no.such"), none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_in_a_verdict_becomes_markup),
		cmocka_unit_test(
			test_nothing_that_a_probe_names_becomes_markup_in_the_picture),
		cmocka_unit_test(test_each_state_is_drawn_in_its_own_way),
		cmocka_unit_test(test_a_verdict_with_nothing_in_it_is_still_a_page),
		cmocka_unit_test(
			test_the_order_in_which_networks_fell_stands_on_the_page),
		cmocka_unit_test(
			test_a_timetable_stands_on_the_page_with_what_speaks_against_it),
		cmocka_unit_test(test_the_same_verdict_gives_the_same_bytes),
		cmocka_unit_test(test_what_no_page_should_hold_is_a_question_mark),
		cmocka_unit_test(test_a_percentage_is_never_rounded_to_certainty),
		cmocka_unit_test(test_every_cause_has_a_meaning_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
