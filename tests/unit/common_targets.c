#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/targets.h"

#define HEADER "target,rung,checks,host,address,port,path\n"

static struct targets targets;

static enum err
read_text(const char *text, uint32_t *line, const char **why)
{
	size_t n = strlen(text);
	char *copy = test_malloc(n + 1);
	enum err err;

	memcpy(copy, text, n);
	err = targets_read(&targets, (struct span){copy, n}, line, why);
	test_free(copy);
	return err;
}

static void
a_good_list_is_read_as_it_stands(void **state)
{
	static const char list[] = HEADER "exchange,domestic,ping tcp "
					  "http,www.example.net,192.0.2.1,8080,/a?b=c\n"
					  "root,core,dns,.,2001:db8::53,-,-\n"
					  "own,names,dns,Example.org,resolver,-,-\n"
					  "bare,international,ping,-,198.51.100.7,-,-\n"
					  "ours,names,dns,example.com,-,5353,-\n";
	uint8_t hash[HASH_BYTES];
	const struct target *t = targets.rows;

	(void)state;
	assert_int_equal(read_text(list, NULL, NULL), OK);
	assert_int_equal(targets.n, 5);
	crypto_sha256(hash, list, strlen(list));
	assert_memory_equal(targets.sha256, hash, HASH_BYTES);
	assert_string_equal(t[0].id, "exchange");
	assert_int_equal(t[0].rung, RUNG_domestic);
	assert_int_equal(
		t[0].checks, 1 << CHECK_ping | 1 << CHECK_tcp | 1 << CHECK_http);
	assert_string_equal(t[0].host, "www.example.net");
	assert_string_equal(t[0].address, "192.0.2.1");
	assert_int_equal(t[0].port, 8080);
	assert_string_equal(t[0].path, "/a?b=c");
	assert_string_equal(t[1].host, ".");
	assert_string_equal(t[1].address, "2001:db8::53");
	assert_int_equal(t[1].port, 0);
	assert_string_equal(t[1].path, "/");
	assert_string_equal(t[2].address, "resolver");
	assert_string_equal(t[3].host, "");
	assert_string_equal(t[4].address, "");
}

static void
targets_are_found_by_their_id(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEADER "a,names,dns,x,-,-,-\nab,names,dns,x,-,-,-\n",
				 NULL, NULL),
		OK);
	assert_ptr_equal(targets_find(&targets, "ab"), &targets.rows[1]);
	assert_null(targets_find(&targets, "abc"));
	assert_null(targets_find(&targets, ""));
}

static void
line_ends_of_rfc_4180_are_taken_too(void **state)
{
	(void)state;
	assert_int_equal(read_text("target,rung,checks,host,address,port,path\r\n"
				   "a,names,dns,x,-,-,-\r\nb,names,dns,x,-,-,-",
				 NULL, NULL),
		OK);
	assert_int_equal(targets.n, 2);
	assert_string_equal(targets.rows[0].path, "/");
	assert_int_equal(read_text(HEADER, NULL, NULL), OK);
	assert_int_equal(targets.n, 0);
}

static void
a_bad_header_is_named_with_its_line(void **state)
{
	static const char *const wrong[] = {"", "\n", "target,rung\n",
		"target,rung,checks,host,address,port,path,more\n", (" " HEADER),
		"a,names,dns,x,-,-,-\n"};
	uint32_t line;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		line = 0;
		why = NULL;
		assert_int_equal(read_text(wrong[i], &line, &why), ERR_FORMAT);
		assert_int_equal(line, 1);
		assert_non_null(strstr(why, "first line"));
	}
}

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *row, *why;
} bad_rows[] = {
	{"", "seven columns"},
	{"b,names,dns,x,-,-", "seven columns"},
	{"b,names,dns,x,-,-,-,", "seven columns"},
	{"b,names,dns,\"x\",-,-,-", "quoted"},
	{",names,dns,x,-,-,-", "1 to 32"},
	{"b23456789012345678901234567890123,names,dns,x,-,-,-", "1 to 32"},
	{"B,names,dns,x,-,-,-", "a-z, 0-9"},
	{"a_b,names,dns,x,-,-,-", "a-z, 0-9"},
	{" b,names,dns,x,-,-,-", "a-z, 0-9"},
	{"a,names,dns,x,-,-,-", "stands above"},
	{"b,nams,dns,x,-,-,-", "no such rung"},
	{"b,,dns,x,-,-,-", "no such rung"},
	{"b,names,,x,-,-,-", "needs a check"},
	{"b,names,dnss,x,-,-,-", "no such check"},
	{"b,names,dns  tcp,x,-,-,-", "no such check"},
	{"b,names, dns,x,-,-,-", "no such check"},
	{"b,names,dns ,x,-,-,-", "space behind"},
	{"b,names,dns dns,x,-,-,-", "twice"},
	{"b,names,dns,,-,-,-", "1 to 253"},
	{"b,names,dns,a..b,-,-,-", "empty label"},
	{"b,names,dns,.a,-,-,-", "empty label"},
	{"b,names,dns,..,-,-,-", "empty label"},
	{"b,names,dns,-a,-,-,-", "'-'"},
	{"b,names,dns,a-.b,-,-,-", "'-'"},
	{"b,names,dns,a-,-,-,-", "'-'"},
	{"b,names,dns,a b,-,-,-", "letters, digits"},
	{"b,names,dns,a/b,-,-,-", "letters, digits"},
	{"b,names,dns,\xc3\xa4,-,-,-", "letters, digits"},
	{"b,names,dns,a" LABEL63 ",-,-,-", "63"},
	{"b,names,dns,x,1.2.3,-,-", "IPv4"},
	{"b,names,dns,x,1.2.3.256,-,-", "IPv4"},
	{"b,names,dns,x,01.2.3.4,-,-", "IPv4"},
	{"b,names,dns,x,1.2.3.4 ,-,-", "IPv4"},
	{"b,names,dns,x,2001:db8:::1,-,-", "IPv4"},
	{"b,names,dns,x,fe80::1%eth0,-,-", "IPv4"},
	{"b,names,dns,x,[::1],-,-", "IPv4"},
	{"b,names,dns,x,,-,-", "IPv4"},
	{"b,names,dns,x,www.example.net,-,-", "IPv4"},
	{"b,names,dns,x,Resolver,-,-", "IPv4"},
	{"b,names,dns,x,-,,-", "port"},
	{"b,names,dns,x,-,0,-", "port"},
	{"b,names,dns,x,-,053,-", "port"},
	{"b,names,dns,x,-,65536,-", "port"},
	{"b,names,dns,x,-,+53,-", "port"},
	{"b,names,dns,x,-,99999999999999999999,-", "port"},
	{"b,names,dns,x,-,-,", "path"},
	{"b,names,dns,x,-,-,x", "begins with"},
	{"b,names,dns,x,-,-,/a b", "no request"},
	{"b,names,dns,x,-,-,/a#b", "no request"},
	{"b,names,dns,x,-,-,/\t", "no request"},
	{"b,names,ping,-,-,-,-", "neither"},
	{"b,names,dns,-,1.2.3.4,-,-", "a host to ask"},
	{"b,names,dns tcp,x,resolver,-,-", "dns alone"},
	{"b,names,ping,x,resolver,-,-", "dns alone"},
};

static void
a_bad_row_is_named_with_its_line_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
		const char *why = NULL;
		uint32_t line = 0;
		char list[400];

		snprintf(list, sizeof list, HEADER "a,names,dns,x,-,-,-\n%s\n",
			bad_rows[i].row);
		if (read_text(list, &line, &why) != ERR_FORMAT)
			fail_msg("accepted: %s", bad_rows[i].row);
		assert_int_equal(line, 3);
		if (!strstr(why, bad_rows[i].why))
			fail_msg("%s: %s", bad_rows[i].row, why);
		assert_int_equal(targets.n, 0);
		assert_int_equal(read_text(list, NULL, NULL), ERR_FORMAT);
	}
}

static void
the_longest_of_everything_is_taken(void **state)
{
	struct buf list = {0};
	char path[128] = "/";

	(void)state;
	memset(path + 1, 'p', sizeof path - 2);
	path[sizeof path - 1] = '\0';
	buf_puts(&list, HEADER "b2345678901234567890123456789012,quality,");
	for (int i = 0; i < CHECK_COUNT; i++)
		buf_printf(&list, "%s%s", i ? " " : "", check_name((enum check)i));
	buf_printf(&list, ",%s.%s.%s.%.61s,%s,65535,%s\n", LABEL63, LABEL63, LABEL63,
		LABEL63, "1111:2222:3333:4444:5555:6666:255.255.255.255", path);
	assert_int_equal(targets_read(&targets, buf_span(&list), NULL, NULL), OK);
	assert_int_equal(strlen(targets.rows[0].host), 253);
	assert_int_equal(strlen(targets.rows[0].address), 45);
	assert_int_equal(strlen(targets.rows[0].path), 127);
	assert_int_equal(targets.rows[0].checks, (1u << CHECK_COUNT) - 1);
	buf_free(&list);
}

static void
more_targets_or_bytes_than_there_is_room_for_are_refused(void **state)
{
	struct buf list = {0};
	const char *why;
	uint32_t line;

	(void)state;
	buf_puts(&list, HEADER);
	for (int i = 0; i < TARGETS_MAX; i++)
		buf_printf(&list, "t%d,names,dns,x,-,-,-\n", i);
	assert_int_equal(targets_read(&targets, buf_span(&list), NULL, NULL), OK);
	assert_int_equal(targets.n, TARGETS_MAX);
	buf_puts(&list, "last,names,dns,x,-,-,-\n");
	assert_int_equal(
		targets_read(&targets, buf_span(&list), &line, &why), ERR_FORMAT);
	assert_int_equal(line, TARGETS_MAX + 2);
	assert_string_equal(why, "more than 256 targets");
	while (list.len <= TARGETS_BYTES_MAX)
		buf_puts(&list, "\n");
	assert_int_equal(
		targets_read(&targets, buf_span(&list), &line, &why), ERR_FORMAT);
	assert_string_equal(why, "a target list has at most 64 KiB");
	buf_free(&list);
}

static void
a_nul_byte_ends_nothing(void **state)
{
	static const char list[] = HEADER "a\0b,names,dns,x,-,-,-\n";
	static const char path[] = HEADER "a,names,dns,x,-,-,/\0\n";

	(void)state;
	assert_int_equal(targets_read(&targets, (struct span){list, sizeof list - 1},
				 NULL, NULL),
		ERR_FORMAT);
	assert_int_equal(targets_read(&targets, (struct span){path, sizeof path - 1},
				 NULL, NULL),
		ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_list_is_read_as_it_stands),
		cmocka_unit_test(targets_are_found_by_their_id),
		cmocka_unit_test(line_ends_of_rfc_4180_are_taken_too),
		cmocka_unit_test(a_bad_header_is_named_with_its_line),
		cmocka_unit_test(a_bad_row_is_named_with_its_line_and_why),
		cmocka_unit_test(the_longest_of_everything_is_taken),
		cmocka_unit_test(
			more_targets_or_bytes_than_there_is_room_for_are_refused),
		cmocka_unit_test(a_nul_byte_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
