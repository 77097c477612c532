#include "analyzer/report/labels.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/utc.h"

#define HEADER "id,country,regions,asns,probes,start,end,cause,named,found"
#define COLUMNS 10
#define PROBES_MAX 1000000

/* The next of words with one space between two; false when none is left. A space too many
 * gives an empty word. */
static bool
next_word(struct span *word, struct span *rest)
{
	const char *space;

	if (!rest->at)
		return false;
	space = rest->len ? memchr(rest->at, ' ', rest->len) : NULL;
	*word = (struct span){rest->at, space ? (size_t)(space - rest->at) : rest->len};
	*rest = space ? (struct span){space + 1, rest->len - word->len - 1}
		      : (struct span){NULL, 0};
	return true;
}

static struct span
words(struct span column)
{
	return column.len ? column : (struct span){NULL, 0};
}

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_country(struct span text)
{
	return text.len == 2 && is_capital(text.at[0]) && is_capital(text.at[1]);
}

static const char *
read_id(struct score_label *label, struct span text)
{
	if (text.len < 1 || text.len >= sizeof label->id)
		return "an id has 1 to 63 characters";
	for (size_t i = 0; i < text.len; i++)
		if (!((text.at[i] >= 'a' && text.at[i] <= 'z') ||
			    (text.at[i] >= '0' && text.at[i] <= '9') ||
			    text.at[i] == '-' || text.at[i] == '.'))
			return "an id holds a-z, 0-9, dots and dashes only";
	memcpy(label->id, text.at, text.len);
	return NULL;
}

static bool
is_region(struct span text)
{
	if (text.len < 4 || text.len > 6 || text.at[2] != '-' ||
		!is_country((struct span){text.at, 2}))
		return false;
	for (size_t i = 3; i < text.len; i++)
		if (!is_capital(text.at[i]) &&
			!(text.at[i] >= '0' && text.at[i] <= '9'))
			return false;
	return true;
}

static const char *
read_place(struct score_scope *scope, struct span country, struct span regions,
	struct span asns)
{
	struct span word, rest;
	uint64_t asn;

	if (!is_country(country))
		return "a country is two capital letters (ISO 3166-1)";
	memcpy(scope->country, country.at, 2);
	for (rest = words(regions); next_word(&word, &rest); scope->regions_n++) {
		if (!is_region(word) || scope->regions_n == SCORE_LIST)
			return "regions are at most 64 such as XX-YY (ISO 3166-2), one "
			       "space between two, or empty for all";
		memcpy(scope->regions[scope->regions_n], word.at, word.len);
	}
	for (rest = words(asns); next_word(&word, &rest); scope->asns_n++) {
		if (!span_number(&asn, word, UINT32_MAX) || scope->asns_n == SCORE_LIST)
			return "asns are at most 64 numbers, one space between two, or "
			       "empty for all";
		scope->asns[scope->asns_n] = (uint32_t)asn;
	}
	return NULL;
}

static const char *
read_times(struct score_scope *scope, struct span start, struct span end)
{
	if (!utc_parse_span(&scope->start_utc_us, start))
		return "a start is such as 2026-01-08T16:30:00Z";
	scope->end_utc_us = INT64_MAX;
	if (end.len && !utc_parse_span(&scope->end_utc_us, end))
		return "an end is such as 2026-01-08T16:30:00Z, or empty";
	if (scope->end_utc_us <= scope->start_utc_us)
		return "it ends before it starts";
	return NULL;
}

static const char *
read_causes(struct score_label *label, struct span cause, struct span named)
{
	struct span word, rest;

	label->cause = score_cause_by_name(cause);
	if (label->cause == SCORE_CAUSES || label->cause == SCORE_UNDECIDED)
		return "a cause is such as shutdown.full, or none, or insufficient";
	for (rest = words(named); next_word(&word, &rest); label->named_n++) {
		uint8_t one = score_cause_by_name(word);

		if (one >= CAUSE_COUNT || label->named_n == CAUSE_COUNT ||
			memchr(label->named, one, label->named_n))
			return "named are causes such as shutdown.full, each once, one "
			       "space between two";
		label->named[label->named_n] = one;
	}
	if ((label->cause == SCORE_INSUFFICIENT) != (label->named_n > 0))
		return "causes are named where the cause is insufficient, and only "
		       "there";
	return NULL;
}

static const char *
read_row(struct score_label *label, struct span line)
{
	struct span column[COLUMNS];
	uint64_t probes;
	const char *why;

	memset(label, 0, sizeof *label);
	if (memchr(line.at, '"', line.len))
		return "quoted fields are not read";
	if (!span_columns(column, COLUMNS, line))
		return "a row has ten columns";
	why = read_id(label, column[0]);
	if (!why)
		why = read_place(&label->scope, column[1], column[2], column[3]);
	if (!why && !span_number(&probes, column[4], PROBES_MAX))
		why = "probes is a number";
	if (!why)
		label->probes = (uint32_t)probes;
	if (!why)
		why = read_times(&label->scope, column[5], column[6]);
	if (!why)
		why = read_causes(label, column[7], column[8]);
	label->must = span_is(column[9], "must");
	if (!why && !label->must && !span_is(column[9], "may"))
		why = "found is must or may";
	return why;
}

static const char *
add_row(struct labels *labels, size_t *cap, struct span line)
{
	struct score_label *row;
	const char *why;

	if (labels->n == *cap) {
		*cap = *cap ? 2 * *cap : 64;
		labels->rows = realloc(labels->rows, *cap * sizeof *labels->rows);
		if (!labels->rows)
			bug("no memory for %zu labels", *cap);
	}
	row = &labels->rows[labels->n];
	why = read_row(row, line);
	for (size_t i = 0; !why && i < labels->n; i++)
		if (strcmp(labels->rows[i].id, row->id) == 0)
			why = "another row has this id";
	labels->n += !why;
	return why;
}

enum err
labels_read(struct labels *labels, struct span bytes, uint64_t *line, const char **why)
{
	struct span rest = bytes, row;
	size_t cap = 0;

	memset(labels, 0, sizeof *labels);
	*line = 1;
	*why = NULL;
	if (!span_written_line(&row, &rest) || !span_is(row, HEADER))
		*why = "the first line must be '" HEADER "'";
	while (!*why && span_written_line(&row, &rest)) {
		++*line;
		*why = add_row(labels, &cap, row);
	}
	if (*why)
		labels_free(labels);
	return *why ? ERR_FORMAT : OK;
}

void
labels_free(struct labels *labels)
{
	free(labels->rows);
	memset(labels, 0, sizeof *labels);
}
