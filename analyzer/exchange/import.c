#include "analyzer/commands.h"

#include <string.h>

#include "analyzer/exchange/series.h"
#include "analyzer/report/options.h"
#include "common/file.h"
#include "common/log.h"

/* Files of other systems, each taken whole or not at all. */

struct importing {
	struct store *store;
	const char *from, *metric;
	char **paths;
	int n;
	uint64_t points;
};

static enum err
keep_point(void *arg, const struct store_point *point)
{
	struct importing *i = arg;

	i->points++;
	return store_put_point(i->store, point);
}

static enum err
import_series(struct importing *i, const char *path, struct span bytes)
{
	const char *why = NULL;
	uint64_t line = 0;
	enum err err = series_read(bytes, i->metric, keep_point, i, &line, &why);

	if (why)
		log_error("%s:%llu: %s; nothing of this file was taken", path,
			(unsigned long long)line, why);
	return err;
}

/* How each format is read: one row, one function. */
static const struct format {
	const char *name;
	enum err (*import)(struct importing *i, const char *path, struct span bytes);
	size_t bytes_max;
} formats[] = {
	{"series", import_series, SERIES_BYTES_MAX},
};

static const struct format *
find_format(const char *name)
{
	for (size_t i = 0; name && i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(name, formats[i].name) == 0)
			return &formats[i];
	return NULL;
}

static enum err
import_file(struct importing *i, const struct format *format, const char *path)
{
	uint64_t before = i->points;
	struct buf bytes = {0};
	enum err err = file_read(&bytes, path, format->bytes_max);

	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file", path);
	if (err == OK)
		err = store_begin(i->store);
	if (err == OK) {
		err = format->import(i, path, buf_span(&bytes));
		if (err == OK)
			err = store_commit(i->store);
		else
			store_rollback(i->store);
	}
	if (err == OK)
		log_note("%s: %llu points", path,
			(unsigned long long)(i->points - before));
	buf_free(&bytes);
	return err;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct importing *i = state->input;

	switch (key) {
	case 'f':
		i->from = arg;
		break;
	case 'm':
		i->metric = arg;
		break;
	case ARGP_KEY_ARGS:
		i->paths = state->argv + state->next;
		i->n = state->argc - state->next;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name one file at least");
		break;
	case ARGP_KEY_END:
		if (!find_format(i->from))
			argp_error(state, "say --from series");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int
import_run(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"from", 'f', "FORMAT", 0, "series", 0},
		{"metric", 'm', "NAME", 0, "bgp, active or traffic: take no other", 0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.args_doc = "FILE...",
		.doc = "Takes series that others measured of the same networks.\v"
		       "A file is CSV: source,metric,country,asn,time,value.\n\n"
		       "For example:\n  faultline-analyzer import --from series "
		       "--metric bgp routes.csv"};
	struct importing i = {.store = context->store};
	int failed = 0;

	options_parse(&argp, argc, argv, &i);
	for (int at = 0; at < i.n; at++)
		failed += import_file(&i, find_format(i.from), i.paths[at]) != OK;
	return failed ? 1 : 0;
}
