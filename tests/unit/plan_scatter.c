#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/planned.h"

enum { FREE = 6, ROUNDS = 2000 };

/* What lies at home, six jobs beyond, two that are costly. */
static size_t
fill(struct job *jobs)
{
	static const struct job all[] = {
		{.check = CHECK_power, .rung = RUNG_power},
		{.check = CHECK_router, .rung = RUNG_router},
		{.check = CHECK_ping, .rung = RUNG_access, .round = 0},
		{.check = CHECK_ping, .rung = RUNG_domestic, .round = 1},
		{.check = CHECK_tcp, .rung = RUNG_domestic, .round = 2},
		{.check = CHECK_tcp, .rung = RUNG_international, .round = 3},
		{.check = CHECK_dns, .rung = RUNG_names, .round = 4},
		{.check = CHECK_http, .rung = RUNG_service, .round = 5},
		{.check = CHECK_trace, .rung = RUNG_access},
		{.check = CHECK_speed, .rung = RUNG_quality},
	};

	memcpy(jobs, all, sizeof(all));
	return sizeof(all) / sizeof(*all);
}

static void
what_lies_beyond_the_router_starts_in_any_order_and_the_rest_where_it_was(void **state)
{
	int first[FREE] = {0}, before[FREE][FREE] = {{0}};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct job jobs[16];
		size_t n = fill(jobs), seen = 0;

		scatter_jobs(jobs, n, (uint64_t)i);
		assert_int_equal(jobs[0].check, CHECK_power);
		assert_int_equal(jobs[1].check, CHECK_router);
		assert_int_equal(jobs[8].check, CHECK_trace);
		assert_int_equal(jobs[9].check, CHECK_speed);
		first[jobs[2].round]++;
		for (size_t j = 2; j < 2 + FREE; j++) {
			seen |= (size_t)1 << jobs[j].round;
			for (size_t k = j + 1; k < 2 + FREE; k++)
				before[jobs[j].round][jobs[k].round]++;
		}
		assert_int_equal(seen, (1 << FREE) - 1);
	}
	for (int i = 0; i < FREE; i++) {
		assert_in_range(first[i], ROUNDS / FREE / 2, ROUNDS / FREE * 2);
		for (int j = 0; j < FREE; j++)
			if (i != j)
				assert_in_range(
					before[i][j], ROUNDS * 4 / 10, ROUNDS * 6 / 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_lies_beyond_the_router_starts_in_any_order_and_the_rest_where_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
