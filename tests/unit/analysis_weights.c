#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "analyzer/analysis/weights.h"

/* The numbers of the table as a text that a person edits. */

static struct span
span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* The official ones with this text over them. */
static struct weights
with(const char *text)
{
	struct weights w = *evidence_weights();
	struct buf why = {0};
	uint64_t line;

	if (weights_read(&w, span_of(text), &line, &why) != OK)
		fail_msg("line %llu: %s", (unsigned long long)line, why.data);
	buf_free(&why);
	return w;
}

static void
what_is_printed_is_read_back_as_it_was(void **state)
{
	static const char *const texts[] = {"",
		"prior,shutdown,0.123456\nprior,throttling,0.026544\n",
		"cap,power,X10000\ncap,home,X1\n7,shutdown,D10000\n1,ordinary,1.01\n",
		"2b,infrastructure,0.15\n2b,infrastructure.power,123.4\n"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct weights first = with(texts[i]), again;
		struct buf text = {0}, twice = {0};

		weights_print(&text, &first);
		again = with(text.data);
		assert_memory_equal(
			first.prior_ppm, again.prior_ppm, sizeof first.prior_ppm);
		assert_memory_equal(first.cap, again.cap, sizeof first.cap);
		assert_memory_equal(first.lr, again.lr, sizeof first.lr);
		assert_int_equal(evidence_official(&again), !i);
		weights_print(&twice, &again);
		assert_string_equal(text.data, twice.data);
		buf_free(&text);
		buf_free(&twice);
	}
}

static void
every_number_of_centinats_has_a_decimal_of_its_own(void **state)
{
	struct weights w = *evidence_weights(), back;

	(void)state;
	for (int16_t lr = -921; lr <= 921; lr++) {
		struct buf text = {0};

		w.lr[ROW_7][CAUSE_shutdown_full] = lr;
		weights_print(&text, &w);
		back = with(text.data);
		assert_int_equal(back.lr[ROW_7][CAUSE_shutdown_full], lr);
		buf_free(&text);
	}
}

static void
ratios_become_the_centinats_that_logarithms_give(void **state)
{
	/* 100 ln, rounded, by another program (python3: round(100 * math.log(x))). */
	static const struct {
		const char *ratio;
		int16_t centinats;
	} known[] = {{"X1", 0}, {"1", 0}, {"X2", 69}, {"2", 69}, {"X4.5", 150},
		{"D4.5", -150}, {"X50", 391}, {"D50", -391}, {"0.02", -391},
		{"X1000", 691}, {"0.0001", -921}, {"X10000", 921}, {"D10000", -921},
		{"1.005", 0}, {"1.0051", 1}, {"0.333333", -110}, {"X0.1", -230},
		{"D0.1", 230}};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		char text[64];

		snprintf(text, sizeof text, "51,shutdown,%s\n", known[i].ratio);
		assert_int_equal(
			with(text).lr[ROW_51][CAUSE_shutdown_full], known[i].centinats);
	}
}

static void
a_cause_with_a_line_of_its_own_does_not_follow_its_class(void **state)
{
	struct weights first = with("7,shutdown,X2\n7,shutdown.full,X3\n");
	struct weights second = with("# the other way round\r\n"
				     "7,shutdown.full,X3\r\n7,shutdown,X2");

	(void)state;
	assert_int_equal(first.lr[ROW_7][CAUSE_shutdown_mobile], 69);
	assert_int_equal(first.lr[ROW_7][CAUSE_shutdown_full], 110);
	assert_int_equal(first.lr[ROW_7][CAUSE_infrastructure_power],
		evidence_weights()->lr[ROW_7][CAUSE_infrastructure_power]);
	assert_memory_equal(first.lr, second.lr, sizeof first.lr);
}

static void
what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct {
		const char *text;
		uint64_t line;
		const char *why;
	} wrong[] = {
		{"7,shutdown\n", 1, "has not three columns"},
		{"7,shutdown,X2,X3\n", 1, "has not three columns"},
		{"\n# so\n99,shutdown,X2\n", 3, "there is no row '99'"},
		{"7,shutdown.everything,X2\n", 1, "is no class and no cause"},
		{"7,shutdown,X0\n", 1, "is no ratio"},
		{"7,shutdown,-2\n", 1, "is no ratio"},
		{"7,shutdown,X10001\n", 1, "is no ratio"},
		{"7,shutdown,X10000.1\n", 1, "is no ratio"},
		{"7,shutdown,1.\n", 1, "is no ratio"},
		{"7,shutdown,1.0000001\n", 1, "is no ratio"},
		{"7,shutdown,1e3\n", 1, "is no ratio"},
		{"7,shutdown,\n", 1, "is no ratio"},
		{"7,shutdown,99999999999999999999\n", 1, "is no ratio"},
		{"7,shutdown,X2\n7,shutdown,X2\n", 2, "was given before"},
		{"cap,power,D2\n", 1, "is no cap"},
		{"cap,nothing,X2\n", 1, "is no group"},
		{"cap,power,X2\ncap,power,X3\n", 2, "was given before"},
		{"prior,country,0.5\n", 1, "is no class"},
		{"prior,shutdown,0\n", 1, "is no probability"},
		{"prior,shutdown,1\n", 1, "is no probability"},
		{"prior,shutdown,0.2\n\n", 1, "add up to 1.1, not to 1"},
		{"7,\x1b[2J,X2\n", 1, "'?[2J' is no class"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct weights w = *evidence_weights();
		struct buf why = {0};
		uint64_t line;

		assert_int_equal(weights_read(&w, span_of(wrong[i].text), &line, &why),
			ERR_FORMAT);
		assert_int_equal(line, wrong[i].line);
		if (!strstr(why.data, wrong[i].why))
			fail_msg("%s says: %s", wrong[i].text, why.data);
		buf_free(&why);
	}
}

static void
a_changed_number_changes_the_version(void **state)
{
	static const char *const changes[] = {"7,shutdown,X9\n", "cap,power,X49\n",
		"prior,shutdown,0.2\nprior,ordinary,0.4\n"};
	char official[EVIDENCE_VERSION_BYTES], other[EVIDENCE_VERSION_BYTES];

	(void)state;
	evidence_version(official, evidence_weights());
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct weights w = with(changes[i]);

		evidence_version(other, &w);
		assert_string_not_equal(official, other);
		assert_false(evidence_official(&w));
	}
}

static void
weights_decide_what_is_concluded(void **state)
{
	struct observation seen = {.row = ROW_7, .n = 6, .of = 6};
	struct weights doubted = with("7,shutdown,X1\n7,infrastructure,X50\n");
	struct weights narrow = with("cap,scope,X2\n");
	struct verdict v, other, capped;

	(void)state;
	classify(&v, &seen, 1, evidence_weights());
	classify(&other, &seen, 1, &doubted);
	classify(&capped, &seen, 1, &narrow);
	assert_int_equal(v.class, CLASS_shutdown);
	assert_int_equal(other.class, CLASS_infrastructure);
	assert_int_equal(v.counted[ROW_7][CAUSE_shutdown_mobile], 391);
	assert_int_equal(capped.counted[ROW_7][CAUSE_shutdown_mobile], 69);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back_as_it_was),
		cmocka_unit_test(every_number_of_centinats_has_a_decimal_of_its_own),
		cmocka_unit_test(ratios_become_the_centinats_that_logarithms_give),
		cmocka_unit_test(
			a_cause_with_a_line_of_its_own_does_not_follow_its_class),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(a_changed_number_changes_the_version),
		cmocka_unit_test(weights_decide_what_is_concluded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
