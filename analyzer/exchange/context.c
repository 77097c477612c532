#include "analyzer/exchange/context.h"

#include <string.h>

#include "analyzer/exchange/printable.h"
#include "common/utc.h"

#define COLUMNS 6

static bool
read_word(char *out, size_t room, struct span text)
{
	if (text.len < 1 || text.len >= room)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!((text.at[i] >= 'a' && text.at[i] <= 'z') ||
			    (text.at[i] >= '0' && text.at[i] <= '9') ||
			    text.at[i] == '-'))
			return false;
	memcpy(out, text.at, text.len);
	return true;
}

static bool
read_country(struct store_context *context, struct span text)
{
	if (text.len != 2 || text.at[0] < 'A' || text.at[0] > 'Z' || text.at[1] < 'A' ||
		text.at[1] > 'Z')
		return false;
	memcpy(context->country, text.at, 2);
	return true;
}

static const char *
read_row(struct store_context *context, struct span line)
{
	struct span column[COLUMNS];

	memset(context, 0, sizeof *context);
	if (memchr(line.at, '"', line.len))
		return "quoted fields are not read";
	if (!span_columns(column, COLUMNS, line))
		return "a row has six columns";
	if (!read_word(context->kind, sizeof context->kind, column[0]))
		return "a kind has 1 to 32 characters of a-z, 0-9 and -";
	if (!read_country(context, column[1]))
		return "a country is two capital letters (ISO 3166-1)";
	if (!utc_parse_span(&context->begin_utc_us, column[2]) ||
		(column[3].len && !utc_parse_span(&context->end_utc_us, column[3])))
		return "a time is such as 2026-01-08T16:30:00Z; only the end may be "
		       "empty";
	if (column[3].len && context->end_utc_us < context->begin_utc_us)
		return "it ends before it begins";
	if (!read_word(context->source, sizeof context->source, column[4]))
		return "a source has 1 to 32 characters of a-z, 0-9 and -";
	if (column[5].len < 1 || column[5].len >= sizeof context->says ||
		!printable_text(column[5]))
		return "what it says has 1 to 200 bytes of UTF-8 without control "
		       "characters";
	memcpy(context->says, column[5].at, column[5].len);
	return NULL;
}

enum err
context_read(struct span bytes, context_row_fn *fn, void *arg, uint64_t *line,
	const char **why)
{
	struct span rest = bytes, row;
	struct store_context context;
	enum err err = OK;

	*line = 1;
	*why = NULL;
	if (!span_written_line(&row, &rest) || !span_is(row, CONTEXT_HEADER))
		*why = "the first line must be '" CONTEXT_HEADER "'";
	while (!*why && err == OK && span_written_line(&row, &rest)) {
		++*line;
		*why = read_row(&context, row);
		if (!*why)
			err = fn(arg, &context);
	}
	return *why ? ERR_FORMAT : err;
}
