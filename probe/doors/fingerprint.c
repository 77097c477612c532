#include "probe/doors/fingerprint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/crypto.h"
#include "common/log.h"

#define HEADER_PREFIX "header."
#define HASH_DIGITS 8

enum column {
	NAME,
	SCOPE,
	OTHER_NAMES,
	LOCATION_FOUND,
	PATTERN_TYPE,
	PATTERN,
	COLUMNS
};

enum match { FULL, PREFIX, CONTAINS, MATCHES };
static const char *const matches[MATCHES] = {"full", "prefix", "contains"};

/* Offsets into the text, each the start of a string. */
struct fingerprint {
	uint32_t name, place, pattern, pattern_n;
	enum match match;
};

struct fingerprints {
	struct buf text;
	struct fingerprint *rows;
	size_t n;
};

/* ---- reading ---- */

struct reader {
	struct span rest;
	uint32_t line;
	struct buf fields[COLUMNS]; /* of the record at hand */
	size_t n; /* how many it has, at most COLUMNS of them kept */
};

static char
reader_take(struct reader *r)
{
	char c = *r->rest.at++;

	r->rest.len--;
	r->line += c == '\n';
	return c;
}

static bool
reader_sees(const struct reader *r, char c)
{
	return r->rest.len && *r->rest.at == c;
}

/* RFC 4180 section 2, rules 5 to 7. False: a quote that does not end. */
static bool
reader_quoted(struct reader *r, struct buf *field)
{
	while (r->rest.len) {
		char c = reader_take(r);

		if (c == '"' && !reader_sees(r, '"'))
			return true;
		if (c == '"')
			reader_take(r);
		if (field)
			buf_add(field, &c, 1);
	}
	return false;
}

static bool
reader_field(struct reader *r, struct buf *field)
{
	if (reader_sees(r, '"')) {
		reader_take(r);
		if (!reader_quoted(r, field))
			return false;
		if (reader_sees(r, '\r'))
			reader_take(r);
		return !r->rest.len || reader_sees(r, ',') || reader_sees(r, '\n');
	}
	while (r->rest.len && !reader_sees(r, ',') && !reader_sees(r, '\n')) {
		char c = reader_take(r);

		if (field && !(c == '\r' && reader_sees(r, '\n')))
			buf_add(field, &c, 1);
	}
	return true;
}

/* False: what follows is no record. */
static bool
reader_next(struct reader *r)
{
	for (size_t i = 0; i < COLUMNS; i++)
		buf_clear(&r->fields[i]);
	for (r->n = 0;;) {
		struct buf *field = r->n < COLUMNS ? &r->fields[r->n] : NULL;

		if (!reader_field(r, field))
			return false;
		r->n++;
		if (!r->rest.len || reader_take(r) == '\n')
			return true;
	}
}

static bool
reader_is(const struct reader *r, enum column column, const char *text)
{
	return span_is(buf_span(&r->fields[column]), text);
}

/* ---- rows ---- */

static uint32_t
keep(struct fingerprints *f, struct span text)
{
	uint32_t at = (uint32_t)f->text.len;

	buf_add(&f->text, text.at, text.len);
	buf_add(&f->text, "", 1);
	return at;
}

/* What a measurement has no room for is told apart by its hash. */
static uint32_t
keep_name(struct fingerprints *f, struct span name)
{
	uint8_t hash[HASH_BYTES];
	char hex[HASH_DIGITS + 1];
	struct buf cut = {0};
	uint32_t at;

	if (name.len < FINGERPRINT_NAME_BYTES)
		return keep(f, name);
	crypto_sha256(hash, name.at, name.len);
	crypto_hex(hex, hash, HASH_DIGITS / 2);
	buf_add(&cut, name.at, FINGERPRINT_NAME_BYTES - 2 - HASH_DIGITS);
	buf_printf(&cut, "~%s", hex);
	at = keep(f, buf_span(&cut));
	buf_free(&cut);
	return at;
}

/* A name goes into a line of evidence, and a location is compared as text. */
static bool
is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '"' ||
			text.at[i] == '\\')
			return false;
	return text.len > 0;
}

static bool
find_match(enum match *match, const struct reader *r)
{
	for (*match = 0; *match < MATCHES; ++*match)
		if (reader_is(r, PATTERN_TYPE, matches[*match]))
			return true;
	return false;
}

static bool
is_place(struct span place)
{
	return span_is(place, "body") || span_is(place, "dns") ||
	       span_skip(&place, HEADER_PREFIX);
}

static void
add_row(struct fingerprints *f, const struct reader *r)
{
	struct span place = buf_span(&r->fields[LOCATION_FOUND]);
	struct fingerprint *row;
	enum match match;

	if (reader_is(r, SCOPE, "fp") || !find_match(&match, r) || !is_place(place) ||
		!r->fields[PATTERN].len || !is_plain(buf_span(&r->fields[NAME])))
		return;
	row = &f->rows[f->n++];
	row->match = match;
	row->name = keep_name(f, buf_span(&r->fields[NAME]));
	span_skip(&place, HEADER_PREFIX);
	row->place = keep(f, place);
	row->pattern = keep(f, buf_span(&r->fields[PATTERN]));
	row->pattern_n = (uint32_t)r->fields[PATTERN].len;
}

static bool
is_head(const struct reader *r)
{
	return reader_is(r, NAME, "name") && reader_is(r, SCOPE, "scope");
}

static enum err
read_rows(struct fingerprints *f, struct reader *r, uint32_t *line)
{
	while (r->rest.len) {
		*line = r->line;
		if (reader_sees(r, '\n')) {
			reader_take(r);
			continue;
		}
		if (!reader_next(r) || r->n < COLUMNS)
			return ERR_FORMAT;
		if (f->n == FINGERPRINT_ROWS_MAX)
			return ERR_LIMIT;
		if (!is_head(r))
			add_row(f, r);
	}
	return OK;
}

enum err
fingerprint_read(struct fingerprints **out, uint32_t *line, struct span text)
{
	struct reader r = {.rest = text, .line = 1};
	struct fingerprints *f = calloc(1, sizeof(*f));
	enum err err;

	if (!f || !(f->rows = calloc(FINGERPRINT_ROWS_MAX, sizeof(*f->rows))))
		bug("no memory");
	err = text.len > FINGERPRINT_FILE_BYTES ? ERR_LIMIT : read_rows(f, &r, line);
	for (size_t i = 0; i < COLUMNS; i++)
		buf_free(&r.fields[i]);
	if (err == OK)
		*out = f;
	else
		fingerprint_free(f);
	return err;
}

void
fingerprint_free(struct fingerprints *f)
{
	if (!f)
		return;
	buf_free(&f->text);
	free(f->rows);
	free(f);
}

size_t
fingerprint_count(const struct fingerprints *f)
{
	return f->n;
}

/* ---- comparing ---- */

static const char *
text_at(const struct fingerprints *f, uint32_t at)
{
	return f->text.data + at;
}

static bool
is_in(const struct fingerprints *f, const struct fingerprint *row, struct span found)
{
	const char *pattern = text_at(f, row->pattern);
	size_t n = row->pattern_n;

	if (found.len < n)
		return false;
	if (row->match == CONTAINS)
		return memmem(found.at, found.len, pattern, n) != NULL;
	return !memcmp(found.at, pattern, n) &&
	       (row->match == PREFIX || found.len == n);
}

/* The value of the first header of that name (RFC 9110 section 5.1: whatever its case). */
static bool
find_header(struct span *value, struct span headers, const char *name)
{
	size_t n = strlen(name);
	struct span line;

	while (span_written_line(&line, &headers)) {
		if (line.len <= n || line.at[n] != ':' || strncasecmp(line.at, name, n))
			continue;
		line.at += n + 1;
		line.len -= n + 1;
		while (line.len && (*line.at == ' ' || *line.at == '\t')) {
			line.at++;
			line.len--;
		}
		*value = line;
		return true;
	}
	return false;
}

static bool
is_of_page(const struct fingerprints *f, const struct fingerprint *row,
	struct span headers, struct span body)
{
	const char *place = text_at(f, row->place);
	struct span value;

	if (!strcmp(place, "dns"))
		return false;
	if (!strcmp(place, "body"))
		return is_in(f, row, body);
	return find_header(&value, headers, place) && is_in(f, row, value);
}

static void
prefer(const struct fingerprint **best, const struct fingerprint *row)
{
	if (!*best || row->pattern_n > (*best)->pattern_n)
		*best = row;
}

const char *
fingerprint_of_page(const struct fingerprints *f, struct span headers, struct span body)
{
	const struct fingerprint *best = NULL;

	if (body.len > FINGERPRINT_BODY_BYTES)
		body.len = FINGERPRINT_BODY_BYTES;
	for (size_t i = 0; i < f->n; i++)
		if (is_of_page(f, &f->rows[i], headers, body))
			prefer(&best, &f->rows[i]);
	return best ? text_at(f, best->name) : NULL;
}

const char *
fingerprint_of_address(const struct fingerprints *f, const char *address)
{
	struct span found = {address, strlen(address)};
	const struct fingerprint *best = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(text_at(f, f->rows[i].place), "dns") &&
			is_in(f, &f->rows[i], found))
			prefer(&best, &f->rows[i]);
	return best ? text_at(f, best->name) : NULL;
}
