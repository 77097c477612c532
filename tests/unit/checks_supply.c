#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/doors/supply.h"

#define TREES SOURCE_DIR "/tests/trees/power_supply/"

static void
a_board_without_any_supply_entry_cannot_tell(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "none"), SUPPLY_unknown);
	assert_int_equal(supply_read(TREES "no-such-tree"), SUPPLY_unknown);
}

static void
a_charger_that_is_online_is_mains(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "laptop-mains"), SUPPLY_mains);
	assert_int_equal(supply_read(TREES "usb-charger"), SUPPLY_mains);
}

static void
a_battery_that_discharges_with_the_charger_offline_is_battery(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "laptop-battery"), SUPPLY_battery);
	assert_int_equal(supply_read(TREES "ups-hat"), SUPPLY_battery);
}

static void
the_battery_of_a_mouse_is_no_supply(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "mouse"), SUPPLY_unknown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_without_any_supply_entry_cannot_tell),
		cmocka_unit_test(a_charger_that_is_online_is_mains),
		cmocka_unit_test(
			a_battery_that_discharges_with_the_charger_offline_is_battery),
		cmocka_unit_test(the_battery_of_a_mouse_is_no_supply),
	};

	return cmocka_run_group_tests_name("supply", tests, NULL, NULL);
}
