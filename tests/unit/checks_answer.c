#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "probe/doors/answer.h"

/* Fed whole, and byte by byte: the same must come of it. */
static bool
is_whole(const char *text, int64_t status)
{
	struct answer at_once, piecemeal;

	answer_start(&at_once);
	answer_start(&piecemeal);
	answer_take(&at_once, text, strlen(text));
	for (const char *at = text; *at; at++)
		answer_take(&piecemeal, at, 1);
	assert_int_equal(answer_status(&at_once), status);
	assert_int_equal(answer_status(&piecemeal), status);
	assert_int_equal(at_once.bytes, strlen(text));
	assert_int_equal(answer_is_whole(&at_once), answer_is_whole(&piecemeal));
	assert_int_equal(answer_is_cut(&at_once), answer_is_cut(&piecemeal));
	assert_false(answer_is_whole(&at_once) && answer_is_cut(&at_once));
	return answer_is_whole(&at_once);
}

static bool
is_cut(const char *text)
{
	struct answer answer;

	answer_start(&answer);
	answer_take(&answer, text, strlen(text));
	return answer_is_cut(&answer);
}

static void
an_answer_is_whole_when_its_length_has_come(void **state)
{
	(void)state;
	assert_true(is_whole("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200));
	assert_false(is_whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", 200));
	assert_true(is_cut("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"));
	assert_true(is_whole("HTTP/1.1 204 No Content\r\n\r\n", 204));
	assert_true(is_whole("HTTP/1.1 301 M\r\nContent-Length:0\r\n\r\n", 301));
}

static void
a_head_longer_than_what_is_kept_is_not_cut(void **state)
{
	static char text[ANSWER_HEAD_BYTES + 2000] =
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLink: ";

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - 1 - strlen(text));
	assert_false(is_whole(text, 200));
	assert_false(is_cut(text));
}

static void
an_answer_in_chunks_is_whole_after_the_last(void **state)
{
	(void)state;
	assert_true(is_whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "5\r\nhello\r\n0\r\n\r\n",
		200));
	assert_false(is_whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			      "5\r\nhello\r\n",
		200));
	assert_true(is_cut("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "5\r\nhel"));
}

static void
what_only_the_connection_ends_is_neither_whole_nor_cut(void **state)
{
	(void)state;
	assert_false(is_whole("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello", 200));
	assert_false(is_cut("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello"));
	assert_true(is_cut("HTTP/1.1 200 OK\r\nServer: x\r\n"));
	assert_false(is_whole("SSH-2.0-this is no web server\r\n", -1));
	assert_false(is_whole("HTTP/1.1 99", -1));
	assert_false(is_whole("", -1));
}

static void
a_head_that_does_not_end_and_a_length_that_is_none_are_not_whole(void **state)
{
	struct answer answer;
	char flood[ANSWER_HEAD_BYTES] = "HTTP/1.1 200 OK\r\n";

	(void)state;
	memset(flood + strlen(flood), 'x', sizeof(flood) - strlen(flood));
	answer_start(&answer);
	for (int i = 0; i < 3; i++)
		answer_take(&answer, flood, sizeof(flood));
	assert_int_equal(answer.bytes, 3 * sizeof(flood));
	assert_false(answer_is_whole(&answer));
	assert_false(is_whole("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 200));
	assert_false(is_whole(
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		200));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_whole_when_its_length_has_come),
		cmocka_unit_test(a_head_longer_than_what_is_kept_is_not_cut),
		cmocka_unit_test(an_answer_in_chunks_is_whole_after_the_last),
		cmocka_unit_test(
			what_only_the_connection_ends_is_neither_whole_nor_cut),
		cmocka_unit_test(
			a_head_that_does_not_end_and_a_length_that_is_none_are_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
