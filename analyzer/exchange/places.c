#include "analyzer/exchange/places.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/file.h"
#include "common/log.h"

#define TABLES "/usr/share/zoneinfo"
#define TABLE_BYTES_MAX ((size_t)256 * 1024)
#define COLUMNS 4

struct places {
	struct buf names, zones; /* iso3166.tab, zone1970.tab */
	struct zone zone; /* of ${zone_of} */
	char zone_of[3];
	bool has_zone;
};

static enum err
read_table(struct buf *out, const char *name)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, TABLES, name);

	if (err == OK)
		err = file_read(out, path, TABLE_BYTES_MAX);
	if (err == ERR_NOT_FOUND)
		log_error(
			"%s: there is no such file; local time comes from the package "
			"tzdata",
			path);
	return err;
}

enum err
places_open(struct places **places)
{
	enum err err;

	*places = calloc(1, sizeof **places);
	if (!*places)
		bug("no memory for the names of countries");
	err = read_table(&(*places)->names, "iso3166.tab");
	if (err == OK)
		err = read_table(&(*places)->zones, "zone1970.tab");
	if (err != OK) {
		places_close(*places);
		*places = NULL;
	}
	return err;
}

void
places_close(struct places *places)
{
	if (!places)
		return;
	buf_free(&places->names);
	buf_free(&places->zones);
	free(places);
}

static bool
same(struct span left, struct span right)
{
	return left.len == right.len && !strncasecmp(left.at, right.at, left.len);
}

/* A line of a table, cut at its tabs; how many columns there are, 0 for a comment. */
static size_t
cut_row(struct span column[static COLUMNS], struct span line)
{
	size_t n = 0;

	if (line.len && line.at[0] == '#')
		return 0;
	while (n < COLUMNS) {
		const char *tab = line.len ? memchr(line.at, '\t', line.len) : NULL;

		column[n++] = (struct span){
			line.at, tab ? (size_t)(tab - line.at) : line.len};
		if (!tab)
			break;
		line.len -= (size_t)(tab + 1 - line.at);
		line.at = tab + 1;
	}
	return n;
}

/* A name of country_names_csv: "QX,Some Place". */
static bool
find_other(char code[static 3], struct span name)
{
	struct span rest = {country_names_csv, strlen(country_names_csv)}, line;

	while (span_line(&line, &rest))
		if (line.len > 3 &&
			same(name, (struct span){line.at + 3, line.len - 3})) {
			memcpy(code, line.at, 2);
			code[2] = '\0';
			return true;
		}
	return false;
}

bool
places_find(char code[static 3], const struct places *places, struct span name)
{
	struct span rest = buf_span(&places->names), line, column[COLUMNS];

	while (span_line(&line, &rest)) {
		if (cut_row(column, line) < 2 || column[0].len != 2)
			continue;
		if (same(name, column[1]) ||
			(name.len == 2 && !memcmp(name.at, column[0].at, 2))) {
			memcpy(code, column[0].at, 2);
			code[2] = '\0';
			return true;
		}
	}
	return find_other(code, name);
}

/* The first zone that names the country among its own. */
static bool
find_zone(struct span *zone, const struct places *places, const char *code)
{
	struct span rest = buf_span(&places->zones), line, column[COLUMNS];

	while (span_line(&line, &rest))
		if (cut_row(column, line) >= 3)
			for (size_t i = 0; i + 2 <= column[0].len; i += 3)
				if (!memcmp(column[0].at + i, code, 2)) {
					*zone = column[2];
					return true;
				}
	return false;
}

const struct zone *
places_zone(struct places *places, const char *code)
{
	struct buf name = {0}, bytes = {0};
	struct span zone;
	char path[FILE_PATH_BYTES];

	if (strcmp(places->zone_of, code) != 0) {
		strncpy(places->zone_of, code, sizeof places->zone_of - 1);
		places->has_zone = false;
		if (find_zone(&zone, places, code)) {
			buf_add(&name, zone.at, zone.len);
			places->has_zone =
				file_path(path, TABLES, name.data) == OK &&
				file_read(&bytes, path, TABLE_BYTES_MAX) == OK &&
				zone_read(&places->zone, buf_span(&bytes));
		}
		buf_free(&name);
		buf_free(&bytes);
	}
	return places->has_zone ? &places->zone : NULL;
}
