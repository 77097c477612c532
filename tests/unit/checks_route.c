#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "probe/doors/nameserver.h"
#include "probe/doors/route.h"

#define HEAD4                                                                          \
	"Iface\tDestination\tGateway "                                                 \
	"\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\t"                          \
	"IRTT\n"
#define ROW4(interface, to, gateway, flags, metric, mask)                              \
	interface "\t" to "\t" gateway "\t" flags "\t0\t0\t" metric "\t" mask          \
		  "\t0\t0\t0\n"
#define ZERO6 "00000000000000000000000000000000"
#define ROW6(bits, gateway, metric, flags, interface)                                  \
	ZERO6 " " bits " " ZERO6 " 00 " gateway " " metric " 00000001 00000000 " flags \
	      "     " interface "\n"

static struct span
text(const char *bytes)
{
	return (struct span){bytes, strlen(bytes)};
}

static void
assert_address(const union socket_address *address, const char *expected)
{
	union socket_address wanted;

	if (!socket_parse(&wanted, expected, 0))
		fail_msg("%s is no address", expected);
	assert_int_equal(address->any.sa_family, wanted.any.sa_family);
	if (address->any.sa_family == AF_INET) {
		assert_memory_equal(&((const struct sockaddr_in *)address)->sin_addr,
			&((const struct sockaddr_in *)&wanted)->sin_addr, 4);
	} else {
		assert_memory_equal(&((const struct sockaddr_in6 *)address)->sin6_addr,
			&((const struct sockaddr_in6 *)&wanted)->sin6_addr, 16);
	}
}

static void
the_default_route_of_the_smallest_metric_is_taken(void **state)
{
	struct route route;

	(void)state;
	assert_true(route_parse4(&route,
		text(HEAD4 ROW4("wlan0", "00000000", "0101A8C0", "0003", "600",
			"00000000") ROW4("eth0", "00000000", "010200C0", "0003", "100",
			"00000000") ROW4("eth0", "000200C0", "00000000", "0001", "100",
			"00FFFFFF")),
		""));
	assert_string_equal(route.interface, "eth0");
	assert_address(&route.gateway, "192.0.2.1");
	assert_int_equal(route.metric, 100);
}

static void
a_wanted_interface_leaves_the_others_out(void **state)
{
	static const char table[] = HEAD4 ROW4(
		"eth0", "00000000", "010200C0", "0003", "0", "00000000")
		ROW4("wwan0", "00000000", "00000000", "0001", "700", "00000000");
	struct route route;

	(void)state;
	assert_true(route_parse4(&route, text(table), "wwan0"));
	assert_string_equal(route.interface, "wwan0");
	assert_int_equal(route.gateway.any.sa_family, 0);
	assert_false(route_parse4(&route, text(table), "eth1"));
}

static void
what_is_no_default_route_in_use_is_left_out(void **state)
{
	static const char *const tables[] = {
		"", HEAD4,
		HEAD4 ROW4("eth0", "00000000", "010200C0", "0002", "0", "00000000"),
		HEAD4 ROW4("eth0", "00000000", "010200C0", "0203", "0", "00000000"),
		HEAD4 ROW4("eth0", "00000000", "010200C0", "0003", "0", "000000FF"),
		HEAD4 ROW4("lo", "00000000", "00000000", "0001", "0", "00000000"),
		HEAD4 "eth0\t00000000\t010200C0\n",
		HEAD4 "eth0\tzz\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
		"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000", /* no line end */
	};
	struct route route;

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		if (route_parse4(&route, text(tables[i]), ""))
			fail_msg("table %zu has a default route", i);
	}
}

static void
ipv6_takes_the_gateway_and_leaves_the_unreachable_row_out(void **state)
{
	struct route route;

	(void)state;
	assert_true(route_parse6(&route,
		text(ROW6("00", "fe800000000000000000000000000001", "00000400",
			"00000003", "eth0")
				ROW6("00", ZERO6, "ffffffff", "00200200", "lo")),
		""));
	assert_string_equal(route.interface, "eth0");
	assert_address(&route.gateway, "fe80::1");
	assert_false(route_parse6(
		&route, text(ROW6("00", ZERO6, "ffffffff", "00200200", "lo")), ""));
	assert_false(route_parse6(
		&route, text(ROW6("40", ZERO6, "00000100", "00000001", "eth0")), ""));
}

static void
of_ipv6_too_the_smallest_metric_is_taken(void **state)
{
	static const char table[] = ROW6("00", "fe800000000000000000000000000001",
		"00000400", "00000003", "eth0") ROW6("00",
		"fe800000000000000000000000000002", "00000258", "00000003", "wlan0")
		ROW6("00", "fe800000000000000000000000000003", "00000800", "00000003",
			"wwan0");
	struct route route;

	(void)state;
	assert_true(route_parse6(&route, text(table), ""));
	assert_string_equal(route.interface, "wlan0");
	assert_int_equal(route.metric, 600);
}

static void
ways_out_are_ranked_by_metric_and_those_of_ipv6_alone_come_last(void **state)
{
	static const char v4[] = HEAD4 ROW4("wwan0", "00000000", "00000000", "0001",
		"700", "00000000") ROW4("eth0", "00000000", "010200C0", "0003", "100",
		"00000000") ROW4("eth0", "00000000", "020200C0", "0003", "50",
		"00000000") ROW4("wlan0", "0001A8C0", "00000000", "0001", "10",
		"00FFFFFF") ROW4("lo", "00000000", "00000000", "0001", "0", "00000000");
	static const char v6[] = ROW6("00", "fe800000000000000000000000000001",
		"00000001", "00000003", "wlan0") ROW6("00",
		"fe800000000000000000000000000002", "00000400", "00000003", "eth0")
		ROW6("00", ZERO6, "ffffffff", "00200200", "lo");
	char names[4][IF_NAMESIZE];

	(void)state;
	assert_int_equal(route_parse_rank(names, 4, text(v4), text(v6)), 3);
	assert_string_equal(names[0], "eth0");
	assert_string_equal(names[1], "wwan0");
	assert_string_equal(names[2], "wlan0");
	assert_int_equal(route_parse_rank(names, 2, text(v4), text(v6)), 2);
	assert_int_equal(route_parse_rank(names, 2, text(""), text(v6)), 2);
	assert_string_equal(names[0], "wlan0");
	assert_int_equal(route_parse_rank(names, 4, text(""), text("")), 0);
}

static void
ppp_that_somebody_carries_is_told_from_a_line_by_the_route_to_its_server(void **state)
{
	/* 45.33.0.9 by a router on eth0: what a VPN client adds for its server. */
	static const char vpn[] =
		HEAD4 ROW4("ppp0", "00000000", "00000000", "0001", "0", "00000000")
			ROW4("eth0", "0900212D", "010200C0", "0007", "0", "FFFFFFFF");
	static const char line[] = HEAD4 ROW4(
		"ppp0", "00000000", "00000000", "0001", "0", "00000000") ROW4("ppp0",
		"0100400A", "00000000", "0005", "0", "FFFFFFFF") ROW4("eth0",
		"00000000", "010200C0", "0003", "600", "00000000")
		ROW4("eth0", "0901A8C0", "010200C0", "0007", "0", "FFFFFFFF") ROW4(
			"eth0", "0900212D", "00000000", "0005", "0", "FFFFFFFF")
			ROW4("eth0", "0900212D", "010200C0", "0207", "0", "FFFFFFFF");

	(void)state;
	assert_true(route_parse_carrier4(text(vpn), "ppp0"));
	assert_false(route_parse_carrier4(text(vpn), "eth0"));
	assert_false(route_parse_carrier4(text(line), "ppp0"));
	assert_false(route_parse_carrier4(text(""), "ppp0"));
}

static void
an_interface_that_is_gone_does_not_exist(void **state)
{
	struct route_link link = route_link("nosuch0");

	(void)state;
	assert_false(link.exists);
	assert_false(link.carrier);
	assert_int_equal(link.addr4 + link.addr6, 0);
}

static void
the_first_nameserver_is_taken(void **state)
{
	union socket_address server;

	(void)state;
	assert_true(
		nameserver_parse(&server, text("# nameserver 9.9.9.9\nsearch "
					       "example\nnameserver\t192.168.1.1 # x\n"
					       "nameserver 8.8.8.8\n")));
	assert_address(&server, "192.168.1.1");
	assert_int_equal(((struct sockaddr_in *)&server)->sin_port, htons(53));
	assert_true(nameserver_parse(&server, text("nameserver 2003::53\r\n")));
	assert_address(&server, "2003::53");
	assert_true(nameserver_parse(&server, text("nameserver fe80::1%lo\n")));
	assert_int_equal(((struct sockaddr_in6 *)&server)->sin6_scope_id, 1);
}

static void
a_nameserver_line_that_is_none_is_passed_over(void **state)
{
	union socket_address server;

	(void)state;
	assert_true(
		nameserver_parse(&server, text("nameserver\nnameserver \nnameservers "
					       "1.1.1.1\nnameserver x.example\n"
					       "nameserver 1.2.3.4%lo\n nameserver "
					       "1.1.1.1\nnameserver 4.3.2.1\n")));
	assert_address(&server, "4.3.2.1");
	assert_false(nameserver_parse(&server, text("")));
	assert_false(nameserver_parse(
		&server, text("nameserver "
			      "11111111111111111111111111111111111111111111111111111111"
			      "11111111111111111111111111111111111111111111111111111111"
			      "11111\n")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_route_of_the_smallest_metric_is_taken),
		cmocka_unit_test(a_wanted_interface_leaves_the_others_out),
		cmocka_unit_test(what_is_no_default_route_in_use_is_left_out),
		cmocka_unit_test(
			ipv6_takes_the_gateway_and_leaves_the_unreachable_row_out),
		cmocka_unit_test(of_ipv6_too_the_smallest_metric_is_taken),
		cmocka_unit_test(
			ways_out_are_ranked_by_metric_and_those_of_ipv6_alone_come_last),
		cmocka_unit_test(
			ppp_that_somebody_carries_is_told_from_a_line_by_the_route_to_its_server),
		cmocka_unit_test(an_interface_that_is_gone_does_not_exist),
		cmocka_unit_test(the_first_nameserver_is_taken),
		cmocka_unit_test(a_nameserver_line_that_is_none_is_passed_over),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
