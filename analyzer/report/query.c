#include "analyzer/commands.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/times.h"
#include "analyzer/report/options.h"
#include "analyzer/store/store.h"
#include "common/log.h"
#include "common/measurement.h"
#include "common/segment.h"
#include "common/utc.h"

/* Lists what is stored: every measurement, or the networks they came from. */

struct query {
	const char *what, *country, *epoch;
	int check; /* -1: all */
	int64_t asn, since_utc_us, until_utc_us, limit;
};

/* ---- one stored segment ---- */

struct context_lines {
	struct measurement clock, network;
	int64_t offset_us; /* utc = t_us + this */
};

static bool
read_stored(struct segment *segment, struct context_lines *lines, struct times *times,
	const struct store_segment *stored)
{
	return times_offset(&lines->offset_us, times, stored) &&
	       segment_read(segment, stored->bytes, NULL) == OK && segment->n > 2 &&
	       measurement_decode(&lines->clock, segment->lines[0], NULL) == OK &&
	       measurement_decode(&lines->network, segment->lines[1], NULL) == OK;
}

static bool
wants_network(const struct query *q, const struct measurement *network)
{
	if (q->country && strcmp(network->country, q->country) != 0)
		return false;
	return q->asn < 0 || (network->has[FIELD_asn] && network->asn == q->asn);
}

/* ---- measurements ---- */

/* What may stand in a measurement, in the order of the schema. */
static const struct {
	const char *name, *allowed;
	enum column_kind kind;
} fields[] = {
#define INT(name, needed, allowed, min, max, since, sentence)                          \
	{#name, #allowed, COLUMN_NUMBER},
#define ENUM(name, needed, allowed, type, since, sentence)                             \
	{#name, #allowed, COLUMN_TEXT},
#define TEXT(name, needed, allowed, max, since, sentence)                              \
	{#name, #allowed, COLUMN_TEXT},
#define LIST(name, needed, allowed, count, max, since, sentence)                       \
	{#name, #allowed, COLUMN_JSON},
#include "common/measurement.def"
};

/* The few that fit a terminal; the other formats have all. */
static const enum field brief[] = {FIELD_check, FIELD_rung, FIELD_target, FIELD_stage,
	FIELD_outcome, FIELD_reason, FIELD_rtt_us, FIELD_status};

static const struct column placed[] = {
	{"epoch", COLUMN_TEXT},
	{"seq", COLUMN_NUMBER},
	{"line", COLUMN_NUMBER},
	{"time", COLUMN_TEXT},
	{"country", COLUMN_TEXT},
	{"asn", COLUMN_NUMBER},
};
#define PLACED (sizeof placed / sizeof placed[0])
#define CELLS (PLACED + FIELD_COUNT)

struct measurements {
	const struct query *query;
	struct times *times;
	struct listing *listing;
	enum field columns[FIELD_COUNT];
	size_t n;
	int64_t left;
};

static size_t
choose_fields(enum field chosen[static FIELD_COUNT], enum listing_format format)
{
	size_t n = 0;

	if (format == LISTING_TABLE) {
		memcpy(chosen, brief, sizeof brief);
		return sizeof brief / sizeof brief[0];
	}
	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (strchr(fields[field].allowed, 'M') && field != FIELD_kind)
			chosen[n++] = field;
	return n;
}

/* A list is written as JSON has it, in every format. */
static void
field_cell(struct buf *out, const struct measurement *m, enum field field)
{
	size_t from;

	if (fields[field].kind != COLUMN_JSON || !m->has[field]) {
		measurement_field_text(out, m, field);
		return;
	}
	buf_puts(out, "[");
	from = out->len;
	measurement_field_text(out, m, field);
	for (size_t i = from; i < out->len; i++)
		if (out->data[i] == ' ')
			out->data[i] = ',';
	buf_puts(out, "]");
}

static void
list_measurement(struct measurements *all, const struct segment *segment, size_t line,
	const struct context_lines *lines, const struct measurement *m)
{
	const char *cells[CELLS];
	struct buf texts[CELLS] = {0};
	char time[UTC_TEXT_BYTES];
	size_t n = 0;

	utc_text(time, m->t_us + lines->offset_us);
	buf_puts(&texts[n++], segment->epoch);
	buf_printf(&texts[n++], "%llu", (unsigned long long)segment->seq);
	buf_printf(&texts[n++], "%zu", line);
	buf_puts(&texts[n++], time);
	measurement_field_text(&texts[n++], &lines->network, FIELD_country);
	measurement_field_text(&texts[n++], &lines->network, FIELD_asn);
	for (size_t i = 0; i < all->n; i++)
		field_cell(&texts[n++], m, all->columns[i]);
	for (size_t i = 0; i < n; i++)
		cells[i] = texts[i].data;
	listing_row(all->listing, cells);
	for (size_t i = 0; i < n; i++)
		buf_free(&texts[i]);
}

static bool
wants_measurement(const struct query *q, const struct context_lines *lines,
	const struct measurement *m)
{
	int64_t utc_us;

	if (m->kind != LINE_measurement || (q->check >= 0 && m->check != q->check))
		return false;
	utc_us = m->t_us + lines->offset_us;
	return utc_us >= q->since_utc_us && utc_us < q->until_utc_us;
}

static bool
list_segment(void *arg, const struct store_segment *stored)
{
	struct measurements *all = arg;
	const struct query *q = all->query;
	struct context_lines lines;
	struct segment segment;
	struct measurement m;

	if (q->epoch && strncmp(stored->epoch, q->epoch, strlen(q->epoch)) != 0)
		return true;
	if (!read_stored(&segment, &lines, all->times, stored) ||
		!wants_network(q, &lines.network))
		return true;
	for (size_t i = 2; i < segment.n && all->left > 0; i++) {
		if (measurement_decode(&m, segment.lines[i], NULL) != OK ||
			!wants_measurement(q, &lines, &m))
			continue;
		list_measurement(all, &segment, i, &lines, &m);
		all->left--;
	}
	return all->left > 0;
}

static enum err
list_measurements(struct context *context, const struct query *q)
{
	struct measurements all = {.query = q, .left = q->limit};
	struct column columns[CELLS];
	enum err err;

	memcpy(columns, placed, sizeof placed);
	all.n = choose_fields(all.columns, (enum listing_format)context->format);
	for (size_t i = 0; i < all.n; i++)
		columns[PLACED + i] = (struct column){
			fields[all.columns[i]].name, fields[all.columns[i]].kind};
	listing_open(&all.listing, stdout, (enum listing_format)context->format,
		columns, PLACED + all.n);
	err = times_read(&all.times, context->store, q->epoch ? q->epoch : "");
	if (err == OK)
		err = store_each_segment(context->store, list_segment, &all);
	listing_close(all.listing);
	times_free(all.times);
	return err;
}

/* ---- networks ---- */

struct listed_network {
	char country[3], region[7], medium[16];
	int64_t asn; /* 0: unknown */
	char newest_epoch[65];
	int64_t epochs, segments, first_utc_us, last_utc_us;
};

struct networks {
	const struct query *query;
	struct times *times;
	struct listed_network *rows;
	size_t n;
};

static bool
same_network(const struct listed_network *a, const struct listed_network *b)
{
	return a->asn == b->asn && strcmp(a->country, b->country) == 0 &&
	       strcmp(a->region, b->region) == 0 && strcmp(a->medium, b->medium) == 0;
}

static struct listed_network *
find_network(struct networks *all, const struct listed_network *wanted)
{
	for (size_t i = 0; i < all->n; i++)
		if (same_network(&all->rows[i], wanted))
			return &all->rows[i];
	all->rows = realloc(all->rows, (all->n + 1) * sizeof *all->rows);
	if (!all->rows)
		bug("no memory");
	all->rows[all->n] = *wanted;
	return &all->rows[all->n++];
}

static void
name_network(struct listed_network *network, const struct measurement *line)
{
	*network = (struct listed_network){
		.asn = line->has[FIELD_asn] ? line->asn : 0, .first_utc_us = INT64_MAX};
	snprintf(network->country, sizeof network->country, "%s", line->country);
	if (line->has[FIELD_region])
		snprintf(network->region, sizeof network->region, "%s", line->region);
	snprintf(network->medium, sizeof network->medium, "%s",
		line->has[FIELD_medium] ? medium_name((enum medium)line->medium)
					: "unknown");
}

/* Segments come in the order of their epochs, so a new one is seen by its neighbour. */
static bool
count_segment(void *arg, const struct store_segment *stored)
{
	struct networks *all = arg;
	struct context_lines lines;
	struct segment segment;
	struct listed_network wanted, *network;
	int64_t utc_us;

	if (!read_stored(&segment, &lines, all->times, stored) ||
		!wants_network(all->query, &lines.network))
		return true;
	utc_us = lines.clock.t_us + lines.offset_us;
	if (utc_us < all->query->since_utc_us || utc_us >= all->query->until_utc_us)
		return true;
	name_network(&wanted, &lines.network);
	network = find_network(all, &wanted);
	if (strcmp(network->newest_epoch, stored->epoch) != 0) {
		network->epochs++;
		memcpy(network->newest_epoch, stored->epoch,
			sizeof network->newest_epoch);
	}
	network->segments++;
	if (utc_us < network->first_utc_us)
		network->first_utc_us = utc_us;
	if (utc_us > network->last_utc_us)
		network->last_utc_us = utc_us;
	return true;
}

static void
list_network(struct listing *listing, const struct listed_network *n)
{
	char asn[24], epochs[24], segments[24], first[UTC_TEXT_BYTES],
		last[UTC_TEXT_BYTES];

	snprintf(asn, sizeof asn, "%lld", (long long)n->asn);
	snprintf(epochs, sizeof epochs, "%lld", (long long)n->epochs);
	snprintf(segments, sizeof segments, "%lld", (long long)n->segments);
	utc_text(first, n->first_utc_us);
	utc_text(last, n->last_utc_us);
	listing_row(listing,
		(const char *const[]){n->country, n->region, n->asn ? asn : NULL,
			n->medium, epochs, segments, first, last});
}

static enum err
list_networks(struct context *context, const struct query *q)
{
	static const struct column columns[] = {
		{"country", COLUMN_TEXT},
		{"region", COLUMN_TEXT},
		{"asn", COLUMN_NUMBER},
		{"medium", COLUMN_TEXT},
		{"probes", COLUMN_NUMBER},
		{"segments", COLUMN_NUMBER},
		{"first", COLUMN_TEXT},
		{"last", COLUMN_TEXT},
	};
	struct networks all = {.query = q};
	struct listing *listing;
	enum err err = times_read(&all.times, context->store, "");

	if (err == OK)
		err = store_each_segment(context->store, count_segment, &all);
	listing_open(&listing, stdout, (enum listing_format)context->format, columns,
		sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < all.n && (int64_t)i < q->limit; i++)
		list_network(listing, &all.rows[i]);
	listing_close(listing);
	times_free(all.times);
	free(all.rows);
	return err;
}

/* ---- the command ---- */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct query *q = state->input;

	switch (key) {
	case 'c':
		q->country = arg;
		break;
	case 'a':
		q->asn = options_number(state, arg, 0, UINT32_MAX);
		break;
	case 'k':
		q->check = check_by_name((struct span){arg, strlen(arg)});
		if (q->check < 0)
			argp_error(state, "%s: there is no such check", arg);
		break;
	case 'e':
		q->epoch = arg;
		break;
	case 's':
		q->since_utc_us = options_time(state, arg);
		break;
	case 'u':
		q->until_utc_us = options_time(state, arg);
		break;
	case 'l':
		q->limit = options_number(state, arg, 1, INT32_MAX);
		break;
	case ARGP_KEY_ARG:
		if (q->what || (strcmp(arg, "measurements") != 0 &&
				       strcmp(arg, "networks") != 0))
			argp_error(
				state, "%s: say measurements, events or networks", arg);
		q->what = arg;
		break;
	case ARGP_KEY_END:
		if (!q->what)
			argp_error(state, "say measurements, events or networks");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int
query_run(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"country", 'c', "COUNTRY", 0, "only this country", 0},
		{"asn", 'a', "N", 0, "only this AS number", 0},
		{"check", 'k', "NAME", 0, "only this check", 0},
		{"epoch", 'e', "EPOCH", 0, "only the probe whose id begins so", 0},
		{"since", 's', "TIME", 0, "from then on", 0},
		{"until", 'u', "TIME", 0, "before that", 0},
		{"limit", 'l', "N", 0, "at most so many rows", 0}, {0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.args_doc = "measurements|events|networks",
		.doc = "Lists what is stored.\v"
		       "For example:\n  faultline-analyzer query measurements --check "
		       "tcp --limit 20 "
		       "--format csv"};
	struct query q = {
		.check = -1, .asn = -1, .until_utc_us = INT64_MAX, .limit = INT32_MAX};
	enum err err;

	if (argc > 0 && strcmp(argv[0], "events") == 0)
		return events_list(context, argc - 1, argv + 1);
	options_parse(&argp, argc, argv, &q);
	if (strcmp(q.what, "networks") == 0)
		err = list_networks(context, &q);
	else
		err = list_measurements(context, &q);
	return err == OK ? 0 : 1;
}
