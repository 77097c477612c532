#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/steps.h"
#include "common/file.h"

/* Addresses of RFC 5737 and RFC 3849, AS numbers of RFC 5398. */
static const char rows[] = "203.0.113.0/24,64496,AA\n"
			   "203.0.0.0/16,64497,BB\n"
			   "2001:db8::/32,65551,CC\n";

struct files {
	char dir[32], asn[FILE_PATH_BYTES], country[FILE_PATH_BYTES];
	struct where_db *db;
};

/* Where the writer of such files is missing, the tests that need one are skipped. */
static int
set_up(void **state)
{
	static struct files files;
	char command[256];
	FILE *tool;
	int status;

	strcpy(files.dir, "/tmp/analyzer_where.XXXXXX");
	assert_non_null(mkdtemp(files.dir));
	snprintf(command, sizeof command, "%s/tests/tools/mmdb.pl %s", SOURCE_DIR,
		files.dir);
	tool = popen(command, "w");
	assert_non_null(tool);
	fputs(rows, tool);
	status = pclose(tool);
	assert_int_equal(file_path(files.asn, files.dir, "asn.mmdb"), OK);
	assert_int_equal(file_path(files.country, files.dir, "country.mmdb"), OK);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		*state = NULL;
		return 0;
	}
	assert_int_equal(status, 0);
	assert_int_equal(where_open(&files.db, files.asn, files.country), OK);
	*state = &files;
	return 0;
}

static int
tear_down(void **state)
{
	struct files *files = *state;

	if (!files)
		return 0;
	where_close(files->db);
	unlink(files->asn);
	unlink(files->country);
	return rmdir(files->dir);
}

static void
finds(void **state, const char *address, uint32_t asn, const char *country,
	const char *prefix)
{
	struct files *files = *state;
	struct place place;

	if (!files)
		skip();
	assert_true(where_find(&place, files->db, address));
	assert_int_equal(place.asn, asn);
	assert_string_equal(place.country, country);
	assert_string_equal(place.prefix, prefix);
}

static void
the_longest_prefix_names_network_and_country(void **state)
{
	finds(state, "203.0.113.9", 64496, "AA", "203.0.113.0/24");
	finds(state, "203.0.114.9", 64497, "BB", "203.0.114.0/24");
}

static void
an_ipv6_address_is_kept_to_its_48(void **state)
{
	finds(state, "2001:db8:1:2::3", 65551, "CC", "2001:db8:1::/48");
}

static void
an_ipv4_address_from_an_ipv6_socket_is_an_ipv4_address(void **state)
{
	finds(state, "::ffff:203.0.113.9", 64496, "AA", "203.0.113.0/24");
}

static void
an_address_in_no_file_is_unknown_with_its_prefix(void **state)
{
	finds(state, "198.51.100.1", 0, "ZZ", "198.51.100.0/24");
}

static void
what_is_no_address_is_found_nowhere(void **state)
{
	struct where_db *db = NULL;
	struct place place;

	(void)state;
	assert_int_equal(where_open(&db, "", ""), OK);
	assert_false(where_find(&place, db, "example.org"));
	assert_false(where_find(&place, db, ""));
	assert_false(where_find(&place, db, "203.0.113.0/24"));
	assert_false(where_find(&place, db, "fe80::1%eth0"));
	where_close(db);
}

static void
without_files_everything_is_unknown(void **state)
{
	struct where_db *db = NULL;
	struct place place;

	(void)state;
	assert_int_equal(where_open(&db, "", ""), OK);
	assert_true(where_find(&place, db, "203.0.113.9"));
	assert_int_equal(place.asn, 0);
	assert_string_equal(place.country, "ZZ");
	where_close(db);
}

static void
a_file_that_is_missing_or_no_mmdb_is_refused(void **state)
{
	struct where_db *db = NULL;

	(void)state;
	assert_int_equal(where_open(&db, "/nonexistent.mmdb", ""), ERR_NOT_FOUND);
	assert_int_equal(where_open(&db, "", SOURCE_DIR "/CMakeLists.txt"), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_names_network_and_country),
		cmocka_unit_test(an_ipv6_address_is_kept_to_its_48),
		cmocka_unit_test(
			an_ipv4_address_from_an_ipv6_socket_is_an_ipv4_address),
		cmocka_unit_test(an_address_in_no_file_is_unknown_with_its_prefix),
		cmocka_unit_test(what_is_no_address_is_found_nowhere),
		cmocka_unit_test(without_files_everything_is_unknown),
		cmocka_unit_test(a_file_that_is_missing_or_no_mmdb_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
