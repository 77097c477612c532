#include <stdio.h>

#include "analyzer/analysis/weights.h"
#include "analyzer/commands.h"
#include "analyzer/report/options.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

/* The command analyze: all events anew, with the official weights or a person's own. */

struct ordered {
	int64_t since_utc_us, until_utc_us;
	const char *weights; /* a file; NULL: the official ones */
	bool print;
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct ordered *ordered = state->input;

	switch (key) {
	case 's':
		ordered->since_utc_us = options_time(state, arg);
		break;
	case 'u':
		ordered->until_utc_us = options_time(state, arg);
		break;
	case 'w':
		ordered->weights = arg;
		break;
	case 'p':
		ordered->print = true;
		break;
	default:
		return options_only(key, arg, state);
	}
	return 0;
}

static enum err
read_weights(struct weights *weights, const char *path)
{
	struct buf text = {0}, why = {0};
	uint64_t line = 0;
	enum err err = file_read(&text, path, WEIGHTS_BYTES_MAX);

	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file; --print-weights shows what one "
			  "is like",
			path);
	if (err == OK)
		err = weights_read(weights, buf_span(&text), &line, &why);
	if (why.len)
		log_error("%s:%llu: %s; nothing was computed", path,
			(unsigned long long)line, why.data);
	buf_free(&why);
	buf_free(&text);
	return err;
}

static void
print_weights(const struct weights *weights)
{
	struct buf text = {0};

	weights_print(&text, weights);
	fwrite(text.data, 1, text.len, stdout);
	buf_free(&text);
}

int
recompute_events(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"since", 's', "TIME", 0, "leave events as they are that ended before",
			0},
		{"until", 'u', "TIME", 0, "leave out what was measured after", 0},
		{"weights", 'w', "FILE", 0,
			"weigh the evidence as FILE says; all that comes of it is "
			"marked unofficial, until analyze or serve computes it anew",
			0},
		{"print-weights", 'p', NULL, 0,
			"only show the weights, as a FILE to edit", 0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.doc = "Computes every event anew from what is stored.\v"
		       "For example:\n  faultline-analyzer analyze --until "
		       "2026-01-09T00:00:00Z\n  faultline-analyzer analyze "
		       "--print-weights >mine.csv\n  faultline-analyzer analyze "
		       "--weights mine.csv"};
	struct ordered ordered = {.until_utc_us = clock_utc_us()};
	struct weights weights = *evidence_weights();

	options_parse(&argp, argc, argv, &ordered);
	if (ordered.weights && read_weights(&weights, ordered.weights) != OK)
		return 1;
	if (ordered.print) {
		print_weights(&weights);
		return 0;
	}
	if (folder_open(context, false) != OK)
		return 1;
	return analyze_run(context->store, &context->settings, ordered.since_utc_us,
		       ordered.until_utc_us, &weights) == OK
		       ? 0
		       : 1;
}
