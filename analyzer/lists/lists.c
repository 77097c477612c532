#include "analyzer/lists/lists.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/commands.h"
#include "analyzer/report/options.h"
#include "common/file.h"
#include "common/log.h"

/* A newer list may be longer than this one may be signed: the judge says so. */
#define FILE_MOST ((size_t)1024 * 1024)

struct asked {
	const struct verb *verb;
	const char *path; /* NULL: none was named */
	char country[3]; /* "" not said */
	bool despite_problems;
};

struct verb {
	const char *name;
	int (*run)(struct context *context, struct asked *asked);
	bool needs_file, needs_country;
};

/* ---- what all of them share ---- */

static bool
is_country(const char *text)
{
	return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' &&
	       text[1] >= 'A' && text[1] <= 'Z';
}

/* "XX.csv" is the list of XX. */
static void
country_of_name(struct asked *asked)
{
	const char *slash = strrchr(asked->path, '/');
	const char *name = slash ? slash + 1 : asked->path;
	char stem[3] = {0};

	if (asked->country[0] || strlen(name) != 6 || strcmp(name + 2, ".csv") != 0)
		return;
	memcpy(stem, name, 2);
	if (is_country(stem))
		memcpy(asked->country, stem, sizeof stem);
}

static enum err
read_list(struct buf *out, const char *path)
{
	enum err err = file_read(out, path, FILE_MOST);

	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file", path);
	return err;
}

/* The address databases of the settings; none there is none. */
static enum err
open_where(struct where_db **where, const struct settings *settings)
{
	if (settings->asn_db[0] == '\0' && settings->country_db[0] == '\0') {
		log_note("no asn_db and no country_db in the settings: where the "
			 "addresses lie is not checked");
		return OK;
	}
	return where_open(where, settings->asn_db, settings->country_db);
}

static enum err
judge(struct judgement *judgement, struct buf *list, struct context *context,
	struct asked *asked)
{
	struct where_db *where = NULL;
	enum err err = read_list(list, asked->path);

	country_of_name(asked);
	if (err == OK)
		err = open_where(&where, &context->settings);
	if (err == OK)
		judge_list(
			judgement, buf_span(list), asked->path, asked->country, where);
	where_close(where);
	return err;
}

/* ---- new ---- */

/* The country's own top-level domain: its code, but for one (RFC 1591, ISO 3166-1). */
static void
tld_of(char tld[static 3], const char *country)
{
	const char *code = strcmp(country, "GB") == 0 ? "UK" : country;

	for (int i = 0; i < 3; i++)
		tld[i] = code[i] ? (char)(code[i] | 0x20) : '\0';
}

static enum err
write_new(const char *path, const struct buf *list)
{
	if (!path) {
		fwrite(list->data, 1, list->len, stdout);
		return OK;
	}
	if (access(path, F_OK) == 0) {
		log_error("%s: there is a file already; it was left as it is", path);
		return ERR_EXISTS;
	}
	return file_write(path, list->data, list->len);
}

static int
run_new(struct context *context, struct asked *asked)
{
	struct buf list = {0};
	char tld[3];
	enum err err;

	(void)context;
	tld_of(tld, asked->country);
	buf_puts(&list, everywhere_csv);
	buf_printf(&list,
		"core,%s,tld,53,-,resolvers of everybody who reads a .%s "
		"site,no\n",
		tld, tld);
	err = write_new(asked->path, &list);
	if (err == OK)
		log_note("these rows are safe to ask for everywhere. Somebody who "
			 "knows %s adds: domestic and essential hosts that stand "
			 "there, in three ASes each at least; international hosts "
			 "that nobody blocks for what they say, two of them in one "
			 "network; names that people there ask for. Then: "
			 "faultline-analyzer targets check",
			asked->country);
	buf_free(&list);
	return err == OK ? 0 : 1;
}

/* ---- check ---- */

static const struct column check_columns[] = {
	{"file", COLUMN_TEXT},
	{"country", COLUMN_TEXT},
	{"rows", COLUMN_NUMBER},
	{"problems", COLUMN_NUMBER},
	{"unverified", COLUMN_NUMBER},
	{"domestic_ases", COLUMN_NUMBER},
	{"international_ases", COLUMN_NUMBER},
	{"core_ases", COLUMN_NUMBER},
	{"essential_ases", COLUMN_NUMBER},
	{"control_ases", COLUMN_NUMBER},
};
#define CHECK_COLUMNS (sizeof check_columns / sizeof check_columns[0])

static void
list_judgement(const struct judgement *g, const struct asked *asked,
	enum listing_format format)
{
	const uint32_t numbers[] = {g->targets.n, g->problems, g->unverified,
		g->ases[ROLE_domestic], g->ases[ROLE_international], g->ases[ROLE_core],
		g->ases[ROLE_essential], g->ases[ROLE_control]};
	char texts[CHECK_COLUMNS - 2][12];
	const char *cells[CHECK_COLUMNS] = {asked->path, asked->country};
	struct listing *listing;

	for (size_t i = 0; i < CHECK_COLUMNS - 2; i++) {
		snprintf(texts[i], sizeof texts[i], "%u", numbers[i]);
		cells[i + 2] = texts[i];
	}
	listing_open(&listing, stdout, format, check_columns, CHECK_COLUMNS);
	listing_row(listing, cells);
	listing_close(listing);
}

static int
run_check(struct context *context, struct asked *asked)
{
	struct judgement *g = calloc(1, sizeof *g);
	struct buf list = {0};
	enum err err = folder_settings(context);
	uint32_t problems;

	if (!g)
		bug("no memory");
	if (err == OK)
		err = judge(g, &list, context, asked);
	if (err == OK)
		list_judgement(g, asked, (enum listing_format)context->format);
	problems = g->problems;
	buf_free(&list);
	free(g);
	return err == OK && problems == 0 ? 0 : 1;
}

/* ---- sign ---- */

static enum err
refuse_problems(const struct judgement *g, const struct asked *asked)
{
	if (asked->country[0] == '\0') {
		log_error("%s: whose list is this? give --country XX, or name the file "
			  "XX.csv",
			asked->path);
		return ERR_USAGE;
	}
	if (g->problems == 0 || asked->despite_problems)
		return OK;
	log_error("%s: not signed: %u problems; --despite-problems signs it as it is",
		asked->path, g->problems);
	return ERR_CONFIG;
}

static int
run_sign(struct context *context, struct asked *asked)
{
	struct judgement *g = calloc(1, sizeof *g);
	struct buf list = {0};
	struct mandate mandate;
	enum err err = folder_open(context, true);

	if (!g)
		bug("no memory");
	if (err == OK)
		err = judge(g, &list, context, asked);
	if (err == OK)
		err = refuse_problems(g, asked);
	if (err == OK)
		err = enforce_sign(&mandate, context, asked->country, buf_span(&list));
	if (err == OK)
		printf("%s: serial %llu of %s is in force: %u rows, %u unverified\n",
			asked->path, (unsigned long long)mandate.serial,
			mandate.country, g->targets.n, g->unverified);
	buf_free(&list);
	free(g);
	return err == OK ? 0 : err == ERR_USAGE ? 2 : 1;
}

/* ---- show ---- */

static const struct column show_columns[] = {
	{"target", COLUMN_TEXT},
	{"role", COLUMN_TEXT},
	{"host", COLUMN_TEXT},
	{"address", COLUMN_TEXT},
	{"port", COLUMN_TEXT},
	{"asn", COLUMN_NUMBER},
	{"rung", COLUMN_TEXT},
	{"checks", COLUMN_TEXT},
	{"level", COLUMN_TEXT},
	{"who_else", COLUMN_TEXT},
	{"verified", COLUMN_TEXT},
};

static const char *
keep_text(struct buf *texts, struct span text)
{
	buf_clear(texts);
	buf_add(texts, text.at, text.len);
	return texts->data ? texts->data : "";
}

static void
show_row(struct listing *listing, const struct target *t,
	const struct span columns[static TARGET_COLUMNS])
{
	struct buf texts[TARGET_COLUMNS] = {0}, checks = {0};
	const char *cell[TARGET_COLUMNS];

	for (size_t i = 0; i < TARGET_COLUMNS; i++)
		cell[i] = keep_text(&texts[i], columns[i]);
	for (enum check c = 0; c < CHECK_COUNT; c++)
		if (t->checks & UINT32_C(1) << c)
			buf_printf(
				&checks, "%s%s", checks.len ? " " : "", check_name(c));
	listing_row(listing,
		(const char *const[]){t->id, cell[TARGET_ROLE], cell[TARGET_HOST],
			cell[TARGET_ADDRESS], cell[TARGET_PORT],
			t->asn ? cell[TARGET_ASN] : "", rung_name(t->rung),
			checks.data ? checks.data : "", targets_level_name(t->level),
			cell[TARGET_WHO_ELSE], cell[TARGET_VERIFIED]});
	for (size_t i = 0; i < TARGET_COLUMNS; i++)
		buf_free(&texts[i]);
	buf_free(&checks);
}

static enum err
show_list(struct span list, const char *path, enum listing_format format)
{
	struct targets *targets = calloc(1, sizeof *targets);
	struct span columns[TARGET_COLUMNS], row;
	struct listing *listing;
	const char *why = "";
	uint32_t line = 0;
	enum err err;

	if (!targets)
		bug("no memory");
	err = targets_read(targets, list, &line, &why);
	if (err != OK) {
		log_error("%s:%u: %s", path, line, why);
		free(targets);
		return err;
	}
	listing_open(&listing, stdout, format, show_columns,
		sizeof show_columns / sizeof show_columns[0]);
	(void)span_written_line(&row, &list);
	for (uint32_t i = 0; i < targets->n; i++)
		if (span_written_line(&row, &list) &&
			span_columns(columns, TARGET_COLUMNS, row))
			show_row(listing, &targets->rows[i], columns);
	listing_close(listing);
	free(targets);
	return OK;
}

static enum err
show_in_force(struct context *context, enum listing_format format)
{
	struct mandate mandate;
	struct buf note = {0};
	enum err err = folder_open(context, false);

	if (err == OK) {
		err = enforce_read(&mandate, &note, context);
		if (err == ERR_NOT_FOUND)
			log_error("%s: no list is in force yet: faultline-analyzer "
				  "targets sign FILE",
				context->dir);
	}
	if (err == OK) {
		log_note("in force: serial %llu of %s",
			(unsigned long long)mandate.serial, mandate.country);
		err = show_list(mandate.list, "the list in force", format);
	}
	buf_free(&note);
	return err;
}

static int
run_show(struct context *context, struct asked *asked)
{
	enum listing_format format = (enum listing_format)context->format;
	struct buf list = {0};
	enum err err;

	if (!asked->path)
		return show_in_force(context, format) == OK ? 0 : 1;
	err = read_list(&list, asked->path);
	if (err == OK)
		err = show_list(buf_span(&list), asked->path, format);
	buf_free(&list);
	return err == OK ? 0 : 1;
}

/* ---- the verbs ---- */

static const struct verb verbs[] = {
	{"new", run_new, false, true},
	{"check", run_check, true, false},
	{"sign", run_sign, true, false},
	{"show", run_show, false, false},
};

static void
take_word(struct asked *asked, const char *word, struct argp_state *state)
{
	if (state->arg_num > 1)
		argp_error(state, "%s: one list at a time", word);
	if (state->arg_num == 1) {
		asked->path = word;
		return;
	}
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(word, verbs[i].name) == 0)
			asked->verb = &verbs[i];
	if (!asked->verb)
		argp_error(state, "%s: say new, check, sign or show", word);
}

static error_t
parse_lists(int key, char *arg, struct argp_state *state)
{
	struct asked *asked = state->input;

	switch (key) {
	case 'c':
		if (!is_country(arg))
			argp_error(state,
				"%s: a country is two capital letters (ISO 3166-1)",
				arg);
		memcpy(asked->country, arg, sizeof asked->country);
		break;
	case 'd':
		asked->despite_problems = true;
		break;
	case ARGP_KEY_ARG:
		take_word(asked, arg, state);
		break;
	case ARGP_KEY_END:
		if (!asked->verb)
			argp_error(state, "say new, check, sign or show");
		else if (asked->verb->needs_file && !asked->path)
			argp_error(state, "which list? name its file");
		else if (asked->verb->needs_country && !asked->country[0])
			argp_error(state, "of which country? give --country XX");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int
lists_run(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"country", 'c', "XX", 0,
			"whose list (check, sign: else the file is named XX.csv)", 0},
		{"despite-problems", 'd', NULL, 0, "sign: what check complains of, too",
			0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse_lists,
		.args_doc = "new [FILE]\ncheck FILE\nsign FILE\nshow [FILE]",
		.doc = "The list of what probes measure: `new` drafts one with what is "
		       "safe to ask for everywhere; a person who knows the country "
		       "adds to it; `check` tells what is wrong with it, against the "
		       "address databases of the settings where there are some; `sign` "
		       "puts it in force, and probes fetch it; `show` tells what each "
		       "row measures and who else contacts it.\v"
		       "A row is role,host,address,port,asn,who_else,verified; "
		       "config/targets/README.md explains it.\n\n"
		       "For example:\n"
		       "  faultline-analyzer targets new --country XX XX.csv\n"
		       "  faultline-analyzer targets check XX.csv"};
	struct asked asked = {0};

	options_parse(&argp, argc, argv, &asked);
	return asked.verb->run(context, &asked);
}
