#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

static char heard[8192];
static int pipe_ends[2], kept;

static void
listen_to_stderr(void)
{
	assert_int_equal(pipe(pipe_ends), 0);
	kept = dup(STDERR_FILENO);
	assert_int_not_equal(dup2(pipe_ends[1], STDERR_FILENO), -1);
	close(pipe_ends[1]);
}

static const char *
stop_listening(void)
{
	size_t len = 0;
	ssize_t n;

	dup2(kept, STDERR_FILENO); /* closes the last writing end */
	close(kept);
	while ((n = read(pipe_ends[0], heard + len, sizeof heard - 1 - len)) > 0)
		len += (size_t)n;
	heard[len] = '\0';
	close(pipe_ends[0]);
	return heard;
}

static void
one_line_a_call_without_a_time(void **state)
{
	(void)state;
	listen_to_stderr();
	log_error("%s: %d", "disk", 5);
	log_note("two");
	assert_string_equal(stop_listening(), "disk: 5\ntwo\n");
}

static void
the_level_silences_what_is_below_it_and_never_errors(void **state)
{
	(void)state;
	listen_to_stderr();
	log_detail("unheard");
	log_set_level(LOG_ERRORS);
	log_note("unheard");
	log_error("error");
	log_set_level(LOG_DETAILS);
	log_note("note");
	log_detail("detail");
	log_set_level(LOG_NOTES);
	assert_string_equal(stop_listening(), "error\nnote\ndetail\n");
}

static void
words_of_a_peer_can_neither_start_a_line_nor_steer_a_terminal(void **state)
{
	(void)state;
	listen_to_stderr();
	log_error("peer says '%s'", "a\nb\r\033[2J\x7f");
	assert_string_equal(stop_listening(), "peer says 'a?b??[2J?'\n");
}

static void
an_endless_message_is_cut_and_still_ends_its_line(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	listen_to_stderr();
	log_error("%s", text);
	stop_listening();
	assert_true(strlen(heard) < 2000);
	assert_ptr_equal(strchr(heard, '\n'), heard + strlen(heard) - 1);
}

static void
a_bug_is_said_and_aborts(void **state)
{
	int status;
	pid_t child;

	(void)state;
	listen_to_stderr();
	child = fork();
	if (child == 0) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		bug("row %d", 7);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_string_equal(stop_listening(), "bug: row 7\n");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
clocks_run_forward_in_microseconds(void **state)
{
	int64_t boot = clock_boot_us(), raw = clock_raw_us(), utc = clock_utc_us();
	struct clock_state clock = clock_state_read();

	(void)state;
	/* Busy for a millisecond of boottime: the others must have seen it pass too. */
	while (clock_boot_us() - boot < 1000)
		;
	assert_in_range(clock_raw_us() - raw, 900, 60000000);
	assert_true(utc > 0);
	assert_true(clock.state == 0 || clock.state == 1);
	assert_true(clock.error_us >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_a_call_without_a_time),
		cmocka_unit_test(the_level_silences_what_is_below_it_and_never_errors),
		cmocka_unit_test(
			words_of_a_peer_can_neither_start_a_line_nor_steer_a_terminal),
		cmocka_unit_test(an_endless_message_is_cut_and_still_ends_its_line),
		cmocka_unit_test(a_bug_is_said_and_aborts),
		cmocka_unit_test(clocks_run_forward_in_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
