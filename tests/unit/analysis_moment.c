#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/moment.h"

#define EDGES 40

static uint32_t
next(uint32_t *state)
{
	*state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
	return *state >> 16;
}

static size_t
around(const struct moment *edges, size_t n, int64_t us, int64_t *lo_us)
{
	size_t covers = 0;

	*lo_us = INT64_MIN;
	for (size_t i = 0; i < n; i++) {
		if (edges[i].lo_us >= us || edges[i].hi_us < us)
			continue;
		covers++;
		if (edges[i].lo_us > *lo_us)
			*lo_us = edges[i].lo_us;
	}
	return covers;
}

/* As its header has it, each edge held against each other. */
static bool
plainly(struct moment *moment, const struct moment *edges, size_t n)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t lo_us;
		size_t covers = around(edges, n, edges[i].hi_us, &lo_us);

		if (covers <= most)
			continue;
		most = covers;
		*moment = (struct moment){lo_us, edges[i].hi_us};
	}
	return most * 2 >= n && most > 2;
}

static void
test_a_moment_is_where_most_edges_overlap(void **state)
{
	uint32_t chance = 1;

	(void)state;
	for (int turn = 0; turn < 2000; turn++) {
		struct moment edges[EDGES], found = {0}, wanted = {0};
		size_t n = next(&chance) % EDGES;
		bool is;

		for (size_t i = 0; i < n; i++) {
			edges[i].lo_us = next(&chance) % 60;
			/* One in some is no edge at all: it ends before it begins. */
			edges[i].hi_us = edges[i].lo_us + next(&chance) % 30 - 3;
		}
		is = plainly(&wanted, edges, n);
		assert_int_equal(moment_find(&found, edges, n), is);
		assert_int_equal(found.lo_us, wanted.lo_us);
		assert_int_equal(found.hi_us, wanted.hi_us);
	}
}

static void
test_two_edges_are_no_moment(void **state)
{
	const struct moment edges[] = {{0, 10}, {5, 10}, {5, 12}};
	struct moment found;

	(void)state;
	assert_false(moment_find(&found, edges, 2));
	assert_true(moment_find(&found, edges, 3));
	assert_int_equal(found.lo_us, 5);
	assert_int_equal(found.hi_us, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_moment_is_where_most_edges_overlap),
		cmocka_unit_test(test_two_edges_are_no_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
