#include "common/conf.h"

#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"

#define FILE_BYTES_MAX (64 * 1024)
#define LINE_BYTES_MAX 200 /* inih's own, with '\n': it would cut a longer one in two */
#define ERRORS_MAX 10
#define WRAP_COLUMNS 80

struct unit {
	const char *name;
	int64_t size;
};
static const struct unit durations[] = {{"d", INT64_C(86400000000)},
	{"h", INT64_C(3600000000)}, {"min", 60000000}, {"s", 1000000}, {"ms", 1000},
	{"us", 1}, {NULL, 0}};
static const struct unit sizes[] = {{"GiB", 1 << 30}, {"GB", 1000000000},
	{"MiB", 1 << 20}, {"MB", 1000000}, {"KiB", 1 << 10}, {"kB", 1000}, {"B", 1},
	{"", 1}, {NULL, 0}};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

static const struct unit *
units_of(const struct setting *row)
{
	if (row->type == SETTING_DURATION)
		return durations;
	return row->type == SETTING_BYTES ? sizes : plain;
}

static void
store_int(void *values, const struct setting *row, int64_t value)
{
	memcpy((char *)values + row->offset, &value, sizeof value);
}

static int64_t
load_int(const void *values, const struct setting *row)
{
	int64_t value;

	memcpy(&value, (const char *)values + row->offset, sizeof value);
	return value;
}

static const char *
text_at(const void *values, const struct setting *row)
{
	return (const char *)values + row->offset;
}

/* ---- text -> value: NULL, or what is wrong ---- */

static const char *
parse_quantity(int64_t *value, const struct setting *row, const char *text)
{
	bool negative = *text == '-';
	const char *at = text + negative;
	int64_t number = 0;

	if (*at < '0' || *at > '9')
		return "is no number";
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, *at - '0', &number))
			return "is too large";
	for (const struct unit *unit = units_of(row); unit->name; unit++) {
		if (strcmp(unit->name, at) != 0)
			continue;
		if (__builtin_mul_overflow(number, unit->size, value))
			return "is too large";
		if (negative)
			*value = -*value;
		return NULL;
	}
	if (row->type == SETTING_DURATION && number == 0 && !*at) {
		*value = 0; /* nothing is nothing in every unit */
		return NULL;
	}
	if (row->type == SETTING_DURATION)
		return "is no duration: write it like 500ms, 30s, 15min, 1h or 1d";
	if (row->type == SETTING_BYTES)
		return "is no size: write it like 3000000, 256KiB or 40MB";
	return "is no whole number";
}

static const char *
parse_choice(int64_t *value, const struct setting *row, const char *text)
{
	const char *at = row->choices;

	for (*value = 0;; ++*value) {
		size_t n = strcspn(at, "|");

		if (n == strlen(text) && memcmp(at, text, n) == 0)
			return NULL;
		if (!at[n])
			return "is not one of the choices";
		at += n + 1;
	}
}

static const char *
set_value(void *values, const struct setting *row, const char *text)
{
	const char *wrong;
	int64_t value;

	if (row->type == SETTING_TEXT) {
		if (strlen(text) >= row->size)
			return "is too long";
		memset((char *)values + row->offset, 0, row->size);
		memcpy((char *)values + row->offset, text, strlen(text));
		return NULL;
	}
	wrong = row->type == SETTING_CHOICE ? parse_choice(&value, row, text)
					    : parse_quantity(&value, row, text);
	if (wrong)
		return wrong;
	if (row->type != SETTING_CHOICE && (value < row->min || value > row->max))
		return "is out of range";
	store_int(values, row, value);
	return NULL;
}

void
conf_presets(void *values, const struct setting *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *wrong = set_value(values, &rows[i], rows[i].preset);

		if (wrong)
			bug("the preset of %s %s", rows[i].name, wrong);
	}
}

/* ---- value -> text ---- */

/* In the unit that leaves the smallest number without a rest. */
static void
print_quantity(FILE *out, const struct setting *row, int64_t value)
{
	const struct unit *best = NULL;

	for (const struct unit *unit = units_of(row); unit->name; unit++)
		if (value % unit->size == 0 && (!best || unit->size >= best->size))
			best = unit;
	if (value == 0 && row->type == SETTING_DURATION)
		fputs("0s", out);
	else if (value == 0)
		fputs("0", out);
	else
		fprintf(out, "%lld%s", (long long)(value / best->size), best->name);
}

static void
print_choice(FILE *out, const struct setting *row, int64_t value)
{
	const char *at = row->choices;

	while (value-- > 0) {
		at += strcspn(at, "|");
		if (!*at++)
			bug("%s holds a choice that it does not have", row->name);
	}
	fprintf(out, "%.*s", (int)strcspn(at, "|"), at);
}

/* A comment may be longer than a line that is read. */
static void
print_comment(FILE *out, const char *text)
{
	size_t column = 1;

	fputc('#', out);
	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > 1 && column + 1 + n > WRAP_COLUMNS) {
			fputs("\n#", out);
			column = 1;
		}
		fprintf(out, " %.*s", (int)n, text);
		column += 1 + n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void
print_range(FILE *out, const struct setting *row)
{
	static const char *const nouns[] = {
		[SETTING_COUNT] = "a number from ",
		[SETTING_DURATION] = "a duration (us, ms, s, min, h, d) from ",
		[SETTING_BYTES] = "bytes (kB, MB, GB, KiB, MiB, GiB) from ",
		[SETTING_TEXT] = "a text of at most ",
		[SETTING_CHOICE] = "one of ",
	};

	fprintf(out, "# %s", nouns[row->type]);
	if (row->type == SETTING_TEXT) {
		fprintf(out, "%zu bytes", row->size - 1);
	} else if (row->type == SETTING_CHOICE) {
		for (const char *at = row->choices; *at; at++)
			fputs(*at == '|' ? ", " : (char[]){*at, '\0'}, out);
	} else {
		print_quantity(out, row, row->min);
		fputs(" to ", out);
		print_quantity(out, row, row->max);
	}
	fprintf(out, "; preset %s\n", *row->preset ? row->preset : "empty");
}

void
conf_print(FILE *out, const void *values, const struct setting *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct setting *row = &rows[i];

		if (i)
			fputc('\n', out);
		print_comment(out, row->sentence);
		print_range(out, row);
		fprintf(out, "%s =", row->name);
		if (row->type != SETTING_TEXT || *text_at(values, row))
			fputc(' ', out);
		if (row->type == SETTING_TEXT)
			fputs(text_at(values, row), out);
		else if (row->type == SETTING_CHOICE)
			print_choice(out, row, load_int(values, row));
		else
			print_quantity(out, row, load_int(values, row));
		fputc('\n', out);
	}
}

void
conf_scale(void *values, const struct setting *rows, size_t n, int64_t scale)
{
	if (scale < 1)
		bug("durations cannot be divided by %lld", (long long)scale);
	for (size_t i = 0; i < n; i++) {
		int64_t value;

		if (rows[i].type != SETTING_DURATION)
			continue;
		value = load_int(values, &rows[i]);
		/* 0 is a word of its own ("every time", "never") and stays what it is. */
		if (value > 0)
			store_int(values, &rows[i], value / scale ? value / scale : 1);
	}
}

/* ---- file -> values: inih behind a reader that counts and refuses ---- */

struct reading {
	void *values;
	const struct setting *rows;
	size_t n;
	const char *name; /* of the file */
	struct span rest;
	int line, errors;
};

/* The line that inih asked for last is the one that its handler speaks of. */
#define COMPLAIN(r, format, ...)                                                       \
	((r)->errors++, log_error("%s:%d: " format, (r)->name, (r)->line, __VA_ARGS__))

static void
say_range(struct reading *r, const struct setting *row, const char *text,
	const char *wrong)
{
	char range[160] = "";
	FILE *out = fmemopen(range, sizeof range - 1, "w");

	if (!out)
		bug("no memory for a sentence");
	print_range(out, row);
	fclose(out);
	range[strcspn(range, "\n")] = '\0';
	COMPLAIN(r, "'%s' for %s %s; it takes %s", text, row->name, wrong, range + 2);
}

static int
take_setting(void *reading, const char *section, const char *name, const char *value)
{
	struct reading *r = reading;

	(void)section; /* the reader lets none through */
	for (size_t i = 0; i < r->n; i++) {
		const char *wrong;

		if (strcmp(r->rows[i].name, name) != 0)
			continue;
		wrong = set_value(r->values, &r->rows[i], value);
		if (wrong)
			say_range(r, &r->rows[i], value, wrong);
		return 1;
	}
	COMPLAIN(r, "there is no setting '%s'; --print-config lists them", name);
	return 1;
}

/* What inih would take for more than we promise: sections, continued lines, ';' and
 * "name: value", comments behind a value. NULL when the line may go to it. */
static const char *
refuse(struct span line)
{
	const char *equals = memchr(line.at, '=', line.len);
	const char *colon = memchr(line.at, ':', line.len);

	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return "holds a byte that is no text";
	}
	if (!line.len || line.at[0] == '#')
		return NULL;
	if (line.at[0] == '[')
		return "begins a section: there are none";
	if (!equals || (colon && colon < equals))
		return "is not of the form 'name = value'";
	for (size_t i = 0; i < line.len; i++)
		if ((line.at[i] == ';' || line.at[i] == '#') &&
			(i == 0 || strchr(" \t=", line.at[i - 1])))
			return "holds a comment behind a setting: give it its own "
			       "line, "
			       "with '#'";
	return NULL;
}

/* As fgets(3) for inih: the next line that it may see, an empty one for one that it may
 * not, so that its idea of a line is ours. */
static char *
next_line(char *out, int room, void *reading)
{
	struct reading *r = reading;
	struct span line;
	const char *wrong;

	if (r->errors >= ERRORS_MAX || !span_written_line(&line, &r->rest))
		return NULL;
	r->line++;
	out[0] = '\0';
	if (line.len >= LINE_BYTES_MAX || line.len >= (size_t)room) {
		COMPLAIN(r, "the line is longer than %d bytes", LINE_BYTES_MAX);
		return out;
	}
	while (line.len && (*line.at == ' ' || *line.at == '\t')) {
		line.at++; /* or inih would join it to the line above */
		line.len--;
	}
	wrong = refuse(line);
	if (wrong) {
		COMPLAIN(r, "the line %s", wrong);
		return out;
	}
	memcpy(out, line.at, line.len);
	out[line.len] = '\0';
	return out;
}

enum err
conf_parse(void *values, const struct setting *rows, size_t n, struct span bytes,
	const char *name)
{
	struct reading r = {
		.values = values, .rows = rows, .n = n, .name = name, .rest = bytes};
	int answer;

	if (bytes.len >= 3 && memcmp(bytes.at, "\xEF\xBB\xBF", 3) == 0)
		r.rest = (struct span){
			bytes.at + 3, bytes.len - 3}; /* an editor's mark */
	answer = ini_parse_stream(next_line, &r, take_setting, &r);

	if (answer < 0)
		bug("inih has no memory");
	if (answer > 0 && !r.errors)
		log_error("%s:%d: the line is not of the form 'name = value'", name,
			answer);
	return answer || r.errors ? ERR_CONFIG : OK;
}

enum err
conf_read(void *values, const struct setting *rows, size_t n, const char *path)
{
	struct buf bytes = {0};
	enum err err = file_read(&bytes, path, FILE_BYTES_MAX);

	if (err == OK)
		err = conf_parse(values, rows, n, buf_span(&bytes), path);
	buf_free(&bytes);
	return err;
}

enum err
conf_write(const char *path, const void *values, const struct setting *rows, size_t n)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	enum err err;

	if (!out)
		bug("no memory for %s", path);
	conf_print(out, values, rows, n);
	if (fclose(out) != 0)
		bug("no memory for %s", path);
	err = file_write(path, text, bytes);
	free(text);
	return err;
}
