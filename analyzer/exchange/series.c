#include "analyzer/exchange/series.h"

#include <string.h>

#include "analyzer/exchange/decimal.h"
#include "common/utc.h"

#define HEADER "source,metric,country,asn,time,value"
#define COLUMNS 6
#define MICRO 1000000
#define SECONDS_MAX 253402300799 /* the end of the year 9999 */
#define WHOLE_MAX 1000000000000

static const char *const metrics[] = {"bgp", "active", "traffic"};

static const char *
read_source(struct store_point *point, struct span text)
{
	if (text.len < 1 || text.len >= sizeof point->source)
		return "a source has 1 to 32 characters";
	for (size_t i = 0; i < text.len; i++)
		if (!((text.at[i] >= 'a' && text.at[i] <= 'z') ||
			    (text.at[i] >= '0' && text.at[i] <= '9') ||
			    text.at[i] == '-'))
			return "a source holds a-z, 0-9 and - only";
	memcpy(point->source, text.at, text.len);
	return NULL;
}

static const char *
read_metric(struct store_point *point, struct span text, const char *only)
{
	if (only && !span_is(text, only))
		return "this is another metric than the one that was asked for";
	for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
		if (span_is(text, metrics[i])) {
			memcpy(point->metric, text.at, text.len);
			return NULL;
		}
	return "a metric is bgp, active or traffic";
}

static const char *
read_network(struct store_point *point, struct span country, struct span asn)
{
	uint64_t number = 0;

	if (country.len != 2)
		return "a country is two capital letters (ISO 3166-1)";
	for (size_t i = 0; i < 2; i++)
		if (country.at[i] < 'A' || country.at[i] > 'Z')
			return "a country is two capital letters (ISO 3166-1)";
	if (asn.len && !span_number(&number, asn, UINT32_MAX))
		return "an asn is a number, or empty for the whole country";
	memcpy(point->country, country.at, 2);
	point->asn = (uint32_t)number;
	return NULL;
}

static const char *
read_time(struct store_point *point, struct span text)
{
	uint64_t seconds;

	if (span_number(&seconds, text, SECONDS_MAX)) {
		point->utc_us = (int64_t)seconds * MICRO;
		return NULL;
	}
	if (utc_parse_span(&point->utc_us, text))
		return NULL;
	return "a time is such as 2026-01-08T16:30:00Z, or seconds since 1970";
}

/* Integers only: a value is kept in millionths. */
static const char *
read_value(struct store_point *point, struct span text)
{
	return decimal_read(&point->value_micro, text, WHOLE_MAX)
		       ? NULL
		       : "a value is a decimal number from 0, at most six digits "
			 "behind "
			 "the point";
}

static const char *
read_row(struct store_point *point, struct span line, const char *metric)
{
	struct span column[COLUMNS];
	const char *why = NULL;

	memset(point, 0, sizeof *point);
	if (memchr(line.at, '"', line.len))
		return "quoted fields are not read";
	if (!span_columns(column, COLUMNS, line))
		return "a row has six columns";
	why = read_source(point, column[0]);
	if (!why)
		why = read_metric(point, column[1], metric);
	if (!why)
		why = read_network(point, column[2], column[3]);
	if (!why)
		why = read_time(point, column[4]);
	return why ? why : read_value(point, column[5]);
}

enum err
series_read(struct span bytes, const char *metric, series_point_fn *fn, void *arg,
	uint64_t *line, const char **why)
{
	struct span rest = bytes, row;
	struct store_point point;
	enum err err = OK;

	*line = 1;
	*why = NULL;
	if (!span_written_line(&row, &rest) || !span_is(row, HEADER))
		*why = "the first line must be '" HEADER "'";
	while (!*why && err == OK && span_written_line(&row, &rest)) {
		++*line;
		*why = read_row(&point, row, metric);
		if (!*why)
			err = fn(arg, &point);
	}
	return *why ? ERR_FORMAT : err;
}
