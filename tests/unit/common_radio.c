#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/radio.h"

static void
assert_text(int64_t access_tech, const char *text)
{
	char now[RADIO_TEXT_BYTES];

	radio_text(now, access_tech);
	assert_string_equal(now, text);
}

static void
a_technology_is_named_by_its_generation(void **state)
{
	(void)state;
	assert_text(0, "no network");
	assert_text(2, "2G (GSM)");
	assert_text(8 | 2, "2G (GPRS)");
	assert_text(16, "2G (EDGE)");
	assert_text(32, "3G (UMTS)");
	assert_text(32 | 256, "3G (HSPA)");
	assert_text(512, "3G (HSPA+)");
	assert_text(16384, "LTE");
	assert_text(32768, "5G");
	assert_text(16384 | 32768, "LTE and 5G");
	assert_text(1024, "another technology");
}

static void
a_change_is_said_and_what_stays_is_not(void **state)
{
	char line[RADIO_LINE_BYTES];

	(void)state;
	radio_line(line, &(struct radio){16, 16384, 60});
	assert_string_equal(line, "LTE -> 2G (EDGE), signal 60%");
	radio_line(line, &(struct radio){16, 16, 60});
	assert_string_equal(line, "2G (EDGE), signal 60%");
	radio_line(line, &(struct radio){16, -1, -1});
	assert_string_equal(line, "2G (EDGE)");
	radio_line(line, &(struct radio){0, UINT32_MAX, 100});
	assert_string_equal(line, "LTE and 5G -> no network, signal 100%");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_technology_is_named_by_its_generation),
		cmocka_unit_test(a_change_is_said_and_what_stays_is_not),
	};

	return cmocka_run_group_tests_name("radio", tests, NULL, NULL);
}
