#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe/doors/modem_objects.h"

#define ERROR "org.freedesktop.ModemManager1.Error."

static void
the_cause_of_a_refusal_is_the_3gpps_number_and_of_anything_else_none(void **state)
{
	(void)state;
	assert_int_equal(modem_cause(ERROR "MobileEquipment.PlmnNotAllowed"), 11);
	assert_int_equal(
		modem_cause(ERROR "MobileEquipment.ServiceOptionNotSubscribed"), 33);
	assert_int_equal(
		modem_cause(ERROR "MobileEquipment.OperatorDeterminedBarring"), 8);
	assert_int_equal(modem_cause(ERROR "MobileEquipment.MissingOrUnknownApn"), 27);
	assert_int_equal(modem_cause(ERROR "MobileEquipment.SimNotInserted"), 0);
	assert_int_equal(modem_cause(ERROR "MobileEquipment."), 0);
	assert_int_equal(modem_cause(ERROR "Core.Failed"), 0);
	assert_int_equal(modem_cause("PlmnNotAllowed"), 0);
	assert_int_equal(modem_cause(""), 0);
}

static struct modem
in_cell(const char *name)
{
	struct modem modem = {.has_cell = name[0] != '\0'};

	strncpy((char *)modem.cell, name, sizeof(modem.cell));
	return modem;
}

static void
a_cell_is_known_again_and_its_name_is_not_kept(void **state)
{
	uint8_t memory[MODEM_MEMORY_BYTES] = {0};
	struct modem one = in_cell("one"), other = in_cell("other"), none = in_cell("");

	(void)state;
	assert_int_equal(modem_same_cell(memory, &one), -1);
	assert_int_equal(modem_same_cell(memory, &one), 1);
	assert_int_equal(modem_same_cell(memory, &other), 0);
	assert_int_equal(modem_same_cell(memory, &none), -1);
	assert_int_equal(modem_same_cell(memory, &other), -1);
	assert_null(memmem(memory, sizeof(memory), "other", 5));
}

#if WITH_MODEM
#include "common/file.h"
#include "probe/doors/modem_bus.h"
#include "tests/unit/objects.h"

#define TREES SOURCE_DIR "/tests/trees/modemmanager/"

static bool
parse(struct modem *modem, const char *path, const char *uplink)
{
	struct modem_objects objects = {.uplink = uplink};
	struct objects_bus bus = {.other = -1};
	struct buf text = {0};
	struct modem_bus by;
	sd_bus_message *m;
	bool there;

	assert_int_equal(file_read(&text, path, 64 * 1024), OK);
	assert_true(objects_bus_open(&bus) >= 0);
	m = objects_message(&bus, text.data);
	assert_non_null(m);
	assert_true(modem_bus_load(&by));
	assert_true(modem_objects_read(&objects, &(struct modem_message){&by, m}));
	there = modem_choose(modem, &objects);
	sd_bus_message_unref(m);
	objects_bus_close(&bus);
	buf_free(&text);
	return there;
}

static void
a_modem_on_lte_tells_all_there_is_to_tell(void **state)
{
	struct modem m;

	(void)state;
	assert_true(parse(&m, TREES "qmi-lte", "wwan0"));
	assert_int_equal(m.access_tech, 16384);
	assert_int_equal(m.signal_percent, 63);
	assert_int_equal(m.signal_dbm, -101);
	assert_int_equal(m.registration, REGISTRATION_home);
	assert_string_equal(m.plmn, "00101");
	assert_true(m.ready && m.carries && m.of_uplink && !m.signal_idle);
	assert_int_equal(m.reject_cause, 0);
	assert_int_equal(m.voice, 1);
	assert_false(m.has_cell);
}

static void
no_identity_is_among_what_is_told(void **state)
{
	static const char *const identities[] = {"490154203237518", "001010123456789",
		"89014103211118510720", "15550100"};
	struct modem m;

	(void)state;
	memset(&m, 0, sizeof(m));
	assert_true(parse(&m, TREES "qmi-lte", "wwan0"));
	for (size_t i = 0; i < sizeof(identities) / sizeof(*identities); i++)
		assert_null(
			memmem(&m, sizeof(m), identities[i], strlen(identities[i])));
}

static void
of_two_modems_the_one_that_carries_the_uplink_is_told(void **state)
{
	struct modem m;

	(void)state;
	assert_true(parse(&m, TREES "two-modems", "wwan1"));
	assert_int_equal(m.access_tech, 16);
	assert_string_equal(m.plmn, "001012");
	assert_int_equal(m.registration, REGISTRATION_roaming);
	assert_true(m.of_uplink && m.signal_idle);
	assert_int_equal(m.signal_dbm, 1);
	assert_int_equal(m.voice, -1);
	/* Nobody's: then the one that carries data. */
	assert_true(parse(&m, TREES "two-modems", "eth0"));
	assert_int_equal(m.access_tech, 16);
	assert_false(m.of_uplink);
}

static void
a_refusal_is_told_with_its_cause(void **state)
{
	struct modem m;

	(void)state;
	assert_true(parse(&m, TREES "denied", ""));
	assert_int_equal(m.registration, REGISTRATION_denied);
	assert_int_equal(m.reject_cause, 11);
	assert_true(m.ready && !m.carries);
	assert_string_equal(m.plmn, "");
	assert_true(parse(&m, TREES "bearer-refused", ""));
	assert_int_equal(m.registration, REGISTRATION_home);
	assert_int_equal(m.reject_cause, 33);
	assert_false(m.carries);
}

static void
a_modem_without_a_sim_is_not_ready(void **state)
{
	struct modem m;

	(void)state;
	assert_true(parse(&m, TREES "no-sim", ""));
	assert_false(m.ready || m.carries);
	assert_int_equal(m.registration, REGISTRATION_unknown);
	assert_int_equal(m.voice, -1);
}

static void
calls_without_data_are_told_as_that(void **state)
{
	struct modem m;

	(void)state;
	assert_true(parse(&m, TREES "voice-alone", "wwan0"));
	assert_int_equal(m.voice, 1);
	assert_false(m.carries);
	assert_int_equal(m.signal_dbm, -84);
	assert_false(m.signal_idle); /* thresholds are somebody's choice, too */
}

static void
what_no_service_says_is_not_told(void **state)
{
	struct modem m;

	(void)state;
	assert_true(parse(&m, TREES "nonsense", ""));
	assert_int_equal(m.access_tech, -1);
	assert_int_equal(m.signal_percent, -1);
	assert_int_equal(m.signal_dbm, 1);
	assert_int_equal(m.registration, REGISTRATION_unknown);
	assert_string_equal(m.plmn, "");
	assert_int_equal(m.reject_cause, 0);
	assert_int_equal(m.voice, 0);
	assert_false(m.ready || m.carries || m.of_uplink);
	assert_false(parse(&m, TREES "none", ""));
}

static void
a_message_of_another_shape_is_none(void **state)
{
	struct modem_objects objects = {.uplink = ""};
	struct objects_bus bus = {.other = -1};
	sd_bus_message *m = NULL;
	struct modem_bus by;

	(void)state;
	assert_true(modem_bus_load(&by));
	assert_true(objects_bus_open(&bus) >= 0);
	assert_true(sd_bus_message_new_signal(bus.bus, &m, "/x", "x.x", "X") >= 0);
	assert_true(sd_bus_message_append(m, "a{sv}", 1, "oa", "s", "x") >= 0);
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_false(modem_objects_read(&objects, &(struct modem_message){&by, m}));
	sd_bus_message_unref(m);
	objects_bus_close(&bus);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] =
	{ cmocka_unit_test(
		  the_cause_of_a_refusal_is_the_3gpps_number_and_of_anything_else_none),
		cmocka_unit_test(a_cell_is_known_again_and_its_name_is_not_kept),
#if WITH_MODEM
		cmocka_unit_test(a_modem_on_lte_tells_all_there_is_to_tell),
		cmocka_unit_test(no_identity_is_among_what_is_told),
		cmocka_unit_test(of_two_modems_the_one_that_carries_the_uplink_is_told),
		cmocka_unit_test(a_refusal_is_told_with_its_cause),
		cmocka_unit_test(a_modem_without_a_sim_is_not_ready),
		cmocka_unit_test(calls_without_data_are_told_as_that),
		cmocka_unit_test(what_no_service_says_is_not_told),
		cmocka_unit_test(a_message_of_another_shape_is_none),
#endif
	};

	return cmocka_run_group_tests_name("modem", tests, NULL, NULL);
}
