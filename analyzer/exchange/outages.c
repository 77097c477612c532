#include "analyzer/exchange/outages.h"

#include <string.h>

#include "common/utc.h"

#define COLUMNS_MAX 64
#define SECOND_US INT64_C(1000000)

enum column {
	COLUMN_ID,
	COLUMN_BEGIN,
	COLUMN_END,
	COLUMN_COUNTRY,
	COLUMN_SCOPE,
	COLUMN_BGP,
	COLUMN_ACTIVE,
	COLUMN_TELESCOPE,
	COLUMN_ASN,
	COLUMN_COUNT,
};
static const char *const names[COLUMN_COUNT] = {"id", "begin_utc", "end_utc", "country",
	"scope", "bgp_dropped", "active_probing_dropped", "telescope_dropped", "asn"};

/* Where each column stands; COLUMNS_MAX: it is not there. */
struct layout {
	size_t at[COLUMN_COUNT];
	size_t n;
};

/* Cuts the first field off; one in quotes is given without them. False: a quote that does
 * not end, or something behind it. */
static bool
cut_field(struct span *field, struct span *rest)
{
	size_t end = 0;

	if (rest->len && rest->at[0] == '"') {
		for (end = 1; end < rest->len; end++) {
			if (rest->at[end] != '"')
				continue;
			if (end + 1 < rest->len && rest->at[end + 1] == '"')
				end++;
			else
				break;
		}
		if (end >= rest->len ||
			(end + 1 < rest->len && rest->at[end + 1] != ','))
			return false;
		*field = (struct span){rest->at + 1, end - 1};
		end++;
	} else {
		while (end < rest->len && rest->at[end] != ',')
			end++;
		*field = (struct span){rest->at, end};
	}
	rest->at += end;
	rest->len -= end;
	return true;
}

/* How many fields a line has; 0 when it cannot be cut. */
static size_t
cut_line(struct span fields[static COLUMNS_MAX], struct span line)
{
	size_t n = 0;

	while (n < COLUMNS_MAX && cut_field(&fields[n++], &line)) {
		if (!line.len)
			return n;
		line.at++;
		line.len--;
	}
	return 0;
}

static const char *
read_layout(struct layout *layout, struct span line)
{
	struct span fields[COLUMNS_MAX];

	layout->n = cut_line(fields, line);
	for (size_t c = 0; c < COLUMN_COUNT; c++) {
		layout->at[c] = COLUMNS_MAX;
		for (size_t i = 0; i < layout->n; i++)
			if (span_is(fields[i], names[c]))
				layout->at[c] = i;
		if (layout->at[c] == COLUMNS_MAX && c != COLUMN_ASN)
			return "the first line must name the columns id, begin_utc, "
			       "end_utc, country, scope, bgp_dropped, "
			       "active_probing_dropped and telescope_dropped";
	}
	return NULL;
}

static const char *
read_id(struct store_outage *outage, struct span text)
{
	static const char why[] = "an id has 1 to 64 characters of A-Za-z0-9._:-";

	if (text.len < 1 || text.len >= sizeof outage->id)
		return why;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '.' || c == '_' ||
			    c == ':' || c == '-'))
			return why;
	}
	memcpy(outage->id, text.at, text.len);
	return NULL;
}

static const char *
read_times(struct store_outage *outage, struct span begin, struct span end)
{
	if (!utc_parse_span(&outage->begin_utc_us, begin) || outage->begin_utc_us <= 0)
		return "begin_utc is a time such as 2026-01-08T16:30:00Z";
	if (!end.len)
		return NULL;
	if (!utc_parse_span(&outage->end_utc_us, end))
		return "end_utc is a time such as 2026-01-08T16:30:00Z, or empty";
	return outage->end_utc_us < outage->begin_utc_us ? "it ends before it begins"
							 : NULL;
}

static const char *
read_place(struct store_outage *outage, struct places *places, struct span country,
	struct span scope)
{
	const struct zone *zone = NULL;

	if (!country.len || country.len >= sizeof outage->place)
		return "a country has a name of 1 to 95 bytes";
	memcpy(outage->place, country.at, country.len);
	if (span_is(scope, "country"))
		memcpy(outage->scope, "country", 8);
	else if (span_is(scope, "region"))
		memcpy(outage->scope, "region", 7);
	else if (span_is(scope, "as"))
		memcpy(outage->scope, "as", 3);
	else
		return "a scope is country, region or as";
	if (places_find(outage->country, places, country))
		zone = places_zone(places, outage->country);
	else
		memcpy(outage->country, STORE_NO_COUNTRY, 3);
	if (zone) {
		outage->has_clock = true;
		outage->offset_s =
			zone_offset_s(zone, outage->begin_utc_us / SECOND_US);
	}
	return NULL;
}

static const char *
read_signal(struct store_outage *outage, struct span text)
{
	if (!text.len)
		return NULL;
	if (!span_is(text, "0") && !span_is(text, "1"))
		return "a signal fell (1), did not (0), or is not known (empty)";
	outage->signals++;
	outage->fell += text.at[0] == '1';
	return NULL;
}

static const char *
read_asn(struct store_outage *outage, struct span text)
{
	uint64_t number = 0;

	if (text.len && !span_number(&number, text, UINT32_MAX))
		return "an asn is a number, or empty";
	outage->asn = (uint32_t)number;
	return NULL;
}

static const char *
read_row(struct store_outage *outage, struct places *places,
	const struct layout *layout, struct span line)
{
	struct span fields[COLUMNS_MAX];
	const char *why;

	memset(outage, 0, sizeof *outage);
	if (memchr(line.at, '\0', line.len) || cut_line(fields, line) != layout->n)
		return "a row has as many fields as the first line, a quoted one ends "
		       "on its line";
#define FIELD(column) fields[layout->at[COLUMN_##column]]
	why = read_id(outage, FIELD(ID));
	if (!why)
		why = read_times(outage, FIELD(BEGIN), FIELD(END));
	if (!why)
		why = read_place(outage, places, FIELD(COUNTRY), FIELD(SCOPE));
	if (!why)
		why = read_signal(outage, FIELD(BGP));
	if (!why)
		why = read_signal(outage, FIELD(ACTIVE));
	if (!why)
		why = read_signal(outage, FIELD(TELESCOPE));
	if (!why && layout->at[COLUMN_ASN] < COLUMNS_MAX)
		why = read_asn(outage, FIELD(ASN));
#undef FIELD
	return why;
}

enum err
outages_read(struct span bytes, struct places *places, outages_row_fn *fn, void *arg,
	uint64_t *line, const char **why)
{
	struct span rest = bytes, row = {0};
	struct store_outage outage;
	struct layout layout;
	enum err err = OK;

	*line = 1;
	span_written_line(&row, &rest);
	*why = read_layout(&layout, row);
	while (!*why && err == OK && span_written_line(&row, &rest)) {
		++*line;
		*why = read_row(&outage, places, &layout, row);
		if (!*why)
			err = fn(arg, &outage);
	}
	return *why ? ERR_FORMAT : err;
}
