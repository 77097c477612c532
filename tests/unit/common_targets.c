#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/targets.h"

#define HEADER TARGETS_HEADER "\n"
#define ROW "names,x,resolver,53,-,everyone,no"

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

static uint32_t
bits(const char *const *names)
{
	uint32_t checks = 0;

	for (; *names; names++) {
		int check = check_by_name((struct span){*names, strlen(*names)});

		if (check >= 0)
			checks |= UINT32_C(1) << check;
	}
	return checks;
}
#define CHECKS(...) bits((const char *const[]){__VA_ARGS__, NULL})

static void
a_good_list_is_read_as_it_stands(void **state)
{
	static const char list[] =
		HEADER "domestic,www.example.net,192.0.2.1,80,64500,everyone,no\n"
		       "names,Example.org,resolver,53,-,everyone,2026-01-31\n"
		       "international,-,2001:db8::53,-,4294967295,everyone,no\n";
	uint8_t hash[HASH_BYTES];
	const struct target *t = targets.rows;

	(void)state;
	assert_int_equal(read_text(list, NULL, NULL), OK);
	assert_int_equal(targets.n, 3);
	crypto_sha256(hash, list, strlen(list));
	assert_memory_equal(targets.sha256, hash, HASH_BYTES);
	assert_int_equal(t[0].role, ROLE_domestic);
	assert_int_equal(t[0].rung, RUNG_domestic);
	assert_int_equal(t[0].level, LEVEL_LOW);
	assert_int_equal(t[0].checks, CHECKS("ping", "tcp", "http"));
	assert_string_equal(t[0].host, "www.example.net");
	assert_string_equal(t[0].address, "192.0.2.1");
	assert_int_equal(t[0].port, 80);
	assert_int_equal(t[0].asn, 64500);
	assert_string_equal(t[1].host, "Example.org");
	assert_string_equal(t[1].address, "resolver");
	assert_int_equal(t[1].asn, 0);
	assert_string_equal(t[2].host, "");
	assert_string_equal(t[2].address, "2001:db8::53");
	assert_int_equal(t[2].port, 0);
	assert_int_equal(t[2].asn, UINT32_MAX);
}

/* The figure is sha256sum's. */
static void
an_id_is_the_role_and_a_hash_of_the_first_four_columns(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(HEADER "domestic,www.example.net,192.0.2.1,80,1,a b,no\n",
			NULL, NULL),
		OK);
	assert_string_equal(targets.rows[0].id, "domestic-fe3fa2");
	assert_int_equal(read_text(HEADER "domestic,www.example.net,192.0.2.1,80,-,c "
					  "d,2026-01-01\n",
				 NULL, NULL),
		OK);
	assert_string_equal(targets.rows[0].id, "domestic-fe3fa2");
}

static void
what_is_measured_follows_from_role_and_port(void **state)
{
	const struct {
		const char *row;
		enum rung rung;
		uint32_t checks;
	} kinds[] = {
		{"domestic,x,-,443", RUNG_domestic,
			CHECKS("ping", "tcp", "tls", "large")},
		{"domestic,x,1.2.3.4,53", RUNG_domestic, CHECKS("dns")},
		{"domestic,x,-,-", RUNG_domestic, CHECKS("ping")},
		{"international,x,-,443", RUNG_international,
			CHECKS("ping", "tcp", "tls", "quic", "trace", "compare",
				"large")},
		{"control,x,-,443", RUNG_international,
			CHECKS("ping", "tcp", "tls", "quic", "trace")},
		{"control,x,-,80", RUNG_international, CHECKS("ping", "tcp", "http")},
		{"essential,x,-,443", RUNG_service, CHECKS("ping", "tcp", "tls")},
		{"core,.,root,53", RUNG_core, CHECKS("core")},
		{"core,xx,tld,53", RUNG_core, CHECKS("core")},
		{"core,xx,1.2.3.4,53", RUNG_core, CHECKS("core")},
		{"core,time.example.net,-,123", RUNG_core, CHECKS("core")},
		{"names,x,resolver,53", RUNG_names, CHECKS("dns", "dnssec")},
		{"names,x,1.2.3.4,53", RUNG_names, CHECKS("dns", "dnssec")},
		{"names,x,1.2.3.4,853", RUNG_names, CHECKS("dns")},
		{"names,x@dns.example,1.2.3.4,853", RUNG_names, CHECKS("dns")},
		{"names,x@dns.example,1.2.3.4,443", RUNG_names, CHECKS("dns")},
		{"messenger,x,-,443", RUNG_service, CHECKS("tcp", "tls")},
		{"decoy,x,1.2.3.4,53", RUNG_names, CHECKS("dns")},
	};
	struct buf list = {0};

	(void)state;
	buf_puts(&list, HEADER);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		buf_printf(&list, "%s,-,everyone,no\n", kinds[i].row);
	assert_int_equal(read_text(list.data, NULL, NULL), OK);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		assert_int_equal(targets.rows[i].rung, kinds[i].rung);
		assert_int_equal(targets.rows[i].checks, kinds[i].checks);
	}
	buf_free(&list);
}

static void
the_control_name_is_that_of_the_first_control_row_that_has_one(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEADER ROW "\n", NULL, NULL), OK);
	assert_string_equal(targets_control(&targets), "");
	assert_int_equal(read_text(HEADER ROW "\ncontrol,-,1.2.3.4,80,-,all,no\n"
					      "control,first.example,-,80,-,all,no\n"
					      "control,second.example,-,443,-,all,no\n",
				 NULL, NULL),
		OK);
	assert_string_equal(targets_control(&targets), "first.example");
}

static void
targets_are_found_by_their_id(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEADER ROW "\nnames,y,resolver,53,-,everyone,no\n",
				 NULL, NULL),
		OK);
	assert_ptr_equal(targets_find(&targets, targets.rows[1].id), &targets.rows[1]);
	assert_null(targets_find(&targets, "names"));
	assert_null(targets_find(&targets, ""));
}

static void
line_ends_of_rfc_4180_are_taken_too(void **state)
{
	(void)state;
	assert_int_equal(read_text(TARGETS_HEADER "\r\n" ROW "\r\n"
						  "names,y,resolver,53,-,everyone,no",
				 NULL, NULL),
		OK);
	assert_int_equal(targets.n, 2);
	assert_int_equal(read_text(HEADER, NULL, NULL), OK);
	assert_int_equal(targets.n, 0);
}

static void
a_bad_header_is_named_with_its_line(void **state)
{
	static const char *const wrong[] = {"", "\n", "role,host\n",
		TARGETS_HEADER ",more\n", (" " HEADER), ROW "\n"};
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
#define ALL121                                                                         \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *row, *why;
} bad_rows[] = {
	{"", "seven columns"},
	{"names,y,resolver,53,-,all", "seven columns"},
	{"names,y,resolver,53,-,all,no,", "seven columns"},
	{"names,\"y\",resolver,53,-,all,no", "quoted"},
	{ROW, "stands above"},
	{"names,x,resolver,53,9,other,2026-01-01", "stands above"},
	{"name,y,resolver,53,-,all,no", "a role is"},
	{"Names,y,resolver,53,-,all,no", "a role is"},
	{",y,resolver,53,-,all,no", "a role is"},
	{"names,,resolver,53,-,all,no", "1 to 253"},
	{"names,a..b,resolver,53,-,all,no", "empty label"},
	{"names,.a,resolver,53,-,all,no", "empty label"},
	{"names,..,resolver,53,-,all,no", "empty label"},
	{"names,-a,resolver,53,-,all,no", "'-'"},
	{"names,a-.b,resolver,53,-,all,no", "'-'"},
	{"names,a-,resolver,53,-,all,no", "'-'"},
	{"names,a b,resolver,53,-,all,no", "letters, digits"},
	{"names,a/b,resolver,53,-,all,no", "letters, digits"},
	{"names,\xc3\xa4,resolver,53,-,all,no", "letters, digits"},
	{"names,a" LABEL63 ",resolver,53,-,all,no", "63"},
	{"control,127.0.0.1,-,80,-,all,no", "in disguise"},
	{"control,127.1,-,80,-,all,no", "in disguise"},
	{"control,2130706433,-,80,-,all,no", "in disguise"},
	{"control,0x7f000001,-,80,-,all,no", "in disguise"},
	{"control,0X7F.1,-,80,-,all,no", "in disguise"},
	{"control,0177.0.0.1.,-,80,-,all,no", "in disguise"},
	{"control,a.0x,-,80,-,all,no", "in disguise"},
	{"control,x,1.2.3,80,-,all,no", "IPv4"},
	{"control,x,1.2.3.256,80,-,all,no", "IPv4"},
	{"control,x,01.2.3.4,80,-,all,no", "IPv4"},
	{"control,x,1.2.3.4 ,80,-,all,no", "IPv4"},
	{"control,x,2001:db8:::1,80,-,all,no", "IPv4"},
	{"control,x,fe80::1%eth0,80,-,all,no", "IPv4"},
	{"control,x,[::1],80,-,all,no", "IPv4"},
	{"control,x,,80,-,all,no", "IPv4"},
	{"control,x,www.example.net,80,-,all,no", "IPv4"},
	{"names,y,Resolver,53,-,all,no", "IPv4"},
	{"control,x,-,,-,all,no", "a port is"},
	{"control,x,-,0,-,all,no", "a port is"},
	{"control,x,-,080,-,all,no", "a port is"},
	{"control,x,-,65536,-,all,no", "a port is"},
	{"control,x,-,+80,-,all,no", "a port is"},
	{"control,x,-,99999999999999999999,-,all,no", "a port is"},
	{"control,x,-,8080,-,all,no", "at this port"},
	{"control,x,-,123,-,all,no", "at this port"},
	{"core,xx,-,443,-,all,no", "at this port"},
	{"names,y,resolver,-,-,all,no", "at this port"},
	{"control,x,-,80,,all,no", "an AS number"},
	{"control,x,-,80,0,all,no", "an AS number"},
	{"control,x,-,80,AS1,all,no", "an AS number"},
	{"control,x,-,80,4294967296,all,no", "an AS number"},
	{"control,x,-,80,-,,no", "who_else"},
	{"control,x,-,80,-,-,no", "who_else"},
	{"control,x,-,80,-," ALL121 ",no", "who_else"},
	{"control,x,-,80,-,\xc3\xa4\xc3\xa4,no", "ASCII"},
	{"control,x,-,80,-,a\tb,no", "ASCII"},
	{"control,x,-,80,-,all,", "verified"},
	{"control,x,-,80,-,all,yes", "verified"},
	{"control,x,-,80,-,all,2026-02-30", "verified"},
	{"control,x,-,80,-,all,2026-2-3", "verified"},
	{"control,x,-,80,-,all,2026-01-311", "verified"},
	{"control,-,-,80,-,all,no", "neither"},
	{"control,-,1.2.3.4,443,-,all,no", "has a host"},
	{"control,x,-,53,-,all,no", "the address to ask"},
	{"names,-,resolver,53,-,all,no", "the name to ask for"},
	{"control,y,resolver,53,-,all,no", "names alone"},
	{"core,xx,resolver,53,-,all,no", "names alone"},
	{"names,y,root,53,-,all,no", "core alone"},
	{"control,x,resolver,80,-,all,no", "port 53 alone"},
	{"names,x,resolver,853,-,all,no", "port 53 alone"},
	{"decoy,x,resolver,53,-,all,no", "names alone"},
	{"decoy,x,-,53,-,all,no", "the address to ask"},
	{"messenger,x,-,80,-,all,no", "at this port"},
	{"names,x,-,443,-,all,no", "the address to ask"},
	{"names,-,1.2.3.4,853,-,all,no", "the name to ask for"},
	{"names,x@y,1.2.3.4,53,-,all,no", "inside TLS alone"},
	{"names,x@,1.2.3.4,853,-,all,no", "1 to 63"},
	{"names,@y,1.2.3.4,853,-,all,no", "1 to 253"},
	{"names,x@y@z,1.2.3.4,853,-,all,no", "letters"},
	{"names,x@" LABEL63 "a,1.2.3.4,853,-,all,no", "1 to 63"},
	{"names,x@1.2.3.4,1.2.3.4,853,-,all,no", "in disguise"},
	{"control,x@y,1.2.3.4,443,-,all,no", "letters"},
	{"core,x.y,tld,123,-,all,no", "port 53 alone"},
	{"core,www.example.net,1.2.3.4,53,-,all,no", "top-level"},
	{"core,xx,root,53,-,all,no", "'.'"},
	{"core,.,tld,53,-,all,no", "needs a top-level"},
};

static void
a_bad_row_is_named_with_its_line_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
		const char *why = NULL;
		uint32_t line = 0;
		char list[400];

		snprintf(list, sizeof list, HEADER ROW "\n%s\n", bad_rows[i].row);
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

	(void)state;
	buf_printf(&list,
		HEADER "international,%s.%s.%s.%.61s,%s,443,4294967295,%s,9999-12-31\n",
		LABEL63, LABEL63, LABEL63, LABEL63,
		"1111:2222:3333:4444:5555:6666:255.255.255.255", &ALL121[1]);
	assert_int_equal(targets_read(&targets, buf_span(&list), NULL, NULL), OK);
	assert_int_equal(strlen(targets.rows[0].host), 253);
	assert_int_equal(strlen(targets.rows[0].address), 45);
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
		buf_printf(&list, "names,n%d,resolver,53,-,all,no\n", i);
	assert_int_equal(targets_read(&targets, buf_span(&list), NULL, NULL), OK);
	assert_int_equal(targets.n, TARGETS_MAX);
	buf_puts(&list, ROW "\n");
	assert_int_equal(
		targets_read(&targets, buf_span(&list), &line, &why), ERR_FORMAT);
	assert_int_equal(line, TARGETS_MAX + 2);
	assert_string_equal(why, "more than 256 targets");
	while (list.len <= TARGETS_BYTES_MAX)
		buf_puts(&list, "\n");
	assert_int_equal(
		targets_read(&targets, buf_span(&list), &line, &why), ERR_FORMAT);
	assert_string_equal(why, "a target list has at most 31 KiB");
	buf_free(&list);
}

static void
a_nul_byte_ends_nothing(void **state)
{
	static const char *const rows[] = {"names,y\0z,resolver,53,-,all,no",
		"names,y,resolver\0,53,-,all,no", "names,y,resolver,53,-,a\0l,no",
		"names,y,resolver,53,-,all,no\0"};
	static const size_t sizes[] = {31, 30, 28, 29};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf list = {0};

		buf_puts(&list, HEADER);
		buf_add(&list, rows[i], sizes[i]);
		assert_int_equal(targets_read(&targets, buf_span(&list), NULL, NULL),
			ERR_FORMAT);
		buf_free(&list);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_list_is_read_as_it_stands),
		cmocka_unit_test(
			an_id_is_the_role_and_a_hash_of_the_first_four_columns),
		cmocka_unit_test(what_is_measured_follows_from_role_and_port),
		cmocka_unit_test(
			the_control_name_is_that_of_the_first_control_row_that_has_one),
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
