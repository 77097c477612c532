#include "analyzer/commands.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/report/labels.h"
#include "analyzer/report/options.h"
#include "analyzer/report/score.h"
#include "analyzer/report/told.h"
#include "analyzer/store/store.h"
#include "common/file.h"
#include "common/log.h"

/* Stored events against a list of known ones: the rows of score.h, and what they sum to. */

static const struct column columns[] = {
	{"kind", COLUMN_TEXT}, {"id", COLUMN_TEXT}, {"true_class", COLUMN_TEXT},
	{"true_cause", COLUMN_TEXT}, {"event", COLUMN_TEXT}, {"class", COLUMN_TEXT},
	{"cause", COLUMN_TEXT}, {"probability", COLUMN_NUMBER},
	{"shutdown", COLUMN_NUMBER}, {"deliberate", COLUMN_NUMBER},
	{"start_error_s", COLUMN_NUMBER}, {"end_error_s", COLUMN_NUMBER},
	{"counts", COLUMN_JSON}, {"class_right", COLUMN_JSON},
	{"cause_right", COLUMN_JSON},
	{"summary", COLUMN_JSON}, /* of the last row alone */
};
#define COLUMNS (sizeof columns / sizeof columns[0])
#define SUMMARY (COLUMNS - 1)

struct events {
	struct score_event *rows;
	size_t n, cap;
};

/* ---- stored events as score.h wants them ---- */

/* SCORE_INSUFFICIENT for whatever this program has no cause for. */
static uint8_t
find_cause(const char *name)
{
	uint8_t cause = score_cause_by_name((struct span){name, strlen(name)});

	return cause < CAUSE_COUNT ? cause : (uint8_t)SCORE_INSUFFICIENT;
}

static void
read_scope(struct score_scope *scope, const struct told *told,
	const struct store_event *event)
{
	memcpy(scope->country, event->country, sizeof scope->country);
	scope->start_utc_us = event->start_utc_us;
	scope->end_utc_us = event->end_utc_us ? event->end_utc_us : INT64_MAX;
	for (size_t i = 0; i < told->asns_n && i < SCORE_LIST; i++)
		scope->asns[scope->asns_n++] = told->asns[i];
	for (size_t i = 0; i < told->regions_n && i < SCORE_LIST; i++)
		if (strlen(told->regions[i]) < sizeof scope->regions[0])
			strcpy(scope->regions[scope->regions_n++], told->regions[i]);
}

static void
read_event(struct score_event *out, const struct told *told,
	const struct store_event *event)
{
	memset(out, 0, sizeof *out);
	memcpy(out->id, event->id, sizeof out->id);
	read_scope(&out->scope, told, event);
	out->start_error_us = told->start.error_us;
	out->end_error_us = told->end.error_us;
	out->affected = told->affected;
	out->cause = find_cause(event->cause);
	for (size_t i = 0; i < told->causes_n; i++) {
		uint8_t cause = find_cause(told->causes[i].name);

		if (cause < CAUSE_COUNT)
			out->causes[out->causes_n++] = cause;
	}
	out->shutdown_ppm = told->class_ppm[CLASS_shutdown];
	out->deliberate_ppm = told->deliberate_ppm;
	out->class_ppm = told_class_ppm(told);
}

static void
take_event(void *arg, const struct store_event *event)
{
	struct events *events = arg;
	struct told *told = malloc(sizeof *told);

	if (events->n == events->cap) {
		events->cap = events->cap ? 2 * events->cap : 64;
		events->rows =
			realloc(events->rows, events->cap * sizeof *events->rows);
	}
	if (!told || !events->rows)
		bug("no memory for an event");
	if (told_read(told, event->json)) {
		read_event(&events->rows[events->n++], told, event);
		told_free(told);
	} else {
		log_error("event %s of this store is no JSON: analyze writes it anew",
			event->id);
	}
	free(told);
}

/* ---- a row ---- */

struct cells {
	char probability[16], shutdown[16], deliberate[16], start[24], end[24];
	const char *at[COLUMNS];
};

static const char *
ppm_cell(char cell[static 16], int64_t ppm)
{
	snprintf(cell, 16, "%d.%06d", (int)(ppm / 1000000), (int)(ppm % 1000000));
	return cell;
}

/* Estimate less truth, in seconds; NULL where one of the two is open. */
static const char *
error_cell(char cell[static 24], int64_t said_us, int64_t true_us)
{
	int64_t ms = (said_us - true_us) / 1000;

	if (said_us == INT64_MAX || true_us == INT64_MAX)
		return NULL;
	snprintf(cell, 24, "%s%lld.%03lld", ms < 0 ? "-" : "",
		(long long)(ms < 0 ? -ms : ms) / 1000,
		(long long)(ms < 0 ? -ms : ms) % 1000);
	return cell;
}

static const char *
truth_cell(bool value)
{
	return value ? "true" : "false";
}

static void
fill_cells(struct cells *cells, const struct score_row *row)
{
	static const char *const kinds[] = {[SCORE_LABEL] = "label",
		[SCORE_EXTRA] = "extra",
		[SCORE_ALARM] = "false_alarm",
		[SCORE_ASIDE] = "aside"};
	const struct score_event *event = row->event;
	const char **at = cells->at;

	memset(cells, 0, sizeof *cells);
	*at++ = kinds[row->kind];
	*at++ = row->label ? row->label->id : NULL;
	*at++ = score_class_name(score_class_of(row->true_cause));
	*at++ = score_cause_name(row->true_cause);
	*at++ = event ? event->id : NULL;
	*at++ = score_class_name(score_class_of(row->said_cause));
	*at++ = score_cause_name(row->said_cause);
	*at++ = event ? ppm_cell(cells->probability, event->class_ppm) : NULL;
	*at++ = event ? ppm_cell(cells->shutdown, event->shutdown_ppm) : NULL;
	*at++ = event ? ppm_cell(cells->deliberate, event->deliberate_ppm) : NULL;
	if (event && row->label) {
		at[0] = error_cell(cells->start, event->scope.start_utc_us,
			row->label->scope.start_utc_us);
		at[1] = error_cell(cells->end, event->scope.end_utc_us,
			row->label->scope.end_utc_us);
	}
	at += 2;
	*at++ = truth_cell(row->counts);
	*at++ = row->label ? truth_cell(row->class_right) : NULL;
	*at++ = row->label ? truth_cell(row->cause_right) : NULL;
}

/* ---- the summary ---- */

typedef const char *name_fn(uint8_t number);

/* {"true":{"said":n}}: what is zero is left out. */
static void
confusion_json(struct buf *out, const uint32_t *counts, size_t n, name_fn *name)
{
	const char *between = "";

	buf_puts(out, "{");
	for (size_t t = 0; t < n; t++) {
		const char *open = "";

		for (size_t s = 0; s < n; s++) {
			if (!counts[t * n + s])
				continue;
			if (!*open)
				buf_printf(
					out, "%s\"%s\":{", between, name((uint8_t)t));
			buf_printf(out, "%s\"%s\":%u", open, name((uint8_t)s),
				counts[t * n + s]);
			open = ",";
		}
		if (*open) {
			buf_puts(out, "}");
			between = ",";
		}
	}
	buf_puts(out, "}");
}

static void
summary_json(struct buf *out, const struct score_figures *f)
{
	char class_f1[16], cause_f1[16];

	buf_printf(out, "{\"class_macro_f1\":%s,\"cause_macro_f1\":%s,",
		ppm_cell(class_f1, f->class_macro_f1_ppm),
		ppm_cell(cause_f1, f->cause_macro_f1_ppm));
	buf_puts(out, "\"class_confusion\":");
	confusion_json(out, &f->classes[0][0], SCORE_CLASSES, score_class_name);
	buf_puts(out, ",\"cause_confusion\":");
	confusion_json(out, &f->causes[0][0], SCORE_CAUSES, score_cause_name);
	buf_printf(out,
		",\"labels\":%u,\"found\":%u,\"class_right\":%u,\"cause_right\":%u,"
		"\"abstentions\":%u,\"extras\":%u,\"false_alarms\":%u,"
		"\"insufficient_alarms\":%u,\"asides\":%u}",
		f->labels, f->found, f->class_right, f->cause_right, f->abstentions,
		f->extras, f->alarms, f->insufficient_alarms, f->asides);
}

static bool
is_used(const uint32_t *counts, size_t n, size_t i)
{
	for (size_t o = 0; o < n; o++)
		if (counts[i * n + o] || counts[o * n + i])
			return true;
	return false;
}

/* For a terminal: a row a truth, a column for each of what was said of any. */
static void
confusion_table(const char *what, const uint32_t *counts, size_t n, name_fn *name)
{
	struct column heads[SCORE_CAUSES + 1] = {{what, COLUMN_TEXT}};
	char texts[SCORE_CAUSES + 1][12];
	const char *cells[SCORE_CAUSES + 1];
	struct listing *listing;
	size_t shown = 1;

	for (size_t s = 0; s < n; s++)
		if (is_used(counts, n, s))
			heads[shown++] =
				(struct column){name((uint8_t)s), COLUMN_NUMBER};
	listing_open(&listing, stdout, LISTING_TABLE, heads, shown);
	for (size_t t = 0; t < n; t++) {
		size_t at = 1;

		if (!is_used(counts, n, t))
			continue;
		cells[0] = name((uint8_t)t);
		for (size_t s = 0; s < n; s++) {
			if (!is_used(counts, n, s))
				continue;
			snprintf(texts[at], sizeof texts[at], "%u", counts[t * n + s]);
			cells[at] = texts[at];
			at++;
		}
		listing_row(listing, cells);
	}
	listing_close(listing);
}

static void
print_figures(const struct score_figures *f)
{
	char class_f1[16], cause_f1[16];

	putchar('\n');
	confusion_table(
		"true \\ said", &f->classes[0][0], SCORE_CLASSES, score_class_name);
	putchar('\n');
	confusion_table(
		"true \\ said", &f->causes[0][0], SCORE_CAUSES, score_cause_name);
	printf("\nclass macro-F1 %s, cause macro-F1 %s; of %u labels %u found, class "
	       "right in %u, cause in %u, insufficient where it is not the truth %u; "
	       "%u false alarms (%u of them insufficient), %u more events of labels, "
	       "%u ordinary ones of none\n",
		ppm_cell(class_f1, f->class_macro_f1_ppm),
		ppm_cell(cause_f1, f->cause_macro_f1_ppm), f->labels, f->found,
		f->class_right, f->cause_right, f->abstentions, f->alarms,
		f->insufficient_alarms, f->extras, f->asides);
}

static void
print_rows(enum listing_format format, const struct score_row *rows, size_t n)
{
	struct score_figures figures;
	struct listing *listing;
	struct buf summary = {0};
	struct cells cells;

	score_count(&figures, rows, n);
	summary_json(&summary, &figures);
	listing_open(&listing, stdout, format, columns,
		format == LISTING_TABLE ? SUMMARY : COLUMNS);
	for (size_t i = 0; i < n; i++) {
		fill_cells(&cells, &rows[i]);
		listing_row(listing, cells.at);
	}
	memset(&cells, 0, sizeof cells);
	cells.at[0] = "summary";
	cells.at[SUMMARY] = summary.data;
	if (format != LISTING_TABLE)
		listing_row(listing, cells.at);
	listing_close(listing);
	if (format == LISTING_TABLE)
		print_figures(&figures);
	buf_free(&summary);
}

/* ---- the command ---- */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const char **path = state->input;

	switch (key) {
	case 'l':
		*path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!*path)
			argp_error(state, "say --labels FILE");
		return 0;
	default:
		return options_only(key, arg, state);
	}
}

static enum err
read_labels(struct labels *labels, const char *path)
{
	struct buf bytes = {0};
	const char *why = NULL;
	uint64_t line;
	enum err err = file_read(&bytes, path, LABELS_BYTES_MAX);

	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file", path);
	if (err == OK)
		err = labels_read(labels, buf_span(&bytes), &line, &why);
	if (why)
		log_error("%s:%llu: %s", path, (unsigned long long)line, why);
	buf_free(&bytes);
	return err;
}

int
scores_print(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"labels", 'l', "FILE", 0,
			"the known events, as CSV: id,country,regions,asns,probes,"
			"start,end,cause,named,found",
			0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.doc = "Holds the stored events against a list of known ones.\v"
		       "A row a known event, a row an event beyond those, and what "
		       "they sum to.\n\n"
		       "For example:\n  faultline-analyzer score --labels known.csv"};
	struct labels labels = {0};
	struct events events = {0};
	struct score_row *rows = NULL;
	const char *path = NULL;
	size_t n;
	enum err err;

	options_parse(&argp, argc, argv, &path);
	err = read_labels(&labels, path);
	if (err == OK)
		err = store_each_event(context->store, take_event, &events);
	if (err != OK)
		goto done;
	rows = calloc(labels.n + events.n + 1, sizeof *rows);
	if (!rows)
		bug("no memory for %zu rows", labels.n + events.n);
	n = score_match(rows, labels.rows, labels.n, events.rows, events.n);
	print_rows((enum listing_format)context->format, rows, n);
done:
	free(rows);
	free(events.rows);
	labels_free(&labels);
	return err == OK ? 0 : 1;
}
