#include "common/measurement.h"

#include <string.h>

#include "common/log.h"
#include "common/schema.h"

/* What a string of a line may hold. */
static bool
is_plain(char c)
{
	return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

/* It fits, and each byte of it may stand in a line. */
static bool
is_text(const char *text, size_t most)
{
	size_t n = 0;

	while (n <= most && text[n] && is_plain(text[n]))
		n++;
	return n <= most && !text[n];
}

static int64_t
int_at(const struct measurement *m, const struct schema_row *row)
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
put_int(struct writer *w, int64_t value, const struct schema_row *row)
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
put_enum(struct writer *w, int64_t value, const struct schema_row *row)
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
put_text(struct writer *w, const char *text, const struct schema_row *row)
{
	if (!is_text(text, row->size)) {
		w->failed = true;
		return;
	}
	put(w, "\"", 1);
	put(w, text, strlen(text));
	put(w, "\"", 1);
}

static void
put_list(struct writer *w, const struct measurement *m, const struct schema_row *row)
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
put_value(struct writer *w, const struct measurement *m, const struct schema_row *row)
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
		const struct schema_row *row = &schema_rows[i];

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
take_key(struct reader *r, const struct schema_row *row)
{
	/* The second byte decides nearly always: it is the first letter of the name. */
	if ((size_t)(r->end - r->at) < row->key_len || r->at[1] != row->key[1] ||
		memcmp(r->at, row->key, row->key_len) != 0)
		return false;
	r->at += row->key_len;
	return true;
}

static int64_t
take_int(struct reader *r, const struct schema_row *row)
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

static int64_t
take_enum(struct reader *r, const struct schema_row *row)
{
	struct span text = take_string(r, MEASUREMENT_LINE_MAX);
	int value = r->why ? 0 : schema_find_name(text, row->names, row->size);

	if (value < 0)
		r->why = "a name that the schema does not know";
	return value;
}

static void
take_list(struct reader *r, struct measurement *m, const struct schema_row *row)
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
take_value(struct reader *r, struct measurement *m, const struct schema_row *row)
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
	uint32_t kinds = (1u << LINE_COUNT) - 1;
	bool more = true;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct schema_row *row = &schema_rows[i];

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

/* ---- one field for a listing, or set by hand ---- */

const char *
measurement_field_name(enum field field)
{
	return (unsigned int)field < FIELD_COUNT ? schema_rows[field].name : NULL;
}

bool
measurement_set_number(struct measurement *m, enum field field, int64_t value)
{
	const struct schema_row *row = &schema_rows[field];

	if (row->shape != SHAPE_INT)
		bug("%s is no number", row->name);
	if (value < row->lowest || value > row->highest)
		return false;
	memcpy((char *)m + row->offset, &value, sizeof(value));
	m->has[field] = true;
	return true;
}

enum err
measurement_set_text(struct measurement *m, enum field field, const char *text)
{
	const struct schema_row *row = &schema_rows[field];

	if (row->shape != SHAPE_TEXT)
		bug("%s is no text", schema_rows[field].name);
	if (!is_text(text, row->size))
		return ERR_LIMIT;
	memset((char *)m + row->offset, 0, row->size + 1);
	memcpy((char *)m + row->offset, text, strlen(text));
	m->has[field] = true;
	return OK;
}

void
measurement_field_text(struct buf *out, const struct measurement *m, enum field field)
{
	const struct schema_row *row = &schema_rows[field];
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
