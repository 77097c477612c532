#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/ids.h"

#define KEY ",reach/XX,"

/* Two of the same networks overlap one that goes on: the later one ends nearer to never. */
static void
one_that_goes_on_is_the_earlier_one_that_began_with_it(void **state)
{
	struct span key = {KEY, sizeof KEY - 1};
	const struct ids_earlier *taken;
	struct ids ids = {0};

	(void)state;
	ids_remember(&ids, "first", 100, 200, key);
	ids_remember(&ids, "second", 300, 900, key);
	taken = ids_take(&ids, 110, 0, KEY, IDS_SAME_KIND);
	assert_non_null(taken);
	assert_string_equal(taken->id, "first");
	ids_free(&ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_that_goes_on_is_the_earlier_one_that_began_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
