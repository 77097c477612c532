#include "common/measurement.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

/* A name of a closed list, and what it means. */
struct name {
	const char *text;
	size_t len;
	const char *sentence;
};

#define NAME(name, sentence) {#name, sizeof #name - 1, sentence},
static const struct name names_line[] = {
#define LINE NAME
#include "common/measurement.def"
};
static const struct name names_check[] = {
#define CHECK_NAME NAME
#include "common/measurement.def"
};
static const struct name names_rung[] = {
#define RUNG NAME
#include "common/measurement.def"
};
static const struct name names_stage[] = {
#define STAGE NAME
#include "common/measurement.def"
};
static const struct name names_outcome[] = {
#define OUTCOME NAME
#include "common/measurement.def"
};
static const struct name names_reason[] = {
#define REASON NAME
#include "common/measurement.def"
};
static const struct name names_medium[] = {
#define MEDIUM NAME
#include "common/measurement.def"
};
static const struct name names_supply[] = {
#define SUPPLY NAME
#include "common/measurement.def"
};

/* The letters of measurement.def, and each set of them that it uses. */
enum kinds {
	C = 1 << LINE_clock,
	G = 1 << LINE_gaps,
	M = 1 << LINE_measurement,
	N = 1 << LINE_network,
	S = 1 << LINE_software,
	T = 1 << LINE_targets,
	W = 1 << LINE_where,
	CM = C | M,
	MN = M | N,
	CGMNSTW = C | G | M | N | S | T | W,
};

enum shape { SHAPE_INT, SHAPE_ENUM, SHAPE_TEXT, SHAPE_LIST };

/* One field: all that encoder, decoder and documentation know of it. */
struct row {
	const char *key; /* "name": with its quotes and the colon */
	uint32_t key_len;
	enum shape shape;
	uint32_t needed, allowed; /* sets of kinds of line */
	uint32_t offset, n_offset;
	uint32_t size; /* TEXT: most bytes; LIST: most items; ENUM: names */
	int64_t lowest, highest;
	const struct name *names;
	const char *type;
	int since;
	const char *sentence;
};

#define AT(name) offsetof(struct measurement, name)
#define HEAD(name, needed, allowed, kind)                                              \
	"\"" #name "\":", sizeof #name + 2, kind, needed, allowed, AT(name)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct row rows[FIELD_COUNT] = {
#define INT(name, needed, allowed, min, max, since, sentence)                          \
	{HEAD(name, needed, allowed, SHAPE_INT), 0, 0, min, max, NULL, NULL, since,    \
		sentence},
#define ENUM(name, needed, allowed, type, since, sentence)                             \
	{HEAD(name, needed, allowed, SHAPE_ENUM), 0, COUNT(names_##type), 0,           \
		COUNT(names_##type) - 1, names_##type, #type, since, sentence},
#define TEXT(name, needed, allowed, max, since, sentence)                              \
	{HEAD(name, needed, allowed, SHAPE_TEXT), 0, max, 0, 0, NULL, NULL, since,     \
		sentence},
#define LIST(name, needed, allowed, count, max, since, sentence)                       \
	{HEAD(name, needed, allowed, SHAPE_LIST), AT(name##_n), count, 0, max, NULL,   \
		NULL, since, sentence},
#include "common/measurement.def"
};

/* What a string of a line may hold. */
static bool
is_plain(char c)
{
	return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

static int64_t
int_at(const struct measurement *m, const struct row *row)
{
	int64_t value;

	memcpy(&value, (const char *)m + row->offset, sizeof value);
	return value;
}

/* ---- encoder ---- */

struct writer {
	char line[MEASUREMENT_LINE_MAX];
	size_t len;
	bool failed;
};

static void
put(struct writer *w, const void *bytes, size_t n)
{
	if (n > sizeof w->line - w->len) {
		w->failed = true;
		return;
	}
	memcpy(w->line + w->len, bytes, n);
	w->len += n;
}

static void
put_int(struct writer *w, int64_t value, const struct row *row)
{
	char digits[20];
	size_t at = sizeof digits;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	if (value < row->lowest || value > row->highest) {
		w->failed = true;
		return;
	}
	do
		digits[--at] = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		digits[--at] = '-';
	put(w, digits + at, sizeof digits - at);
}

static void
put_enum(struct writer *w, int64_t value, const struct row *row)
{
	if (value < row->lowest || value > row->highest) {
		w->failed = true;
		return;
	}
	put(w, "\"", 1);
	put(w, row->names[value].text, row->names[value].len);
	put(w, "\"", 1);
}

static void
put_text(struct writer *w, const char *text, const struct row *row)
{
	size_t n = strnlen(text, row->size + 1);

	if (n > row->size)
		w->failed = true;
	for (size_t i = 0; i < n; i++)
		if (!is_plain(text[i]))
			w->failed = true;
	if (w->failed)
		return;
	put(w, "\"", 1);
	put(w, text, n);
	put(w, "\"", 1);
}

static void
put_list(struct writer *w, const struct measurement *m, const struct row *row)
{
	const char *items = (const char *)m + row->offset;
	uint32_t n;

	memcpy(&n, (const char *)m + row->n_offset, sizeof n);
	if (n > row->size) {
		w->failed = true;
		return;
	}
	put(w, "[", 1);
	for (uint32_t i = 0; i < n; i++) {
		int64_t value;

		memcpy(&value, items + i * sizeof value, sizeof value);
		if (i)
			put(w, ",", 1);
		put_int(w, value, row);
	}
	put(w, "]", 1);
}

static void
put_value(struct writer *w, const struct measurement *m, const struct row *row)
{
	switch (row->shape) {
	case SHAPE_INT:
		put_int(w, int_at(m, row), row);
		break;
	case SHAPE_ENUM:
		put_enum(w, int_at(m, row), row);
		break;
	case SHAPE_TEXT:
		put_text(w, (const char *)m + row->offset, row);
		break;
	case SHAPE_LIST:
		put_list(w, m, row);
		break;
	}
}

enum err
measurement_encode(struct buf *out, const struct measurement *m)
{
	struct writer w;
	uint32_t kind;

	w.len = 0;
	w.failed = false;
	if (!m->has[FIELD_kind] || m->kind < 0 || m->kind >= LINE_COUNT)
		return ERR_FORMAT;
	kind = 1u << m->kind;
	for (size_t i = 0; i < FIELD_COUNT && !w.failed; i++) {
		const struct row *row = &rows[i];

		if (!m->has[i]) {
			w.failed = row->needed & kind;
			continue;
		}
		w.failed = !(row->allowed & kind);
		put(&w, w.len ? "," : "{", 1);
		put(&w, row->key, row->key_len);
		put_value(&w, m, row);
	}
	put(&w, "}", 1);
	if (w.failed)
		return ERR_FORMAT;
	buf_add(out, w.line, w.len);
	return OK;
}

/* ---- decoder: once over the bytes, in the order of the table ---- */

struct reader {
	const char *at, *end;
	const char *why; /* NULL while all is well */
};

static bool
take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool
take_key(struct reader *r, const struct row *row)
{
	/* The second byte decides nearly always: it is the first letter of the name. */
	if ((size_t)(r->end - r->at) < row->key_len || r->at[1] != row->key[1] ||
		memcmp(r->at, row->key, row->key_len) != 0)
		return false;
	r->at += row->key_len;
	return true;
}

static int64_t
take_int(struct reader *r, const struct row *row)
{
	bool negative = take(r, '-');
	const char *start = r->at;
	int64_t value = 0;

	/* 16 digits hold 2^53-1, the largest integer of RFC 8785; 17 fit in 64 bits. */
	while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - start < 17)
		value = value * 10 + (*r->at++ - '0');
	if (r->at == start)
		r->why = "a value that is no integer";
	else if (*start == '0' && (negative || r->at - start > 1))
		r->why = "an integer that is not in its shortest form";
	if (negative)
		value = -value;
	if (!r->why && (value < row->lowest || value > row->highest))
		r->why = "an integer out of the range of its field";
	return value;
}

static struct span
take_string(struct reader *r, size_t max)
{
	struct span text = {r->at, 0};

	if (!take(r, '"')) {
		r->why = "a value that is no string";
		return text;
	}
	text.at = r->at;
	while (r->at < r->end && is_plain(*r->at))
		r->at++;
	text.len = (size_t)(r->at - text.at);
	if (!take(r, '"'))
		r->why = "a string with a byte that no line may hold";
	else if (text.len > max)
		r->why = "a string longer than its field";
	return text;
}

static int
find_name(struct span text, const struct name *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].len == text.len &&
			memcmp(names[i].text, text.at, text.len) == 0)
			return (int)i;
	return -1;
}

static int64_t
take_enum(struct reader *r, const struct row *row)
{
	struct span text = take_string(r, MEASUREMENT_LINE_MAX);
	int value = r->why ? 0 : find_name(text, row->names, row->size);

	if (value < 0)
		r->why = "a name that the schema does not know";
	return value;
}

static void
take_list(struct reader *r, struct measurement *m, const struct row *row)
{
	char *items = (char *)m + row->offset;
	uint32_t n = 0;

	if (!take(r, '[')) {
		r->why = "a value that is no list";
		return;
	}
	while (!take(r, ']') && !r->why) {
		int64_t value;

		if (n == row->size) {
			r->why = "a list longer than its field";
			return;
		}
		if (n && !take(r, ',')) {
			r->why = "a list that does not end";
			return;
		}
		value = take_int(r, row);
		memcpy(items + n++ * sizeof value, &value, sizeof value);
	}
	memcpy((char *)m + row->n_offset, &n, sizeof n);
}

static void
take_value(struct reader *r, struct measurement *m, const struct row *row)
{
	char *at = (char *)m + row->offset;
	struct span text;
	int64_t value;

	switch (row->shape) {
	case SHAPE_INT:
	case SHAPE_ENUM:
		value = row->shape == SHAPE_INT ? take_int(r, row) : take_enum(r, row);
		memcpy(at, &value, sizeof value);
		break;
	case SHAPE_TEXT:
		text = take_string(r, row->size);
		if (!r->why)
			memcpy(at, text.at, text.len); /* the NUL is there already */
		break;
	case SHAPE_LIST:
		take_list(r, m, row);
		break;
	}
}

/* Reads the fields; returns the kinds of line in which just these may stand. */
static uint32_t
take_fields(struct reader *r, struct measurement *m)
{
	uint32_t kinds = CGMNSTW;
	bool more = true;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct row *row = &rows[i];

		if (!more || !take_key(r, row)) {
			kinds &= ~row->needed;
			continue;
		}
		take_value(r, m, row);
		if (r->why)
			return 0;
		m->has[i] = true;
		kinds &= row->allowed;
		more = take(r, ',');
	}
	if (more)
		r->why = "a field that the schema does not know, or not in its place";
	return kinds;
}

enum err
measurement_decode(struct measurement *m, struct span line, const char **why)
{
	struct reader r = {line.at, line.at + line.len, NULL};
	uint32_t kinds;

	memset(m, 0, sizeof *m);
	if (line.len > MEASUREMENT_LINE_MAX) {
		r.why = "a line longer than 4,096 bytes";
	} else if (!take(&r, '{')) {
		r.why = "a line that does not begin with {";
	} else {
		kinds = take_fields(&r, m);
		if (!r.why && !(take(&r, '}') && r.at == r.end))
			r.why = "a line that does not end with } behind its last field";
		else if (!r.why && !m->has[FIELD_kind])
			r.why = "a line without its kind";
		else if (!r.why && !(kinds & 1u << m->kind))
			r.why = "a field is missing, or not allowed in this kind of "
				"line";
	}
	if (!r.why)
		return OK;
	memset(m, 0, sizeof *m); /* nobody uses half a line by mistake */
	if (why)
		*why = r.why;
	return ERR_FORMAT;
}

/* ---- names ---- */

static const char *
name_of(const struct name *names, size_t n, unsigned int value)
{
	return value < n ? names[value].text : NULL;
}

const char *
line_kind_name(enum line_kind kind)
{
	return name_of(names_line, COUNT(names_line), kind);
}

const char *
check_name(enum check check)
{
	return name_of(names_check, COUNT(names_check), check);
}

const char *
rung_name(enum rung rung)
{
	return name_of(names_rung, COUNT(names_rung), rung);
}

const char *
stage_name(enum stage stage)
{
	return name_of(names_stage, COUNT(names_stage), stage);
}

const char *
outcome_name(enum outcome outcome)
{
	return name_of(names_outcome, COUNT(names_outcome), outcome);
}

const char *
reason_name(enum reason reason)
{
	return name_of(names_reason, COUNT(names_reason), reason);
}

const char *
medium_name(enum medium medium)
{
	return name_of(names_medium, COUNT(names_medium), medium);
}

const char *
supply_name(enum supply supply)
{
	return name_of(names_supply, COUNT(names_supply), supply);
}

int
check_by_name(struct span name)
{
	return find_name(name, names_check, COUNT(names_check));
}

int
rung_by_name(struct span name)
{
	return find_name(name, names_rung, COUNT(names_rung));
}

int
medium_by_name(struct span name)
{
	return find_name(name, names_medium, COUNT(names_medium));
}

/* ---- one field for a listing, or set by hand ---- */

static const char *const field_names[FIELD_COUNT] = {
#define INT(name, needed, allowed, min, max, since, sentence) #name,
#define ENUM(name, needed, allowed, type, since, sentence) #name,
#define TEXT(name, needed, allowed, max, since, sentence) #name,
#define LIST(name, needed, allowed, count, max, since, sentence) #name,
#include "common/measurement.def"
};

const char *
measurement_field_name(enum field field)
{
	return (unsigned int)field < FIELD_COUNT ? field_names[field] : NULL;
}

enum err
measurement_set_text(struct measurement *m, enum field field, const char *text)
{
	const struct row *row = &rows[field];
	size_t n = strnlen(text, row->size + 1);

	if (row->shape != SHAPE_TEXT)
		bug("%s is no text", field_names[field]);
	if (n > row->size)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++)
		if (!is_plain(text[i]))
			return ERR_LIMIT;
	memset((char *)m + row->offset, 0, row->size + 1);
	memcpy((char *)m + row->offset, text, n);
	m->has[field] = true;
	return OK;
}

void
measurement_field_text(struct buf *out, const struct measurement *m, enum field field)
{
	const struct row *row = &rows[field];
	const char *at = (const char *)m + row->offset;
	int64_t value;
	uint32_t n;

	if (!m->has[field])
		return;
	switch (row->shape) {
	case SHAPE_ENUM:
		value = int_at(m, row);
		if (value >= 0 && value <= row->highest) {
			buf_puts(out, row->names[value].text);
			break;
		}
		/* fall through */
	case SHAPE_INT:
		buf_printf(out, "%lld", (long long)int_at(m, row));
		break;
	case SHAPE_TEXT:
		buf_add(out, at, strnlen(at, row->size));
		break;
	case SHAPE_LIST:
		memcpy(&n, (const char *)m + row->n_offset, sizeof n);
		for (uint32_t i = 0; i < n && i < row->size; i++) {
			memcpy(&value, at + i * sizeof value, sizeof value);
			buf_printf(out, "%s%lld", i ? " " : "", (long long)value);
		}
		break;
	}
}

/* ---- the page ---- */

static void
document_names(struct buf *out, const char *title, const struct name *names, size_t n)
{
	buf_printf(out, "\n## %s\n\n| name | meaning |\n|---|---|\n", title);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "| `%s` | %s |\n", names[i].text, names[i].sentence);
}

static void
document_kinds(struct buf *out, uint32_t kinds)
{
	const char *before = "";

	if (kinds == CGMNSTW) {
		buf_puts(out, "every");
		return;
	}
	for (size_t i = 0; i < LINE_COUNT; i++) {
		if (!(kinds & 1u << i))
			continue;
		buf_printf(out, "%s%s", before, names_line[i].text);
		before = ", ";
	}
}

static void
document_field(struct buf *out, size_t field)
{
	const struct row *row = &rows[field];

	buf_printf(out, "| `%s` | ", field_names[field]);
	switch (row->shape) {
	case SHAPE_INT:
		buf_printf(out, "integer, %lld to %lld", (long long)row->lowest,
			(long long)row->highest);
		break;
	case SHAPE_ENUM:
		buf_printf(out, "name of a %s", row->type);
		break;
	case SHAPE_TEXT:
		buf_printf(out, "string, at most %u bytes", row->size);
		break;
	case SHAPE_LIST:
		buf_printf(out, "list of at most %u integers, %lld to %lld", row->size,
			(long long)row->lowest, (long long)row->highest);
		break;
	}
	buf_puts(out, " | ");
	document_kinds(out, row->needed);
	buf_puts(out, " | ");
	document_kinds(out, row->allowed & ~row->needed);
	buf_printf(out, " | %d | %s |\n", row->since, row->sentence);
}

void
measurement_document(struct buf *out)
{
	buf_printf(out,
		"# The schema, version %d\n\n"
		"Made from `common/measurement.def`, which is where to change it; a "
		"test "
		"compares.\nFORMAT.md says how a line is written.\n",
		MEASUREMENT_SCHEMA);
	document_names(out, "Kinds of line", names_line, COUNT(names_line));
	buf_puts(out, "\n## Fields\n\nIn the order in which they stand in a line.\n\n"
		      "| field | value | must stand in | may stand in | since version "
		      "| meaning |\n"
		      "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < FIELD_COUNT; i++)
		document_field(out, i);
	document_names(out, "Checks", names_check, COUNT(names_check));
	document_names(out, "Rungs", names_rung, COUNT(names_rung));
	document_names(out, "Stages", names_stage, COUNT(names_stage));
	document_names(out, "Outcomes", names_outcome, COUNT(names_outcome));
	document_names(out, "Reasons", names_reason, COUNT(names_reason));
	document_names(out, "Media", names_medium, COUNT(names_medium));
	document_names(out, "Supplies", names_supply, COUNT(names_supply));
}
