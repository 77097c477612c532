#include "tests/world/csv.h"

void
csv_open(struct csv *csv, struct span bytes)
{
	*csv = (struct csv){.rest = bytes, .next_line = 1};
}

static int
take(struct csv *csv)
{
	int c = (unsigned char)*csv->rest.at;

	csv->rest.at++;
	csv->rest.len--;
	csv->next_line += c == '\n';
	return c;
}

/* One field into the text; returns what ended it: ',' or '\n', also at the end. */
static int
take_field(struct csv *csv)
{
	bool quoted = false;

	while (csv->rest.len) {
		int c = take(csv);
		char byte = (char)c;

		if (c == '"' && quoted && csv->rest.len && *csv->rest.at == '"')
			take(csv);
		else if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && (c == ',' || c == '\n'))
			return c;
		if (c != '\r' && c != '\0')
			buf_add(&csv->text, &byte, 1);
	}
	return '\n';
}

bool
csv_next(struct csv *csv)
{
	size_t starts[CSV_FIELDS + 1] = {0};
	int end = '\n';

	csv->n = 0;
	buf_clear(&csv->text);
	while (csv->rest.len && (*csv->rest.at == '\n' || *csv->rest.at == '\r'))
		take(csv);
	csv->line = csv->next_line;
	if (!csv->rest.len)
		return false;
	do {
		end = take_field(csv);
		if (csv->n < CSV_FIELDS)
			starts[++csv->n] = csv->text.len;
	} while (end == ',');
	for (size_t i = 0; i < csv->n; i++)
		csv->fields[i] =
			(struct span){csv->text.data ? csv->text.data + starts[i] : "",
				starts[i + 1] - starts[i]};
	return true;
}

void
csv_close(struct csv *csv)
{
	buf_free(&csv->text);
}
