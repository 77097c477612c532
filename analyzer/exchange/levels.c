#include "analyzer/exchange/levels.h"

#include <string.h>

#include "analyzer/exchange/decimal.h"
#include "analyzer/exchange/printable.h"
#include "common/utc.h"

#define COLUMNS 3
#define MICRO INT64_C(1000000)
#define PERCENT_MAX 1000

static const char *
read_region(struct store_level *level, struct span text)
{
	if (text.len < 1 || text.len >= sizeof level->region)
		return "a region has 1 to 96 bytes";
	if (!printable_text(text))
		return "a region is written in UTF-8, without control characters";
	memcpy(level->region, text.at, text.len);
	return NULL;
}

static const char *
read_time(struct store_level *level, struct span text, const struct zone *zone)
{
	char utc[UTC_TEXT_BYTES];
	int64_t local_us;

	if (utc_parse_span(&level->utc_us, text))
		return NULL;
	if (text.len + 2 <= sizeof utc) {
		memcpy(utc, text.at, text.len);
		memcpy(utc + text.len, "Z", 2);
		if (utc_parse(&local_us, utc)) {
			level->utc_us =
				zone ? zone_utc_s(zone, local_us / MICRO) * MICRO +
						local_us % MICRO
				     : local_us;
			return level->utc_us < 0 ? "no time is before 1970" : NULL;
		}
	}
	return "a time is such as 2026-01-08T16:00:00, or with a Z for UTC";
}

static const char *
read_percent(struct store_level *level, struct span text)
{
	bool negative = text.len && text.at[0] == '-';

	if (!decimal_read(&level->value_micro,
		    (struct span){text.at + negative, text.len - negative},
		    PERCENT_MAX))
		return "a percentage is a decimal number of at most 1000, with at most "
		       "six digits behind the point";
	if (negative)
		level->value_micro = 0;
	return NULL;
}

static const char *
read_row(struct store_level *level, const struct levels_of *of, struct span line)
{
	struct span column[COLUMNS];
	const char *why;

	memset(level, 0, sizeof *level);
	strncpy(level->source, of->source, sizeof level->source - 1);
	strncpy(level->country, of->country, sizeof level->country - 1);
	if (memchr(line.at, '"', line.len))
		return "quoted fields are not read";
	if (!span_columns(column, COLUMNS, line))
		return "a row has three columns";
	why = read_region(level, column[0]);
	if (!why)
		why = read_time(level, column[1], of->zone);
	return why ? why : read_percent(level, column[2]);
}

enum err
levels_read(struct span bytes, const struct levels_of *of, levels_row_fn *fn, void *arg,
	uint64_t *line, const char **why)
{
	struct span rest = bytes, row;
	struct store_level level;
	enum err err = OK;

	*line = 1;
	*why = NULL;
	if (!span_written_line(&row, &rest) || !span_is(row, LEVELS_HEADER))
		*why = "the first line must be '" LEVELS_HEADER "'";
	while (!*why && err == OK && span_written_line(&row, &rest)) {
		++*line;
		*why = read_row(&level, of, row);
		if (!*why)
			err = fn(arg, &level);
	}
	return *why ? ERR_FORMAT : err;
}
