#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/address.h"
#include "probe/doors/socket.h"

static bool public(const char *text)
{
	union socket_address address;

	if (!socket_parse(&address, text, 80))
		fail_msg("%s is no address", text);
	return address_is_public(&address.any);
}

/* The last public address below each range, its first, its last, and the first public
 * one above; NULL where a neighbour is special, too. */
static const struct edge {
	const char *below, *first, *last, *above;
} edges[] = {
	{NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
	{"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
	{"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
	{"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
	{"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
	{"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
	{"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
	{"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
	{"192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"},
	{"192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0"},
	{"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
	{"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
	{"192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"},
	{"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
	{"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
	{"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
	{"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
	{NULL, "240.0.0.0", "255.255.255.255", NULL},
	{NULL, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
	{"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
	{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
	{"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
	{"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000::",
		"2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"},
	{"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
	{"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
};

static void
every_special_range_is_refused_from_its_first_to_its_last_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		if (public(edges[i].first))
			fail_msg("%s is taken for public", edges[i].first);
		if (public(edges[i].last))
			fail_msg("%s is taken for public", edges[i].last);
	}
}

static void
the_addresses_just_outside_are_public(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		if (edges[i].below && !public(edges[i].below))
			fail_msg("%s is refused", edges[i].below);
		if (edges[i].above && !public(edges[i].above))
			fail_msg("%s is refused", edges[i].above);
	}
}

static void
an_ipv4_address_inside_an_ipv6_one_is_refused_even_where_it_is_public(void **state)
{
	static const char *const texts[] = {
		"::ffff:10.0.0.1", /* mapped, RFC 4291 */
		"::ffff:1.1.1.1", /* the same, of a public one */
		"::1.1.1.1", /* compatible */
		"64:ff9b::192.168.0.1", /* NAT64, RFC 6052 */
		"64:ff9b:1::10.0.0.1", /* local NAT64, RFC 8215 */
		"2002:0a00:0001::1", /* 6to4, RFC 3056 */
		"2001:0:0a00:1::f5ff:fffe", /* Teredo, RFC 4380 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (public(texts[i]))
			fail_msg("%s is taken for public", texts[i]);
	}
}

static void
the_ranges_outside_of_global_unicast_are_refused(void **state)
{
	static const char *const texts[] = {"::1", "::", "100::1", "100:0:0:1::1",
		"5f00::1", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (public(texts[i]))
			fail_msg("%s is taken for public", texts[i]);
	}
}

static void
another_family_is_never_public(void **state)
{
	union socket_address address = {.any.sa_family = AF_UNIX};

	(void)state;
	assert_false(address_is_public(&address.any));
}

static void
only_the_one_spelling_of_an_address_is_read(void **state)
{
	static const char *const texts[] = {"", "1.1.1", "01.1.1.1", "0x7f.0.0.1",
		"2130706433", "127.1", "1.1.1.1 ", " 1.1.1.1", "1.1.1.256", "example",
		"fe80::1%lo", "[2003::1]", "1.1.1.1:80"};
	union socket_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (socket_parse(&address, texts[i], 80))
			fail_msg("'%s' is taken for an address", texts[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_special_range_is_refused_from_its_first_to_its_last_address),
		cmocka_unit_test(the_addresses_just_outside_are_public),
		cmocka_unit_test(
			an_ipv4_address_inside_an_ipv6_one_is_refused_even_where_it_is_public),
		cmocka_unit_test(the_ranges_outside_of_global_unicast_are_refused),
		cmocka_unit_test(another_family_is_never_public),
		cmocka_unit_test(only_the_one_spelling_of_an_address_is_read),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
