#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"
#include "probe/doors/resolve.h"

static const char hints[] =
	";       This file holds the information on root name servers\n"
	".                        3600000      NS    A.ROOT-SERVERS.NET.\n"
	"A.ROOT-SERVERS.NET.      3600000      A     198.41.0.4\r\n"
	"A.ROOT-SERVERS.NET.      3600000      AAAA  2001:503:ba3e::2:30\n"
	";\n\n"
	".                        3600000      NS    B.ROOT-SERVERS.NET.\n"
	"B.ROOT-SERVERS.NET.      3600000      A     170.247.170.2\n"
	"B.ROOT-SERVERS.NET.      3600000      A     not.an.address\n"
	"neither is this one a record at all\n"
	"B.ROOT-SERVERS.NET.      3600000      AAAA  2801:1b8:10::b";

static void
root_servers_are_read_from_a_hints_file(void **state)
{
	static const char *const expected[] = {
		"198.41.0.4", "2001:503:ba3e::2:30", "170.247.170.2", "2801:1b8:10::b"};
	struct resolve_roots roots;

	(void)state;
	resolve_parse_roots(&roots, (struct span){hints, sizeof(hints) - 1});
	assert_int_equal(roots.n, 4);
	for (size_t i = 0; i < roots.n; i++)
		assert_string_equal(roots.addresses[i], expected[i]);
}

static void
a_hints_file_with_more_servers_than_there_can_be_is_cut(void **state)
{
	struct resolve_roots roots;
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < 2 * RESOLVE_ROOTS_MAX; i++)
		buf_printf(&text, "a.example. 1 A 45.20.0.%d\n", i);
	resolve_parse_roots(&roots, buf_span(&text));
	assert_int_equal(roots.n, RESOLVE_ROOTS_MAX);
	buf_free(&text);
}

static void
each_turn_takes_another_address_of_the_family(void **state)
{
	struct resolve_roots roots;

	(void)state;
	resolve_parse_roots(&roots, (struct span){hints, sizeof(hints) - 1});
	for (uint64_t turn = 0; turn < 4; turn++) {
		assert_string_equal(resolve_pick(roots.addresses, roots.n, false, turn),
			turn % 2 ? "170.247.170.2" : "198.41.0.4");
		assert_string_equal(resolve_pick(roots.addresses, roots.n, true, turn),
			turn % 2 ? "2801:1b8:10::b" : "2001:503:ba3e::2:30");
	}
	assert_null(resolve_pick(roots.addresses, 1, true, 0));
	assert_null(resolve_pick(roots.addresses, 0, false, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_servers_are_read_from_a_hints_file),
		cmocka_unit_test(
			a_hints_file_with_more_servers_than_there_can_be_is_cut),
		cmocka_unit_test(each_turn_takes_another_address_of_the_family),
	};

	return cmocka_run_group_tests_name("resolve_roots", tests, NULL, NULL);
}
