#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/sway.h"
#include "tests/unit/country.h"

static bool
stands(struct country *c)
{
	struct joined joined = joined_of(c);

	return sway_none(c->verdict.class, &c->events[0], &joined, &c->record,
		evidence_weights());
}

static void
test_what_every_cohort_saw_no_cohort_sways(void **state)
{
	struct country *c = country_new(INTERNATIONAL);

	(void)state;
	expect(c, CAUSE_shutdown_international);
	assert_non_null(fired(c, ROW_12));
	for (size_t p = 0; p < FIELD; p++)
		c->probes[p].cohort = (uint32_t)p % 3; /* one of each operator */
	assert_true(stands(c));
	country_free(c);
}

static void
test_a_cohort_without_which_the_class_is_another_sways_it(void **state)
{
	struct country *c = country_new(MOBILE);

	(void)state;
	expect(c, CAUSE_shutdown_mobile);
	for (size_t p = 0; p < FIELD; p++)
		c->probes[p].cohort = (uint32_t)p % 3;
	assert_true(stands(c));
	/* All who saw it came by the invites of one. */
	for (size_t p = 0; p < FIELD; p++)
		c->probes[p].cohort = p >= 6;
	assert_false(stands(c));
	country_free(c);
}

static void
test_what_control_probes_saw_belongs_to_no_cohort(void **state)
{
	struct country *c = country_new(INTERNATIONAL);

	(void)state;
	for (size_t p = 0; p < FIELD; p++)
		c->probes[p].cohort = 1 + (uint32_t)p % 3;
	assert_true(stands(c)); /* theirs is 0 */
	country_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_every_cohort_saw_no_cohort_sways),
		cmocka_unit_test(
			test_a_cohort_without_which_the_class_is_another_sways_it),
		cmocka_unit_test(test_what_control_probes_saw_belongs_to_no_cohort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
