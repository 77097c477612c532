#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/exchange/series.h"
#include "common/file.h"

#define HEADER "source,metric,country,asn,time,value\n"

struct kept {
	struct store_point points[8];
	size_t n;
};

static enum err
keep(void *arg, const struct store_point *point)
{
	struct kept *kept = arg;

	assert_true(kept->n < 8);
	kept->points[kept->n++] = *point;
	return OK;
}

static enum err
read_text(struct kept *kept, const char *text, uint64_t *line)
{
	const char *why = NULL;
	enum err err;

	memset(kept, 0, sizeof *kept);
	err = series_read(
		(struct span){text, strlen(text)}, "bgp", keep, kept, line, &why);
	assert_int_equal(err == OK, why == NULL);
	return err;
}

static void
a_row_says_who_measured_what_of_which_network_and_when(void **state)
{
	struct kept kept;
	uint64_t line;

	(void)state;
	assert_int_equal(
		read_text(&kept,
			HEADER "lab,bgp,QX,64600,1970-01-01T00:00:01.500000Z,99.25\n"
			       "lab,bgp,QX,,2,100\r\n"
			       "lab,bgp,QX,0,3,0.000001",
			&line),
		OK);
	assert_int_equal(kept.n, 3);
	assert_string_equal(kept.points[0].source, "lab");
	assert_string_equal(kept.points[0].metric, "bgp");
	assert_string_equal(kept.points[0].country, "QX");
	assert_int_equal(kept.points[0].asn, 64600);
	assert_int_equal(kept.points[0].utc_us, 1500000);
	assert_int_equal(kept.points[0].value_micro, 99250000);
	assert_int_equal(kept.points[1].asn, 0);
	assert_int_equal(kept.points[1].utc_us, 2000000);
	assert_int_equal(kept.points[2].value_micro, 1);
}

static void
a_row_that_is_none_is_named_by_its_line(void **state)
{
	static const char *const wrong[] = {"lab,bgp,QX,1,2", "lab,bgp,QX,1,2,3,4",
		"Lab,bgp,QX,1,2,3", ",bgp,QX,1,2,3", "lab,active,QX,1,2,3",
		"lab,bgp,qx,1,2,3", "lab,bgp,QXX,1,2,3", "lab,bgp,QX,-1,2,3",
		"lab,bgp,QX,4294967296,2,3", "lab,bgp,QX,1,,3",
		"lab,bgp,QX,1,2026-01-01,3", "lab,bgp,QX,1,2,", "lab,bgp,QX,1,2,-3",
		"lab,bgp,QX,1,2,3.", "lab,bgp,QX,1,2,.3", "lab,bgp,QX,1,2,3.0000001",
		"lab,bgp,QX,1,2,1e3", "lab,bgp,QX,1,2,3.1x", "lab,bgp,QX,1,2,\"3\"", "",
		"lab,bgp,QX,1,999999999999,3"};
	struct kept kept;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf text = {0};
		uint64_t line;

		buf_printf(&text, HEADER "lab,bgp,QX,1,2,3\n%s\n", wrong[i]);
		if (read_text(&kept, text.data, &line) != ERR_FORMAT)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(line, 3);
		assert_int_equal(kept.n, 1);
		buf_free(&text);
	}
}

static void
another_header_is_refused(void **state)
{
	struct kept kept;
	uint64_t line;

	(void)state;
	assert_int_equal(read_text(&kept, "region,time,percent\n", &line), ERR_FORMAT);
	assert_int_equal(line, 1);
	assert_int_equal(read_text(&kept, "", &line), ERR_FORMAT);
}

/* ---- the store ---- */

struct place {
	char dir[32], path[FILE_PATH_BYTES];
};

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	strcpy(place->dir, "/tmp/analyzer_series.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	assert_int_equal(store_create(place->dir), OK);
	assert_int_equal(file_path(place->path, place->dir, "store.sqlite"), OK);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->dir);
	free(place);
	return 0;
}

static void
collect(void *arg, const struct store_point *point)
{
	assert_int_equal(keep(arg, point), OK);
}

static void
check_points(const struct place *place)
{
	struct store_point point = {"QX", 7, "bgp", "lab", 2000000, 50000000};
	struct store *store = NULL;
	struct kept kept = {.n = 0};

	assert_int_equal(store_open(&store, place->dir), OK);
	assert_int_equal(store_put_point(store, &point), OK);
	point.utc_us = 1000000;
	assert_int_equal(store_put_point(store, &point), OK);
	point.value_micro = 60000000;
	assert_int_equal(store_put_point(store, &point), OK);
	assert_int_equal(store_each_point(store, collect, &kept), OK);
	assert_int_equal(kept.n, 2);
	assert_int_equal(kept.points[0].utc_us, 1000000);
	assert_int_equal(kept.points[0].value_micro, 60000000);
	assert_string_equal(kept.points[1].source, "lab");
	store_close(store);
}

static void
points_come_back_in_order_and_the_newer_value_of_one_time_stands(void **state)
{
	check_points(*state);
}

static void
a_store_of_the_first_version_gets_its_tables_when_it_is_opened(void **state)
{
	struct place *place = *state;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"DROP TABLE series; DROP TABLE mandate; "
			"DROP TABLE outage; DROP TABLE level; DROP TABLE context;"
			"ALTER TABLE event DROP COLUMN unofficial;"
			"ALTER TABLE event DROP COLUMN state; DROP TABLE history;"
			"PRAGMA user_version=1",
			NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	check_points(place);
	check_points(place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_row_says_who_measured_what_of_which_network_and_when),
		cmocka_unit_test(a_row_that_is_none_is_named_by_its_line),
		cmocka_unit_test(another_header_is_refused),
		cmocka_unit_test_setup_teardown(
			points_come_back_in_order_and_the_newer_value_of_one_time_stands,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_store_of_the_first_version_gets_its_tables_when_it_is_opened,
			set_up, tear_down),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
