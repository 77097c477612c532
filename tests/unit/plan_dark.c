#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

enum { JOBS = 6 };
static const struct job jobs[JOBS] = {
	{.check = CHECK_ping, .rung = RUNG_domestic, .count = 3},
	{.check = CHECK_tcp, .rung = RUNG_domestic},
	{.check = CHECK_tcp, .rung = RUNG_domestic},
	{.check = CHECK_tcp, .rung = RUNG_international},
	{.check = CHECK_ping, .rung = RUNG_domestic, .count = 3},
	{.check = CHECK_router, .rung = RUNG_router},
};

static void
end(struct measurement *m, enum outcome outcome)
{
	SET(m, outcome, outcome);
}

static void
in_the_dark_a_job_like_one_before_is_left_out_and_another_is_not(void **state)
{
	struct measurement ms[JOBS] = {0};
	struct job next;

	(void)state;
	end(&ms[0], OUTCOME_generic_timeout_error);
	assert_false(dark_leaves_out(&next, jobs, ms, 2, 11 * SECOND_US));
	/* The one before is still waited for: it counts as tried. */
	assert_true(dark_leaves_out(&next, jobs, ms, 2, 12 * SECOND_US));
	assert_false(dark_leaves_out(&next, jobs, ms, 3, 60 * SECOND_US));
	assert_int_equal(next.rung, RUNG_international);
	/* What lies at home is none of it. */
	assert_false(dark_leaves_out(&next, jobs, ms, 5, 60 * SECOND_US));
}

static void
echoes_go_on_for_longer_one_a_target(void **state)
{
	struct measurement ms[JOBS] = {0};
	struct job next;

	(void)state;
	end(&ms[0], OUTCOME_generic_timeout_error);
	assert_false(dark_leaves_out(&next, jobs, ms, 4, 11 * SECOND_US));
	assert_int_equal(next.count, 3);
	assert_false(dark_leaves_out(&next, jobs, ms, 4, 24 * SECOND_US));
	assert_int_equal(next.count, 1);
	assert_true(dark_leaves_out(&next, jobs, ms, 4, 25 * SECOND_US));
}

static void
one_answer_ends_the_dark_and_none_awaited_does_not_begin_it(void **state)
{
	struct measurement ms[JOBS] = {0};
	struct job next;

	(void)state;
	assert_false(dark_leaves_out(&next, jobs, ms, 2, 60 * SECOND_US));
	end(&ms[0], OUTCOME_unmeasured);
	assert_false(dark_leaves_out(&next, jobs, ms, 2, 60 * SECOND_US));
	end(&ms[0], OUTCOME_generic_timeout_error);
	assert_true(dark_leaves_out(&next, jobs, ms, 2, 60 * SECOND_US));
	end(&ms[1], OUTCOME_ok);
	assert_false(dark_leaves_out(&next, jobs, ms, 2, 60 * SECOND_US));
	assert_false(dark_leaves_out(&next, jobs, ms, 4, 60 * SECOND_US));
	assert_int_equal(next.count, 3);
}

static void
where_somebody_let_a_connection_in_it_is_not_dark_however_slow_he_is(void **state)
{
	static const struct {
		enum stage stage;
		bool dark;
	} cases[] = {{STAGE_connect, true}, {STAGE_tls_handshake, false},
		{STAGE_body, false}, {STAGE_reply, true}, {STAGE_bearer, true}};
	struct job next;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct measurement ms[JOBS] = {0};

		end(&ms[0], OUTCOME_generic_timeout_error);
		ms[1].stage = cases[i].stage; /* it still runs */
		assert_int_equal(dark_leaves_out(&next, jobs, ms, 2, 60 * SECOND_US),
			cases[i].dark);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			in_the_dark_a_job_like_one_before_is_left_out_and_another_is_not),
		cmocka_unit_test(echoes_go_on_for_longer_one_a_target),
		cmocka_unit_test(
			one_answer_ends_the_dark_and_none_awaited_does_not_begin_it),
		cmocka_unit_test(
			where_somebody_let_a_connection_in_it_is_not_dark_however_slow_he_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
