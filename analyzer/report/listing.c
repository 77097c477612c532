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

/* RFC 8259 section 7; what is not ASCII is escaped too, so that no terminal or parser
 * has to guess an encoding. */
static void
json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
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

void
listing_close(struct listing *l)
{
	if (!l)
		return;
	if (l->table) {
		scols_print_table(l->table);
		scols_unref_table(l->table);
	}
	free(l);
}
