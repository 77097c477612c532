#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "probe/steps.h"

#define SECOND_US INT64_C(1000000)
#define ORIGIN_US (100 * SECOND_US)

/* A batch of round ${round}, sent so many seconds after the start, without an answer. */
static void
note(struct batches *b, int64_t round)
{
	struct job job = {
		.check = CHECK_oneway, .round = round, .origin_us = ORIGIN_US};
	struct measurement m = {0};

	job.batch[0] = (uint8_t)round;
	SET(&m, kind, LINE_measurement);
	SET(&m, check, CHECK_oneway);
	SET(&m, round, round);
	SET(&m, t_us, round * 300 * SECOND_US);
	SET(&m, took_us, 5 * SECOND_US);
	SET(&m, stage, STAGE_reply);
	SET(&m, outcome, OUTCOME_generic_timeout_error);
	SET(&m, sent, 4);
	SET(&m, received, 0);
	batches_note(b, &job, &m);
}

static size_t
told(struct measurement *ms, struct batches *b, const char *answer, int64_t origin_us)
{
	return batches_told(ms, b, (struct span){answer, strlen(answer)}, origin_us,
		ORIGIN_US + 10000 * SECOND_US);
}

#define ZEROES "000000000000000000000000000000"

static void
what_arrived_is_said_at_the_time_it_was_sent_and_is_asked_for_once(void **state)
{
	struct batches *b = batches_open();
	struct measurement ms[ONEWAY_ASKED_MOST];
	struct buf line = {0};
	char text[BATCHES_TEXT];

	(void)state;
	note(b, 7);
	note(b, 8);
	batches_ask(text, b);
	assert_string_equal(text, "07" ZEROES ",08" ZEROES);
	/* Of another it did not ask; of the second it says nothing. */
	assert_int_equal(
		told(ms, b, "counting_us 99000000000\n09" ZEROES " 4\n07" ZEROES " 3\n",
			ORIGIN_US),
		1);
	assert_int_equal(ms[0].far_received, 3);
	assert_int_equal(ms[0].received, 0);
	assert_int_equal(ms[0].round, 7);
	assert_int_equal(ms[0].t_us, 7 * 300 * SECOND_US);
	assert_int_equal(measurement_encode(&line, &ms[0]), OK);
	buf_free(&line);
	batches_ask(text, b);
	assert_string_equal(text, "08" ZEROES);
	batches_close(b);
}

static void
of_what_the_analyzer_did_not_count_yet_it_knows_nothing(void **state)
{
	struct batches *b = batches_open();
	struct measurement ms[ONEWAY_ASKED_MOST];
	char text[BATCHES_TEXT];

	(void)state;
	note(b, 7);
	/* Sent 7900 s ago, and it has counted for 60 s. */
	assert_int_equal(
		told(ms, b, "counting_us 60000000\n07" ZEROES " 0\n", ORIGIN_US), 0);
	batches_ask(text, b);
	assert_string_equal(text, "");
	note(b, 7);
	assert_int_equal(
		told(ms, b, "counting_us 9000000000\n07" ZEROES " 0\n", ORIGIN_US), 1);
	assert_int_equal(ms[0].far_received, 0);
	/* Where time began anew nobody could place the line. */
	note(b, 7);
	assert_int_equal(told(ms, b, "counting_us 9000000000\n07" ZEROES " 4\n", 1), 0);
	batches_close(b);
}

static void
an_answer_that_is_none_says_nothing(void **state)
{
	static const char *const answers[] = {"", "counting_us\n", "counting_us x\n",
		"counting_us 9000000000\n07" ZEROES "\n",
		"counting_us 9000000000\n07" ZEROES " 5\n",
		"counting_us 9000000000\n07" ZEROES " 99999999999999999999\n",
		"07" ZEROES " 4\n"};
	struct batches *b = batches_open();
	struct measurement ms[ONEWAY_ASKED_MOST];
	char text[BATCHES_TEXT];

	(void)state;
	note(b, 7);
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		assert_int_equal(told(ms, b, answers[i], ORIGIN_US), 0);
	batches_ask(text, b);
	assert_string_equal(text, "07" ZEROES);
	batches_close(b);
}

static void
of_a_long_silence_some_are_kept_from_its_start_to_its_end(void **state)
{
	struct batches *b = batches_open();
	char text[BATCHES_TEXT];
	size_t n = 0;

	(void)state;
	for (int64_t round = 1; round <= 200; round++)
		note(b, round);
	batches_ask(text, b);
	assert_memory_equal(text, "01", 2);
	for (const char *at = text; at; at = strchr(at + 1, ','))
		n++;
	assert_in_range(n, ONEWAY_ASKED_MOST / 2, ONEWAY_ASKED_MOST);
	batches_close(b);
}

static void
what_was_answered_is_not_asked_for(void **state)
{
	struct batches *b = batches_open();
	struct job job = {.check = CHECK_oneway};
	struct measurement m = {0};
	char text[BATCHES_TEXT];

	(void)state;
	SET(&m, check, CHECK_oneway);
	SET(&m, sent, 4);
	SET(&m, received, 1);
	SET(&m, far_received, 2);
	batches_note(b, &job, &m);
	SET(&m, check, CHECK_ping);
	m.has[FIELD_far_received] = false;
	batches_note(b, &job, &m);
	batches_ask(text, b);
	assert_string_equal(text, "");
	batches_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_arrived_is_said_at_the_time_it_was_sent_and_is_asked_for_once),
		cmocka_unit_test(
			of_what_the_analyzer_did_not_count_yet_it_knows_nothing),
		cmocka_unit_test(an_answer_that_is_none_says_nothing),
		cmocka_unit_test(
			of_a_long_silence_some_are_kept_from_its_start_to_its_end),
		cmocka_unit_test(what_was_answered_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
