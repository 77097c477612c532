#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/outside.h"

#define CONTROLS 2
#define TARGETS 4

struct abroad {
	struct target_info targets[TARGETS];
	struct record record;
	struct outside outside;
};

static void
begin(struct abroad *a)
{
	*a = (struct abroad){
		.targets = {{.rung = RUNG_domestic}, {.rung = RUNG_domestic},
			{.rung = RUNG_domestic}, {.rung = RUNG_international}}};
	a->record = (struct record){.targets = a->targets, .targets_n = TARGETS};
}

static struct sample
asks(uint32_t control, uint32_t target, int64_t us, bool good)
{
	return (struct sample){.probe = control,
		.target = target,
		.utc_us = us,
		.check = CHECK_tcp,
		.success = good};
}

/* So many controls find the first ${dead} targets dead at 100 and 200, alive at 300. */
static int64_t
controls_find(struct abroad *a, uint32_t controls, uint32_t dead)
{
	for (uint32_t c = 0; c < CONTROLS; c++)
		for (int64_t us = 0; us <= 300; us += 100)
			for (uint32_t t = 0; t < TARGETS; t++) {
				bool bad = us && us < 300 && c < controls && t < dead;
				struct sample s = asks(c, t, us, !bad);

				outside_add(&a->outside, &s);
			}
	return outside_settle(&a->outside);
}

static bool
is_dead(const struct abroad *a, uint32_t target, int64_t us)
{
	struct sample s = asks(7, target, us, false);

	return outside_is_dead(&a->outside, &a->record, &s);
}

static void
what_two_controls_find_dead_was_so_until_one_of_them_reaches_it(void **state)
{
	struct abroad a;
	struct sample reached = asks(7, 0, 150, true);

	(void)state;
	begin(&a);
	assert_int_equal(controls_find(&a, 2, 1), 100);
	assert_false(is_dead(&a, 0, 99));
	assert_true(is_dead(&a, 0, 100));
	assert_true(is_dead(&a, 0, 299));
	assert_false(is_dead(&a, 0, 300));
	assert_false(is_dead(&a, 1, 150));
	/* Whoever reaches it shows that it lives. */
	assert_false(outside_is_dead(&a.outside, &a.record, &reached));
	outside_close(&a.outside);
}

static void
one_control_alone_says_nothing(void **state)
{
	struct abroad a;

	(void)state;
	begin(&a);
	assert_int_equal(controls_find(&a, 1, 1), INT64_MAX);
	assert_false(is_dead(&a, 0, 150));
	outside_close(&a.outside);
}

static void
where_most_of_a_rung_is_dead_from_abroad_it_is_the_way_there(void **state)
{
	struct abroad a;

	(void)state;
	begin(&a);
	assert_int_equal(controls_find(&a, 2, 2), 100);
	assert_false(is_dead(&a, 0, 150));
	assert_false(is_dead(&a, 1, 150));
	outside_close(&a.outside);
}

static void
only_what_changes_what_was_said_is_told_of(void **state)
{
	struct abroad a;
	struct sample s;

	(void)state;
	begin(&a);
	(void)controls_find(&a, 2, 0);
	for (uint32_t c = 0; c < CONTROLS; c++) {
		s = asks(c, 0, 400 + c, false);
		outside_add(&a.outside, &s);
		assert_int_equal(outside_settle(&a.outside), c ? 401 : INT64_MAX);
	}
	/* That it stays dead is nothing new. */
	s = asks(0, 0, 500, false);
	outside_add(&a.outside, &s);
	assert_int_equal(outside_settle(&a.outside), INT64_MAX);
	assert_true(is_dead(&a, 0, 600));
	s = asks(1, 0, 550, true);
	outside_add(&a.outside, &s);
	assert_int_equal(outside_settle(&a.outside), 550);
	assert_false(is_dead(&a, 0, 600));
	outside_close(&a.outside);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_two_controls_find_dead_was_so_until_one_of_them_reaches_it),
		cmocka_unit_test(one_control_alone_says_nothing),
		cmocka_unit_test(
			where_most_of_a_rung_is_dead_from_abroad_it_is_the_way_there),
		cmocka_unit_test(only_what_changes_what_was_said_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
