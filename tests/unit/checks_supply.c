#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/doors/supply.h"

#define SENSORS SOURCE_DIR "/tests/trees/undervoltage/"
#define TREES SOURCE_DIR "/tests/trees/power_supply/"

static void
a_board_without_any_supply_entry_cannot_tell(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "none").supply, SUPPLY_unknown);
	assert_int_equal(supply_read(TREES "no-such-tree").supply, SUPPLY_unknown);
}

static void
a_charger_that_is_online_is_mains(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "laptop-mains").supply, SUPPLY_mains);
	assert_int_equal(supply_read(TREES "usb-charger").supply, SUPPLY_mains);
}

static void
a_battery_that_discharges_with_the_charger_offline_is_battery(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "laptop-battery").supply, SUPPLY_battery);
	assert_int_equal(supply_read(TREES "ups-hat").supply, SUPPLY_battery);
}

static void
the_battery_of_a_mouse_is_no_supply(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "mouse").supply, SUPPLY_unknown);
}

static void
of_two_batteries_one_that_rests_is_no_charger(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "two-batteries").supply, SUPPLY_battery);
	assert_int_equal(supply_read(TREES "ups").supply, SUPPLY_battery);
	assert_int_equal(supply_read(TREES "programmable").supply, SUPPLY_mains);
}

static void
the_charge_is_that_of_all_its_batteries_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(supply_read(TREES "laptop-battery").percent, 64);
	assert_int_equal(supply_read(TREES "laptop-mains").percent, 71);
	assert_int_equal(supply_read(TREES "two-batteries").percent, 70);
	assert_int_equal(supply_read(TREES "ups").percent, 77);
	assert_int_equal(supply_read(TREES "ups-hat").percent, -1);
	assert_int_equal(supply_read(TREES "mouse").percent, -1);
	assert_int_equal(supply_read(TREES "none").percent, -1);
	assert_int_equal(supply_read(TREES "odd-capacity").percent, -1);
}

static void
a_board_with_the_sensor_says_whether_its_voltage_is_too_low(void **state)
{
	(void)state;
	assert_int_equal(supply_undervoltage(SENSORS "pi-fine"), 0);
	assert_int_equal(supply_undervoltage(SENSORS "pi-low"), 1);
	assert_int_equal(supply_undervoltage(SENSORS "pi-old"), 1);
	assert_int_equal(supply_undervoltage(SENSORS "pi-old-fine"), 0);
}

static void
the_alarm_of_another_sensor_is_none_of_the_board(void **state)
{
	(void)state;
	assert_int_equal(supply_undervoltage(SENSORS "laptop"), -1);
	assert_int_equal(supply_undervoltage(SENSORS "no-such-tree"), -1);
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
		cmocka_unit_test(of_two_batteries_one_that_rests_is_no_charger),
		cmocka_unit_test(
			the_charge_is_that_of_all_its_batteries_and_nothing_else),
		cmocka_unit_test(
			a_board_with_the_sensor_says_whether_its_voltage_is_too_low),
		cmocka_unit_test(the_alarm_of_another_sensor_is_none_of_the_board),
	};

	return cmocka_run_group_tests_name("supply", tests, NULL, NULL);
}
