#include "analyzer/report/options.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/utc.h"

/* What every command takes besides: main.c reads it wherever it stands. */
static char *
add_common(int key, const char *text, void *input)
{
	char *out = NULL;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)(uintptr_t)text;
	if (asprintf(&out,
		    "%s\n\nEverywhere: --dir DIR (the folder that init made), --config "
		    "FILE, --format table|csv|json, --verbose.",
		    text ? text : "") < 0)
		bug("no memory");
	return out;
}

void
options_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	char name[64];
	char **from = argv - 1, *was = *from;

	struct argp own = *argp;

	own.help_filter = add_common;
	snprintf(name, sizeof name, "faultline-analyzer %s", was);
	*from = name;
	argp_parse(&own, argc + 1, from, 0, NULL, input);
	*from = was;
}

int64_t
options_time(struct argp_state *state, const char *text)
{
	char day[UTC_TEXT_BYTES];
	int64_t utc_us = 0;

	snprintf(day, sizeof day, "%.20sT00:00:00Z", text);
	if (!utc_parse(&utc_us, text) && !utc_parse(&utc_us, day))
		argp_error(state, "%s: this is not a time such as 2026-01-08T16:30:00Z",
			text);
	return utc_us;
}

int64_t
options_number(struct argp_state *state, const char *text, int64_t min, int64_t max)
{
	uint64_t n = 0;

	if (!span_number(&n, (struct span){text, strlen(text)}, (uint64_t)max) ||
		(int64_t)n < min)
		argp_error(state, "%s: this must be a number from %lld to %lld", text,
			(long long)min, (long long)max);
	return (int64_t)n;
}

error_t
options_only(int key, const char *arg, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "%s: this command takes only options", arg);
	return 0;
}

static error_t
take_files(int key, char *arg, struct argp_state *state)
{
	struct options_files *files = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name one file at least");
		break;
	case ARGP_KEY_ARGS:
		files->paths = state->argv + state->next;
		files->n = state->argc - state->next;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void
options_files(
	struct options_files *files, const struct argp *argp, int argc, char **argv)
{
	struct argp own = *argp;

	own.parser = take_files;
	options_parse(&own, argc, argv, files);
}
