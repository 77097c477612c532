#include "analyzer/steps.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct listing {
	FILE *out;
	enum listing_format format;
	const struct column *columns;
	size_t n;
	struct libscols_table *table;
};

static const char *
text_of(const char *cell)
{
	return cell ? cell : "";
}

/* Length of the UTF-8 character at ${c} (RFC 3629: shortest form, no surrogates), or 0. */
static size_t
utf8_length(const unsigned char *c)
{
	static const struct {
		unsigned char lead_min, lead_max, next_min, next_max;
		size_t n;
	} forms[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (c[0] < forms[i].lead_min || c[0] > forms[i].lead_max)
			continue;
		if (c[1] < forms[i].next_min || c[1] > forms[i].next_max)
			return 0;
		for (size_t k = 2; k < forms[i].n; k++)
			if ((c[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].n;
	}
	return 0;
}

/* RFC 8259 section 7. */
static void
json_string(FILE *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t n;

	fputc('"', out);
	for (; *c; c += n ? n : 1) {
		n = *c > 0x7f ? utf8_length(c) : 1;
		if (n == 0)
			fputs("\\ufffd", out);
		else if (*c < 0x20 || *c == 0x7f)
			fprintf(out, "\\u%04x", *c);
		else
			fprintf(out, "%s%.*s", *c == '"' || *c == '\\' ? "\\" : "",
				(int)n, (const char *)c);
	}
	fputc('"', out);
}

static void
json_row(struct listing *l, const char *const *cells)
{
	fputc('{', l->out);
	for (size_t i = 0; i < l->n; i++) {
		const char *cell = text_of(cells[i]);

		fputs(i ? "," : "", l->out);
		json_string(l->out, l->columns[i].name);
		fputc(':', l->out);
		if (cell[0] == '\0')
			fputs("null", l->out);
		else if (l->columns[i].kind == COLUMN_TEXT)
			json_string(l->out, cell);
		else
			fputs(cell, l->out);
	}
	fputs("}\n", l->out);
}

/* A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection). */
static bool
looks_like_formula(const char *cell)
{
	cell += strspn(cell, " ");
	return cell[0] != '\0' && strchr("=+-@\t\r\n|%", cell[0]) != NULL;
}

/* RFC 4180. */
static void
csv_cell(FILE *out, const char *cell, bool guard)
{
	const char *before = guard && looks_like_formula(cell) ? "'" : "";

	if (!strpbrk(cell, ",\"\r\n")) {
		fprintf(out, "%s%s", before, cell);
		return;
	}
	fprintf(out, "\"%s", before);
	for (; *cell; cell++)
		fprintf(out, "%s%c", *cell == '"' ? "\"" : "", *cell);
	fputc('"', out);
}

static void
csv_row(struct listing *l, const char *const *cells)
{
	for (size_t i = 0; i < l->n; i++) {
		fputs(i ? "," : "", l->out);
		csv_cell(l->out, text_of(cells[i]), l->columns[i].kind == COLUMN_TEXT);
	}
	fputs("\r\n", l->out);
}

static void
table_row(struct listing *l, const char *const *cells)
{
	struct libscols_line *line = scols_table_new_line(l->table, NULL);

	if (!line)
		bug("no memory");
	for (size_t i = 0; i < l->n; i++)
		if (scols_line_set_data(line, i, text_of(cells[i])) != 0)
			bug("no memory");
}

static void
table_open(struct listing *l)
{
	scols_init_debug(0);
	l->table = scols_new_table();
	if (!l->table)
		bug("no memory");
	scols_table_set_stream(l->table, l->out);
	for (size_t i = 0; i < l->n; i++)
		if (!scols_table_new_column(l->table, l->columns[i].name, 0,
			    l->columns[i].kind == COLUMN_NUMBER ? SCOLS_FL_RIGHT : 0))
			bug("no memory");
}

void
listing_open(struct listing **out, FILE *file, enum listing_format format,
	const struct column *columns, size_t n)
{
	struct listing *l = calloc(1, sizeof *l);

	if (!l)
		bug("no memory");
	l->out = file;
	l->format = format;
	l->columns = columns;
	l->n = n;
	if (format == LISTING_TABLE)
		table_open(l);
	for (size_t i = 0; format == LISTING_CSV && i < n; i++)
		fprintf(file, "%s%s", columns[i].name, i + 1 < n ? "," : "\r\n");
	*out = l;
}

void
listing_row(struct listing *l, const char *const *cells)
{
	switch (l->format) {
	case LISTING_TABLE:
		table_row(l, cells);
		break;
	case LISTING_CSV:
		csv_row(l, cells);
		break;
	case LISTING_JSON:
		json_row(l, cells);
		break;
	}
}

/* The library prints nothing for no rows; as in CSV, what was asked for still shows. */
static void
table_heads(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		fprintf(l->out, "%s%s", l->columns[i].name, i + 1 < l->n ? " " : "\n");
}

void
listing_close(struct listing *l)
{
	if (!l)
		return;
	if (l->table) {
		if (scols_table_get_nlines(l->table) == 0)
			table_heads(l);
		else
			scols_print_table(l->table);
		scols_unref_table(l->table);
	}
	free(l);
}
