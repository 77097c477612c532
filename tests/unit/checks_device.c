#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/doors/device.h"
#include "probe/doors/way.h"

/* Written from the kernel's documentation (sysfs-class-net, operstates.rst) and from what
 * cfg80211 and qmi_wwan write into uevent. */
#define TREE SOURCE_DIR "/tests/trees/net"

static void
a_cable_is_neither_wireless_nor_mobile(void **state)
{
	struct device device;

	(void)state;
	device_read(&device, TREE, "eth0");
	assert_int_equal(device.operstate, OPERSTATE_up);
	assert_false(device.wireless);
	assert_false(device.mobile);
}

static void
a_station_that_waits_to_be_let_in_is_dormant(void **state)
{
	struct device device;

	(void)state;
	device_read(&device, TREE, "wlan0");
	assert_int_equal(device.operstate, OPERSTATE_dormant);
	assert_true(device.wireless);
	assert_false(device.mobile);
}

static void
an_old_driver_shows_its_air_by_a_folder_alone(void **state)
{
	struct device device;

	(void)state;
	device_read(&device, TREE, "wlan1");
	assert_true(device.wireless);
	assert_int_equal(device.operstate, OPERSTATE_down);
}

static void
a_modem_of_raw_ip_is_mobile(void **state)
{
	struct device device;

	(void)state;
	device_read(&device, TREE, "wwan0");
	assert_true(device.mobile);
	assert_false(device.wireless);
	assert_int_equal(device.operstate, OPERSTATE_unknown);
}

static void
what_is_not_there_says_nothing(void **state)
{
	static const char *const names[] = {"", "gone0", "odd0"};
	struct device device;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		device_read(&device, TREE, names[i]);
		assert_int_equal(device.operstate, OPERSTATE_unknown);
		assert_false(device.wireless || device.mobile);
	}
}

static void
tunnels_are_told_from_lines_by_their_kind(void **state)
{
	static const char *const tunnels[] = {"tun", "wireguard", "xfrm", "vti", "sit",
		"gre", "ipip", "ip6tnl", "ovpn-dco", "vxlan"};
	/* A modem's raw IP has no kind or its own; a stick's or a DSL line's PPP has ppp. */
	static const char *const lines[] = {"", "wwan", "rmnet", "ppp", "veth", "vlan",
		"bridge", "bond", "macvlan", "dummy", "tunnel", "wireguards"};

	(void)state;
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(*tunnels); i++)
		assert_true(way_kind_is_tunnel(tunnels[i]));
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_false(way_kind_is_tunnel(lines[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cable_is_neither_wireless_nor_mobile),
		cmocka_unit_test(a_station_that_waits_to_be_let_in_is_dormant),
		cmocka_unit_test(an_old_driver_shows_its_air_by_a_folder_alone),
		cmocka_unit_test(a_modem_of_raw_ip_is_mobile),
		cmocka_unit_test(what_is_not_there_says_nothing),
		cmocka_unit_test(tunnels_are_told_from_lines_by_their_kind),
	};

	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
