#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/exchange/context.h"
#include "analyzer/exchange/levels.h"
#include "analyzer/exchange/outages.h"
#include "common/file.h"
#include "common/utc.h"

#define HEADER                                                                         \
	"id,begin_utc,end_utc,country,scope,region,asn,bgp_dropped,"                   \
	"active_probing_dropped,telescope_dropped,cause,confirmation\n"
#define GOOD                                                                           \
	"7,2021-04-01T18:30:00Z,2021-04-02T02:30:00Z,Myanmar/Burma,country,,,1,1,0,"   \
	"Exams,Confirmed\n"
#define SECOND_US INT64_C(1000000)

struct kept {
	struct store_outage outages[4];
	struct store_level levels[4];
	struct store_context contexts[4];
	size_t n;
};

static struct places *places;

static int
open_places(void **state)
{
	(void)state;
	return places_open(&places) == OK ? 0 : -1;
}

static int
close_places(void **state)
{
	(void)state;
	places_close(places);
	return 0;
}

static enum err
keep_outage(void *arg, const struct store_outage *outage)
{
	struct kept *kept = arg;

	assert_true(kept->n < 4);
	kept->outages[kept->n++] = *outage;
	return OK;
}

static enum err
keep_level(void *arg, const struct store_level *level)
{
	struct kept *kept = arg;

	assert_true(kept->n < 4);
	kept->levels[kept->n++] = *level;
	return OK;
}

static enum err
read_outages(struct kept *kept, const char *text, uint64_t *line)
{
	const char *why = NULL;
	enum err err;

	memset(kept, 0, sizeof *kept);
	err = outages_read((struct span){text, strlen(text)}, places, keep_outage, kept,
		line, &why);
	assert_int_equal(err == OK, why == NULL);
	return err;
}

static void
a_row_says_what_fell_where_and_when_by_the_clocks_of_the_country(void **state)
{
	struct kept kept;
	uint64_t line;

	(void)state;
	assert_int_equal(
		read_outages(&kept,
			HEADER GOOD
			"8,2020-01-01T00:00:00Z,,\"Bonaire, Sint Eustatius and Saba\","
			"region,\"a \"\"b\"\", c\",64600,1,,,,\r\n"
			"9,2020-01-01T00:00:00Z,2020-01-01T00:00:00Z,Atlantis,as,,,,,,"
			",",
			&line),
		OK);
	assert_int_equal(kept.n, 3);
	assert_string_equal(kept.outages[0].id, "7");
	assert_string_equal(kept.outages[0].country, "MM");
	assert_true(kept.outages[0].has_clock);
	assert_int_equal(kept.outages[0].offset_s, 23400);
	assert_int_equal(kept.outages[0].signals, 3);
	assert_int_equal(kept.outages[0].fell, 2);
	assert_string_equal(kept.outages[1].country, "BQ");
	assert_string_equal(kept.outages[1].scope, "region");
	assert_int_equal(kept.outages[1].asn, 64600);
	assert_int_equal(kept.outages[1].end_utc_us, 0);
	assert_int_equal(kept.outages[1].signals, 1);
	assert_string_equal(kept.outages[2].country, STORE_NO_COUNTRY);
	assert_false(kept.outages[2].has_clock);
}

static void
the_columns_may_stand_in_any_order_and_the_stated_cause_is_not_read(void **state)
{
	struct kept kept, other;
	uint64_t line;

	(void)state;
	assert_int_equal(read_outages(&kept, HEADER GOOD, &line), OK);
	assert_int_equal(
		read_outages(&other,
			"telescope_dropped,active_probing_dropped,bgp_dropped,scope,"
			"country,end_utc,begin_utc,id\n"
			"0,1,1,country,Myanmar/Burma,2021-04-02T02:30:00Z,"
			"2021-04-01T18:30:00Z,7\n",
			&line),
		OK);
	assert_memory_equal(&kept.outages[0], &other.outages[0], sizeof *other.outages);
}

static void
an_outage_that_is_none_is_named_by_its_line(void **state)
{
	static const char *const wrong[] = {"", "7", ",,,,,,,,,,,,",
		",2021-04-01T18:30:00Z,,Iran,country,,,1,1,1,,",
		"a b,2021-04-01T18:30:00Z,,Iran,country,,,1,1,1,,",
		"7,2021-04-01,,Iran,country,,,1,1,1,,", "7,,,Iran,country,,,1,1,1,,",
		"7,2021-04-01T18:30:00Z,2021-04-01T18:29:59Z,Iran,country,,,1,1,1,,",
		"7,2021-04-01T18:30:00Z,soon,Iran,country,,,1,1,1,,",
		"7,2021-04-01T18:30:00Z,,,country,,,1,1,1,,",
		"7,2021-04-01T18:30:00Z,,Iran,planet,,,1,1,1,,",
		"7,2021-04-01T18:30:00Z,,Iran,country,,,2,1,1,,",
		"7,2021-04-01T18:30:00Z,,Iran,country,,x,1,1,1,,",
		"7,2021-04-01T18:30:00Z,,Iran,country,,,1,1,1,",
		"7,2021-04-01T18:30:00Z,,Iran,country,,,1,1,1,,,",
		"7,2021-04-01T18:30:00Z,,\"Iran,country,,,1,1,1,,",
		"7,2021-04-01T18:30:00Z,,\"Iran\"x,country,,,1,1,1,,"};
	struct kept kept;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf text = {0};
		uint64_t line;

		buf_printf(&text, HEADER GOOD "%s\n", wrong[i]);
		if (read_outages(&kept, text.data, &line) != ERR_FORMAT)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(line, 3);
		assert_int_equal(kept.n, 1);
		buf_free(&text);
	}
}

static void
a_list_without_its_columns_is_refused(void **state)
{
	struct kept kept;
	uint64_t line;

	(void)state;
	assert_int_equal(read_outages(&kept, "id,begin_utc\n1,2\n", &line), ERR_FORMAT);
	assert_int_equal(line, 1);
	assert_int_equal(read_outages(&kept, "", &line), ERR_FORMAT);
}

static void
a_country_is_found_by_code_name_and_other_name_but_not_by_chance(void **state)
{
	static const struct {
		const char *name, *code;
	} known[] = {{"IR", "IR"}, {"Iran", "IR"}, {"iran", "IR"},
		{"Russian Federation", "RU"}, {"Timor-Leste", "TL"}};
	char code[3];

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		assert_true(places_find(code, places,
			(struct span){known[i].name, strlen(known[i].name)}));
		assert_string_equal(code, known[i].code);
	}
	assert_false(places_find(code, places, (struct span){"ir", 2}));
	assert_false(places_find(code, places, (struct span){"", 0}));
	assert_null(places_zone(places, STORE_NO_COUNTRY));
}

static void
clocks_follow_summer_time_both_ways(void **state)
{
	const struct zone *zone = places_zone(places, "IR");
	int64_t utc_us;

	(void)state;
	assert_non_null(zone);
	assert_true(utc_parse(&utc_us, "2019-11-16T16:30:00Z"));
	assert_int_equal(zone_offset_s(zone, utc_us / SECOND_US), 12600);
	assert_int_equal(
		zone_utc_s(zone, utc_us / SECOND_US + 12600), utc_us / SECOND_US);
	assert_true(utc_parse(&utc_us, "2019-07-16T16:30:00Z"));
	assert_int_equal(zone_offset_s(zone, utc_us / SECOND_US), 16200);
	assert_int_equal(
		zone_utc_s(zone, utc_us / SECOND_US + 16200), utc_us / SECOND_US);
}

static void
a_zone_that_is_cut_short_is_none(void **state)
{
	static struct zone zone;
	struct buf bytes = {0};

	(void)state;
	assert_int_equal(
		file_read(&bytes, "/usr/share/zoneinfo/Asia/Tehran", 65536), OK);
	assert_true(zone_read(&zone, buf_span(&bytes)));
	for (size_t n = 0; n + 40 < bytes.len; n += 7)
		assert_false(zone_read(&zone, (struct span){bytes.data, n}));
	buf_free(&bytes);
}

/* ---- levels of regions ---- */

static enum err
read_levels(struct kept *kept, const char *text, uint64_t *line)
{
	struct levels_of of = {"lab", "IR", places_zone(places, "IR")};
	const char *why = NULL;
	enum err err;

	memset(kept, 0, sizeof *kept);
	err = levels_read(
		(struct span){text, strlen(text)}, &of, keep_level, kept, line, &why);
	assert_int_equal(err == OK, why == NULL);
	return err;
}

static void
a_level_stands_at_the_local_time_of_its_country(void **state)
{
	struct kept kept;
	uint64_t line;

	(void)state;
	assert_int_equal(
		read_levels(&kept,
			LEVELS_HEADER "\nFars/Jahrom,2019-11-16T20:00:00,97.5\n"
				      "Anzo\303\241tegui,2019-11-16T20:00:00Z,-1",
			&line),
		OK);
	assert_int_equal(kept.n, 2);
	assert_string_equal(kept.levels[0].region, "Fars/Jahrom");
	assert_string_equal(kept.levels[0].source, "lab");
	assert_int_equal(kept.levels[0].value_micro, 97500000);
	assert_int_equal(
		kept.levels[1].utc_us - kept.levels[0].utc_us, 12600 * SECOND_US);
	assert_int_equal(kept.levels[1].value_micro, 0);
}

static void
a_level_that_is_none_is_named_by_its_line(void **state)
{
	static const char *const wrong[] = {"", "a,2019-11-16T20:00:00", "a,b,c,d",
		",2019-11-16T20:00:00,1", "a,2019-11-16,1", "a,,1",
		"a,2019-11-16T20:00:00+03:30,1", "a,2019-11-16T20:00:00,",
		"a,2019-11-16T20:00:00,x", "a,2019-11-16T20:00:00,1.",
		"a,2019-11-16T20:00:00,1001", "a,2019-11-16T20:00:00,1e2",
		"a,2019-11-16T20:00:00,--1", "a,2019-11-16T20:00:00,1.0000001",
		"a\001,2019-11-16T20:00:00,1", "a\377,2019-11-16T20:00:00,1",
		"a\303,2019-11-16T20:00:00,1", "a\355\240\200,2019-11-16T20:00:00,1",
		"\"a\",2019-11-16T20:00:00,1", "a,1969-12-31T20:00:00,1"};
	struct kept kept;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf text = {0};
		uint64_t line;

		buf_printf(&text, LEVELS_HEADER "\na,2019-11-16T20:00:00,1\n%s\n",
			wrong[i]);
		if (read_levels(&kept, text.data, &line) != ERR_FORMAT)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(line, 3);
		assert_int_equal(kept.n, 1);
		buf_free(&text);
	}
}

/* ---- context ---- */

static enum err
keep_context(void *arg, const struct store_context *context)
{
	struct kept *kept = arg;

	assert_true(kept->n < 4);
	kept->contexts[kept->n++] = *context;
	return OK;
}

#define STORM "storm,QX,2026-01-08T16:30:00Z,,met-office,gusts of 40 m/s\n"

static void
a_line_of_context_says_what_happened_where_and_who_says_so(void **state)
{
	static const char *const wrong[] = {"", "storm,QX,2026-01-08T16:30:00Z,,x",
		"Storm,QX,2026-01-08T16:30:00Z,,x,y",
		"storm,qx,2026-01-08T16:30:00Z,,x,y", "storm,QX,,,x,y",
		"storm,QX,2026-01-08T16:30:00Z,soon,x,y",
		"storm,QX,2026-01-08T16:30:00Z,2026-01-08T16:29:59Z,x,y",
		"storm,QX,2026-01-08T16:30:00Z,,,y",
		"storm,QX,2026-01-08T16:30:00Z,,x,",
		"storm,QX,2026-01-08T16:30:00Z,,x,\033[1m",
		"storm,QX,2026-01-08T16:30:00Z,,x,\377"};
	struct kept kept = {.n = 0};
	const char *why = NULL;
	uint64_t line;

	(void)state;
	assert_int_equal(context_read((struct span){CONTEXT_HEADER "\n" STORM,
					      strlen(CONTEXT_HEADER "\n" STORM)},
				 keep_context, &kept, &line, &why),
		OK);
	assert_int_equal(kept.n, 1);
	assert_string_equal(kept.contexts[0].says, "gusts of 40 m/s");
	assert_int_equal(kept.contexts[0].end_utc_us, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct buf text = {0};

		kept.n = 0;
		buf_printf(&text, CONTEXT_HEADER "\n" STORM "%s\n", wrong[i]);
		if (context_read(buf_span(&text), keep_context, &kept, &line, &why) !=
			ERR_FORMAT)
			fail_msg("taken: %s", wrong[i]);
		assert_int_equal(line, 3);
		buf_free(&text);
	}
}

/* ---- the store ---- */

static void
collect_outage(void *arg, const struct store_outage *outage)
{
	assert_int_equal(keep_outage(arg, outage), OK);
}

static void
collect_level(void *arg, const struct store_level *level)
{
	assert_int_equal(keep_level(arg, level), OK);
}

static void
what_is_imported_twice_is_there_once(void **state)
{
	struct store_level level = {"lab", "QX", "b", 5, 6};
	struct kept rows, kept = {.n = 0}, levels = {.n = 0};
	char dir[] = "/tmp/analyzer_outages.XXXXXX", path[FILE_PATH_BYTES];
	struct store *store = NULL;
	uint64_t line;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(store_create(dir), OK);
	assert_int_equal(store_open(&store, dir), OK);
	assert_int_equal(read_outages(&rows, HEADER GOOD, &line), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_put_outage(store, &rows.outages[0]), OK);
		assert_int_equal(store_put_level(store, &level), OK);
		level.value_micro++;
	}
	memcpy(level.region, "a", 2);
	assert_int_equal(store_put_level(store, &level), OK);
	assert_int_equal(store_each_outage(store, collect_outage, &kept), OK);
	assert_int_equal(store_each_level(store, collect_level, &levels), OK);
	assert_int_equal(kept.n, 1);
	assert_string_equal(kept.outages[0].place, "Myanmar/Burma");
	assert_int_equal(kept.outages[0].offset_s, 23400);
	assert_int_equal(kept.outages[0].fell, 2);
	assert_int_equal(levels.n, 2);
	assert_string_equal(levels.levels[0].region, "a");
	assert_int_equal(levels.levels[1].value_micro, 7);
	store_close(store);
	assert_int_equal(file_path(path, dir, "store.sqlite"), OK);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_row_says_what_fell_where_and_when_by_the_clocks_of_the_country),
		cmocka_unit_test(
			the_columns_may_stand_in_any_order_and_the_stated_cause_is_not_read),
		cmocka_unit_test(an_outage_that_is_none_is_named_by_its_line),
		cmocka_unit_test(a_list_without_its_columns_is_refused),
		cmocka_unit_test(
			a_country_is_found_by_code_name_and_other_name_but_not_by_chance),
		cmocka_unit_test(clocks_follow_summer_time_both_ways),
		cmocka_unit_test(a_zone_that_is_cut_short_is_none),
		cmocka_unit_test(a_level_stands_at_the_local_time_of_its_country),
		cmocka_unit_test(a_level_that_is_none_is_named_by_its_line),
		cmocka_unit_test(
			a_line_of_context_says_what_happened_where_and_who_says_so),
		cmocka_unit_test(what_is_imported_twice_is_there_once),
	};

	return cmocka_run_group_tests_name("outages", tests, open_places, close_places);
}
