#include <stdlib.h>
#include <string.h>

#include "analyzer/commands.h"
#include "analyzer/report/options.h"
#include "analyzer/report/verdict.h"
#include "analyzer/store/store.h"
#include "common/log.h"
#include "common/utc.h"

/* What events asks for; and the same event never twice while following. */
struct filter {
	const char *country, *class_name;
	uint32_t asn;
	int64_t since_utc_us, least_ppm;
	bool withdrawn;
};

struct printer {
	const struct filter *filter;
	struct listing *listing;
	FILE *json; /* whole verdicts, one a line */
};

static const struct column columns[] = {
	{"event", COLUMN_TEXT},
	{"country", COLUMN_TEXT},
	{"start", COLUMN_TEXT},
	{"end", COLUMN_TEXT},
	{"class", COLUMN_TEXT},
	{"cause", COLUMN_TEXT},
	{"probability", COLUMN_NUMBER},
	{"asns", COLUMN_TEXT},
	{"weights", COLUMN_TEXT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct argp_option options[] = {
	{"country", 'c', "XX", 0, "only events of this country", 0},
	{"asn", 'a', "N", 0, "only events that touch this AS", 0},
	{"since", 's', "TIME", 0,
		"only events that begin then or later (RFC 3339, UTC)", 0},
	{"class", 'k', "CLASS", 0,
		"shutdown, throttling, infrastructure, ordinary or insufficient", 0},
	{"min-probability", 'p', "P", 0,
		"only events whose class reaches this (0 to 1)", 0},
	{"withdrawn", 'w', NULL, 0,
		"instead, those that were said once and are withdrawn", 0},
	{0},
};

/* "0.85" -> 850000 without floating point. */
static bool
parse_ppm(int64_t *ppm, const char *text)
{
	int64_t value = 0, digit = 1000000;
	const char *at = text;

	if (*at != '0' && *at != '1')
		return false;
	value = (*at++ - '0') * digit;
	if (*at == '.')
		at++;
	else if (*at)
		return false;
	for (; *at >= '0' && *at <= '9' && digit > 1; at++)
		value += (*at - '0') * (digit /= 10);
	*ppm = value;
	return !*at && value <= 1000000;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct filter *filter = state->input;

	switch (key) {
	case 'c':
		filter->country = arg;
		return 0;
	case 'a':
		filter->asn = (uint32_t)options_number(state, arg, 1, UINT32_MAX);
		return 0;
	case 's':
		filter->since_utc_us = options_time(state, arg);
		return 0;
	case 'k':
		filter->class_name = arg;
		return 0;
	case 'p':
		if (!parse_ppm(&filter->least_ppm, arg))
			argp_error(state, "--min-probability: '%s' is not 0 to 1", arg);
		return 0;
	case 'w':
		filter->withdrawn = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool
passes(const struct filter *filter, const struct store_event *event)
{
	char asn[16];

	if (event->state != (filter->withdrawn ? EVENT_WITHDRAWN : EVENT_STANDS))
		return false;
	if (filter->country && strcmp(filter->country, event->country))
		return false;
	if (filter->class_name && strcmp(filter->class_name, event->class_name))
		return false;
	snprintf(asn, sizeof(asn), ",%u,", filter->asn);
	if (filter->asn && !memmem(event->asns.at, event->asns.len, asn, strlen(asn)))
		return false;
	return event->start_utc_us >= filter->since_utc_us &&
	       event->probability_ppm >= filter->least_ppm;
}

static void
print(void *arg, const struct store_event *event)
{
	const struct printer *p = arg;
	char start[UTC_TEXT_BYTES], end[UTC_TEXT_BYTES] = "", probability[16],
				    asns[256] = "";

	if (!passes(p->filter, event))
		return;
	if (p->json) {
		fwrite(event->json.at, 1, event->json.len, p->json);
		fputc('\n', p->json);
		return;
	}
	utc_text(start, event->start_utc_us);
	if (event->end_utc_us)
		utc_text(end, event->end_utc_us);
	snprintf(probability, sizeof(probability), "%d.%03d",
		(int)(event->probability_ppm / 1000000),
		(int)(event->probability_ppm % 1000000 / 1000));
	if (event->asns.len > 2)
		snprintf(asns, sizeof(asns), "%.*s", (int)event->asns.len - 2,
			event->asns.at + 1);
	for (char *at = asns; *at; at++)
		*at = *at == ',' ? ' ' : *at;
	listing_row(p->listing,
		(const char *const[COLUMNS]){event->id, event->country, start, end,
			event->class_name, event->cause, probability, asns,
			event->unofficial ? VERDICT_UNOFFICIAL : "official"});
}

int
events_list(struct context *context, int argc, char **argv)
{
	static const struct argp argp = {.options = options,
		.parser = parse,
		.doc = "Lists what happened.\v"
		       "For example:\n  faultline-analyzer events --country XX --since "
		       "2026-01-08"};
	struct filter filter = {0};
	struct printer printer = {.filter = &filter};
	enum err err;

	options_parse(&argp, argc, argv, &filter);
	if (context->format == LISTING_JSON)
		printer.json = stdout;
	else
		listing_open(&printer.listing, stdout,
			(enum listing_format)context->format, columns, COLUMNS);
	err = store_each_event_ever(context->store, print, &printer);
	listing_close(printer.listing);
	return err ? 1 : 0;
}
