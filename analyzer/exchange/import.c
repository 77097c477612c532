#include "analyzer/commands.h"

#include <string.h>

#include "analyzer/exchange/context.h"
#include "analyzer/exchange/levels.h"
#include "analyzer/exchange/outages.h"
#include "analyzer/exchange/series.h"
#include "analyzer/report/options.h"
#include "common/file.h"
#include "common/log.h"

/* Files of other systems, each taken whole or not at all. */

struct importing {
	struct store *store;
	const char *from, *metric, *country;
	char **paths;
	int n;
	uint64_t rows;
	struct places *places; /* opened when first asked for */
};

/* What a reader says of a file that it refuses. */
static void
refuse(const char *path, uint64_t line, const char *why)
{
	log_error("%s:%llu: %s; nothing of this file was taken", path,
		(unsigned long long)line, why);
}

static enum err
need_places(struct importing *i)
{
	return i->places ? OK : places_open(&i->places);
}

static enum err
keep_point(void *arg, const struct store_point *point)
{
	struct importing *i = arg;

	i->rows++;
	return store_put_point(i->store, point);
}

static enum err
keep_level(void *arg, const struct store_level *level)
{
	struct importing *i = arg;

	i->rows++;
	return store_put_level(i->store, level);
}

static enum err
keep_outage(void *arg, const struct store_outage *outage)
{
	struct importing *i = arg;

	i->rows++;
	return store_put_outage(i->store, outage);
}

static enum err
keep_context(void *arg, const struct store_context *context)
{
	struct importing *i = arg;

	i->rows++;
	return store_put_context(i->store, context);
}

/* "dir/Iran-2019-11.csv" -> "iran-2019-11". */
static void
name_source(char out[static 33], const char *path)
{
	const char *slash = strrchr(path, '/'), *at = slash ? slash + 1 : path;
	const char *dot = strrchr(at, '.');
	size_t n = dot && dot > at ? (size_t)(dot - at) : strlen(at);

	memset(out, 0, 33);
	for (size_t i = 0; i < n && i < 32; i++) {
		char c = at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		out[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
	}
}

/* The country that was named, or else that which the file's name begins with. */
static bool
find_country(char code[static 3], const struct importing *i, const char *source)
{
	char words[33];

	if (i->country)
		return places_find(
			code, i->places, (struct span){i->country, strlen(i->country)});
	for (size_t n = 0; n < sizeof words; n++)
		words[n] = source[n] == '-' ? ' ' : source[n];
	for (size_t n = strlen(words); n > 2; n--)
		if ((words[n] == '\0' || words[n] == ' ') &&
			places_find(code, i->places, (struct span){words, n}))
			return true;
	return false;
}

/* The country itself is not in such a file. */
static enum err
import_levels(struct importing *i, const char *path, struct span bytes)
{
	char source[33], country[3] = STORE_NO_COUNTRY;
	struct levels_of of = {.source = source, .country = country};
	const char *why = NULL;
	uint64_t line = 0;
	enum err err = need_places(i);

	if (err != OK)
		return err;
	name_source(source, path);
	if (find_country(country, i, source)) {
		of.zone = places_zone(i->places, country);
	} else if (i->country) {
		log_error("--country %s: there is no such country; say its code "
			  "(ISO 3166-1)",
			i->country);
		return ERR_CONFIG;
	} else {
		log_error("%s: its name begins with no country's, so its local times "
			  "stand as if they were UTC; say --country XX",
			path);
	}
	err = levels_read(bytes, &of, keep_level, i, &line, &why);
	if (why)
		refuse(path, line, why);
	return err;
}

static enum err
import_outages(struct importing *i, const char *path, struct span bytes)
{
	const char *why = NULL;
	uint64_t line = 0;
	enum err err = need_places(i);

	if (err == OK)
		err = outages_read(bytes, i->places, keep_outage, i, &line, &why);
	if (why)
		refuse(path, line, why);
	return err;
}

static enum err
import_series(struct importing *i, const char *path, struct span bytes)
{
	const char *why = NULL;
	uint64_t line = 0;
	struct span rest = bytes, first = {0};
	enum err err;

	if (span_written_line(&first, &rest) && span_is(first, LEVELS_HEADER)) {
		if (i->metric && strcmp(i->metric, "active") != 0) {
			refuse(path, 1,
				"this is the metric active, not the one that "
				"was asked for");
			return ERR_FORMAT;
		}
		return import_levels(i, path, bytes);
	}
	err = series_read(bytes, i->metric, keep_point, i, &line, &why);
	if (why)
		refuse(path, line, why);
	return err;
}

static enum err
import_context(struct importing *i, const char *path, struct span bytes)
{
	const char *why = NULL;
	uint64_t line = 0;
	enum err err = context_read(bytes, keep_context, i, &line, &why);

	if (why)
		refuse(path, line, why);
	return err;
}

/* How each format is read: one row, one function. */
static const struct format {
	const char *name;
	enum err (*import)(struct importing *i, const char *path, struct span bytes);
	size_t bytes_max;
} formats[] = {
	{"series", import_series, SERIES_BYTES_MAX},
	{"outages", import_outages, OUTAGES_BYTES_MAX},
	{"context", import_context, CONTEXT_BYTES_MAX},
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
	uint64_t before = i->rows;
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
		log_note("%s: %llu rows", path, (unsigned long long)(i->rows - before));
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
	case 'c':
		i->country = arg;
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
			argp_error(state, "say --from series, outages or context");
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
		{"from", 'f', "FORMAT", 0, "series, outages or context", 0},
		{"metric", 'm', "NAME", 0, "bgp, active or traffic: take no other", 0},
		{"country", 'c', "XX", 0,
			"whose regions these are, where the file's name does not begin "
			"with it",
			0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.args_doc = "FILE...",
		.doc = "Takes what others measured from outside.\v"
		       "series is CSV of networks "
		       "(source,metric,country,asn,time,value) "
		       "or of regions (region,time_local,percent). outages is CSV "
		       "whose "
		       "first line names its columns: id, begin_utc, end_utc, country, "
		       "scope, bgp_dropped, active_probing_dropped, telescope_dropped; "
		       "others are passed over, above all a cause. context is CSV "
		       "(kind,country,begin,end,source,says) that is shown and never "
		       "counted.\n\n"
		       "For example:\n  faultline-analyzer import --from series "
		       "--metric bgp routes.csv"};
	struct importing i = {.store = context->store};
	int failed = 0;

	options_parse(&argp, argc, argv, &i);
	for (int at = 0; at < i.n; at++)
		failed += import_file(&i, find_format(i.from), i.paths[at]) != OK;
	places_close(i.places);
	return failed ? 1 : 0;
}
