#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "probe/check.h"
#include "probe/doors/socket.h"

static void
every_check_that_can_be_made_has_a_whole_row(void **state)
{
	int made = 0;

	(void)state;
	for (int i = 0; i < CHECK_COUNT; i++) {
		const struct check_row *row = check_row((enum check)i);

		if (!row)
			continue;
		made++;
		assert_string_equal(row->name, check_name((enum check)i));
		assert_non_null(row->run);
		assert_in_range(row->deadline_us, 1000000, 60000000);
		assert_true(strlen(row->who_else) > 0);
	}
	assert_true(made > 0);
}

static void
whatever_the_target_list_asks_for_can_be_made(void **state)
{
	static const char *const kinds[] = {
#define KIND(role, port, rung, level, checks) checks,
#include "common/targets.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		for (const char *at = kinds[i]; *at;) {
			size_t n = strcspn(at, " ");
			int check = check_by_name((struct span){at, n});

			assert_in_range(check, 0, CHECK_COUNT - 1);
			assert_non_null(check_row((enum check)check));
			at += n + (at[n] == ' ');
		}
	}
}

static void
a_failure_keeps_the_stage_it_died_in_and_a_success_is_done(void **state)
{
	static const struct {
		enum outcome outcome;
		enum stage stage;
	} rows[] = {
		{OUTCOME_ok, STAGE_done},
		{OUTCOME_ttl_exceeded, STAGE_done},
		{OUTCOME_connection_reset, STAGE_request},
		{OUTCOME_unmeasured, STAGE_request},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct attempt attempt = {0};

		check_step(&attempt, STAGE_request);
		check_end(&attempt, rows[i].outcome);
		assert_true(attempt.m.has[FIELD_stage] && attempt.m.has[FIELD_outcome]);
		assert_int_equal(attempt.m.stage, rows[i].stage);
		assert_int_equal(attempt.m.outcome, rows[i].outcome);
	}
}

static void
an_errno_becomes_an_outcome_and_is_noted(void **state)
{
	static const struct {
		int error;
		enum outcome outcome;
	} rows[] = {
		{ECONNREFUSED, OUTCOME_connection_refused},
		{ECONNRESET, OUTCOME_connection_reset},
		{EPIPE, OUTCOME_connection_reset},
		{ETIMEDOUT, OUTCOME_generic_timeout_error},
		{EHOSTUNREACH, OUTCOME_host_unreachable},
		{ENETUNREACH, OUTCOME_network_unreachable},
		{EADDRNOTAVAIL, OUTCOME_network_unreachable},
		{EACCES, OUTCOME_icmp_prohibited},
		{EPERM, OUTCOME_unmeasured},
		{EMFILE, OUTCOME_unmeasured},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct attempt attempt = {0};

		check_end_errno(&attempt, rows[i].error);
		assert_int_equal(attempt.m.outcome, rows[i].outcome);
		assert_int_equal(attempt.m.os_error, rows[i].error);
		assert_int_equal(attempt.m.has[FIELD_reason],
			rows[i].outcome == OUTCOME_unmeasured);
	}
}

static void
what_this_machine_forbids_is_never_the_network_being_down(void **state)
{
	struct attempt attempt = {0};

	(void)state;
	check_end_errno(&attempt, EPERM);
	assert_int_equal(attempt.m.outcome, OUTCOME_unmeasured);
	assert_int_equal(attempt.m.reason, REASON_no_permission);
}

static void
an_icmp_error_becomes_an_outcome(void **state)
{
	static const struct {
		bool v6;
		uint8_t type, code;
		enum outcome outcome;
	} rows[] = {
		{false, 11, 0, OUTCOME_ttl_exceeded},
		{false, 3, 0, OUTCOME_network_unreachable},
		{false, 3, 1, OUTCOME_host_unreachable},
		{false, 3, 3, OUTCOME_connection_refused},
		{false, 3, 9, OUTCOME_icmp_prohibited},
		{false, 3, 10, OUTCOME_icmp_prohibited},
		{false, 3, 13, OUTCOME_icmp_prohibited},
		{true, 3, 0, OUTCOME_ttl_exceeded},
		{true, 1, 0, OUTCOME_network_unreachable},
		{true, 1, 1, OUTCOME_icmp_prohibited},
		{true, 1, 3, OUTCOME_host_unreachable},
		{true, 1, 4, OUTCOME_connection_refused},
		{true, 1, 6, OUTCOME_icmp_prohibited},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(socket_icmp_outcome(rows[i].v6, rows[i].type,
					 rows[i].code, EHOSTUNREACH),
			rows[i].outcome);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_check_that_can_be_made_has_a_whole_row),
		cmocka_unit_test(whatever_the_target_list_asks_for_can_be_made),
		cmocka_unit_test(
			a_failure_keeps_the_stage_it_died_in_and_a_success_is_done),
		cmocka_unit_test(an_errno_becomes_an_outcome_and_is_noted),
		cmocka_unit_test(
			what_this_machine_forbids_is_never_the_network_being_down),
		cmocka_unit_test(an_icmp_error_becomes_an_outcome),
	};

	return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
