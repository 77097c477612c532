#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"
#include "tests/world/course.h"
#include "tests/world/csv.h"
#include "tests/world/homeland.h"
#include "tests/world/parts.h"

#define SCENARIOS_BYTES_MAX (4 * 1024 * 1024)
#define ID_MOST 1000000

enum told {
	TOLD_id,
	TOLD_modelled_on,
	TOLD_expected_cause,
	TOLD_named_if_insufficient,
	TOLD_t0_local,
	TOLD_fall_90_to_10,
	TOLD_as_order_min,
	TOLD_bgp_kept_pct,
	TOLD_domestic_international_reach,
	TOLD_also_simulate,
	TOLD_duration_recovery_repeat,
	TOLD_COUNT,
};
static const char *const field_names[TOLD_COUNT] = {
	"id",
	"modelled_on",
	"expected_cause",
	"named_if_insufficient",
	"t0_local",
	"fall_90_to_10",
	"as_order_min",
	"bgp_kept_pct",
	"domestic_international_reach",
	"also_simulate",
	"duration_recovery_repeat",
};
static const enum told column_fields[COLUMN_COUNT] = {
	[COLUMN_t0] = TOLD_t0_local,
	[COLUMN_fall] = TOLD_fall_90_to_10,
	[COLUMN_order] = TOLD_as_order_min,
	[COLUMN_bgp] = TOLD_bgp_kept_pct,
	[COLUMN_reach] = TOLD_domestic_international_reach,
	[COLUMN_also] = TOLD_also_simulate,
};
static const struct mechanism mechanisms[] = {
#define MECHANISM(cause, order, reach, bgp, fall, course, flags, also)                 \
	{cause, order, reach, bgp, fall, course, flags, also},
#include "tests/world/mechanisms.def"
};

struct reading {
	struct csv csv;
	int places[TOLD_COUNT]; /* of each field in a record; -1: it has none */
	struct complaint complaint;
	struct homelands homelands;
};

static struct span
text_span(const char *text)
{
	return (struct span){text, strlen(text)};
}

static struct span
trim(struct span span)
{
	while (span.len && *span.at == ' ') {
		span.at++;
		span.len--;
	}
	while (span.len && span.at[span.len - 1] == ' ')
		span.len--;
	return span;
}

static void
copy(char *out, size_t size, struct span from)
{
	size_t n = from.len < size ? from.len : size - 1;

	memcpy(out, from.at, n);
	out[n] = '\0';
}

static struct span
field(const struct reading *r, enum told field)
{
	int place = r->places[field];

	if (place < 0 || (size_t)place >= r->csv.n)
		return (struct span){"", 0};
	return trim(r->csv.fields[place]);
}

static void
complain(struct reading *r, const char *column, const char *what, struct span text)
{
	r->complaint.n++;
	log_error("%s:%u: %s: %s: %.*s", r->complaint.path, r->csv.line, column, what,
		text.len > 60 ? 60 : (int)text.len, text.at);
}

static bool
read_header(struct reading *r)
{
	if (!csv_next(&r->csv))
		return false;
	for (int f = 0; f < TOLD_COUNT; f++) {
		r->places[f] = -1;
		for (size_t i = 0; i < r->csv.n; i++)
			if (span_is(trim(r->csv.fields[i]), field_names[f]))
				r->places[f] = (int)i;
	}
	return r->places[TOLD_id] >= 0 && r->places[TOLD_expected_cause] >= 0;
}

static struct clauses
read_cell(struct reading *r, const char *column, struct span cell)
{
	struct clause rows[CELL_CLAUSES];
	struct clauses out = {0};

	r->complaint.column = column;
	r->complaint.line = r->csv.line;
	out.n = cells_read(rows, cell, &r->complaint);
	if (!out.n)
		return out;
	out.rows = malloc(out.n * sizeof rows[0]);
	if (!out.rows)
		bug("no memory for a row of scenarios");
	memcpy(out.rows, rows, out.n * sizeof rows[0]);
	return out;
}

/* The k-th part of a cell; a cell of one part is every part's. */
static struct span
cell_part(struct span cell, size_t k, bool *shared)
{
	struct span part = {"", 0}, rest = cell;
	bool many = cell.len && memchr(cell.at, '|', cell.len);

	*shared = !many;
	if (!many)
		return cell;
	for (size_t i = 0; i <= k; i++)
		if (!cells_part(&part, &rest))
			return (struct span){"", 0};
	return trim(part);
}

static const struct mechanism *
mechanism_find(const char *cause)
{
	const size_t n = sizeof mechanisms / sizeof mechanisms[0];

	for (size_t i = 0; i < n; i++)
		if (strcmp(mechanisms[i].cause, cause) == 0)
			return &mechanisms[i];
	return NULL;
}

static void
read_defaults(struct reading *r, struct part *part)
{
	const struct mechanism *m = part->mechanism;

	part->defaults[COLUMN_fall] = read_cell(r, "a default", text_span(m->fall));
	part->defaults[COLUMN_order] = read_cell(r, "a default", text_span(m->order));
	part->defaults[COLUMN_bgp] = read_cell(r, "a default", text_span(m->bgp));
	part->defaults[COLUMN_reach] = read_cell(r, "a default", text_span(m->reach));
	part->defaults[COLUMN_also] = read_cell(r, "a default", text_span(m->also));
	course_read(&part->default_course, text_span(m->course), &r->complaint);
}

static void
read_part(struct reading *r, struct scenario *s, size_t k, struct span cause)
{
	struct part *part = &s->parts[k];
	struct span named = field(r, TOLD_named_if_insufficient), cell;
	bool shared = false;

	copy(part->cause, sizeof part->cause, trim(cause));
	part->mechanism = mechanism_find(part->cause);
	if (strcmp(part->cause, "insufficient") == 0) {
		const char *space = memchr(named.at, ' ', named.len);

		copy(part->cause, sizeof part->cause, named);
		if (space && (size_t)(space - named.at) < sizeof part->cause)
			part->cause[space - named.at] = '\0';
		part->mechanism = mechanism_find(part->cause);
	}
	if (!part->mechanism) {
		complain(r, field_names[TOLD_expected_cause],
			"no such cause, nothing happens by itself",
			text_span(part->cause));
		part->mechanism = mechanism_find("none");
	}
	read_defaults(r, part);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		cell = cell_part(field(r, column_fields[c]), k, &shared);
		part->cells[c] = read_cell(r, field_names[column_fields[c]], cell);
		if (c == COLUMN_t0)
			s->shared_t0 = shared;
	}
	r->complaint.column = field_names[TOLD_duration_recovery_repeat];
	cell = cell_part(field(r, TOLD_duration_recovery_repeat), k, &shared);
	course_read(&part->course, cell, &r->complaint);
	s->shared_course = shared;
}

static void
read_causes(struct reading *r, struct scenario *s)
{
	struct span rest = field(r, TOLD_expected_cause);

	s->overlap = rest.len && memchr(rest.at, '+', rest.len);
	copy(s->cause, sizeof s->cause, rest);
	copy(s->named, sizeof s->named, field(r, TOLD_named_if_insufficient));
	while (rest.len && s->parts_n < SCENARIO_PARTS) {
		size_t n = 0;

		while (n < rest.len && rest.at[n] != '|' && rest.at[n] != '+')
			n++;
		read_part(r, s, s->parts_n++, (struct span){rest.at, n});
		n += n < rest.len;
		rest.at += n;
		rest.len -= n;
	}
	if (rest.len)
		complain(r, field_names[TOLD_expected_cause], "left out, too many",
			rest);
}

static bool
speaks_of_satellite(const struct part *part)
{
	for (int c = 0; c < COLUMN_COUNT; c++)
		for (size_t i = 0; i < part->cells[c].n; i++)
			if (part->cells[c].rows[i].who.networks == NETWORKS_SATELLITE)
				return true;
	return false;
}

static void
part_free(struct part *part)
{
	for (int c = 0; c < COLUMN_COUNT; c++) {
		free(part->cells[c].rows);
		free(part->defaults[c].rows);
	}
}

static bool
read_row(struct reading *r, struct scenario *s)
{
	uint64_t id;

	*s = (struct scenario){0};
	if (!span_number(&id, field(r, TOLD_id), ID_MOST)) {
		complain(r, "id", "the row is left out: no number", field(r, TOLD_id));
		return false;
	}
	s->id = (int)id;
	homeland_find(s->not_code, &r->homelands, field(r, TOLD_modelled_on));
	read_causes(r, s);
	for (size_t i = 0; i < s->parts_n; i++)
		s->satellite |= speaks_of_satellite(&s->parts[i]);
	if (s->parts_n)
		return true;
	complain(r, field_names[TOLD_expected_cause], "the row is left out",
		text_span(""));
	return false;
}

static void
read_rows(struct scenarios *scenarios, struct reading *r)
{
	while (csv_next(&r->csv)) {
		struct scenario *rows =
			realloc(scenarios->rows, (scenarios->n + 1) * sizeof rows[0]);

		if (!rows)
			bug("no memory for scenarios");
		scenarios->rows = rows;
		if (read_row(r, &rows[scenarios->n]))
			scenarios->n++;
		if (scenarios->n == SCENARIOS_MAX)
			break;
	}
	scenarios->left_out = r->complaint.n;
}

bool
scenarios_parse(struct scenarios *scenarios, struct span bytes, const char *path)
{
	struct reading r = {.complaint = {.path = path}};
	bool done = false;

	*scenarios = (struct scenarios){0};
	csv_open(&r.csv, bytes);
	homeland_open(&r.homelands);
	if (!read_header(&r)) {
		log_error("%s:1: columns id and expected_cause are missing: the first "
			  "line must name them",
			path);
	} else {
		read_rows(scenarios, &r);
		done = true;
	}
	homeland_close(&r.homelands);
	csv_close(&r.csv);
	return done;
}

bool
scenarios_read(struct scenarios *scenarios, const char *path)
{
	struct buf bytes = {0};
	enum err err = file_read(&bytes, path, SCENARIOS_BYTES_MAX);
	bool done = false;

	*scenarios = (struct scenarios){0};
	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file: name a file of scenarios", path);
	else if (err == OK)
		done = scenarios_parse(scenarios, buf_span(&bytes), path);
	buf_free(&bytes);
	return done;
}

void
scenarios_free(struct scenarios *scenarios)
{
	for (size_t i = 0; i < scenarios->n; i++)
		for (size_t k = 0; k < scenarios->rows[i].parts_n; k++)
			part_free(&scenarios->rows[i].parts[k]);
	free(scenarios->rows);
	*scenarios = (struct scenarios){0};
}

const struct scenario *
scenarios_find(const struct scenarios *scenarios, int id)
{
	for (size_t i = 0; i < scenarios->n; i++)
		if (scenarios->rows[i].id == id)
			return &scenarios->rows[i];
	return NULL;
}

const struct scenario *
scenarios_at(const struct scenarios *scenarios, size_t i)
{
	return i < scenarios->n ? &scenarios->rows[i] : NULL;
}

int
scenario_id(const struct scenario *scenario)
{
	return scenario->id;
}

const char *
scenario_not_code(const struct scenario *scenario)
{
	return scenario->not_code[0] ? scenario->not_code : NULL;
}

bool
scenario_satellite(const struct scenario *scenario)
{
	return scenario->satellite;
}
