#include "analyzer/commands.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/report/options.h"
#include "analyzer/store/store.h"
#include "common/conf.h"
#include "common/file.h"
#include "common/log.h"

/* The folder that init makes: store, keys, analyzer.conf. */

/* A request lasts as long as the network needs: that is no rehearsal's to shorten. */
static void
scale(struct settings *settings, const struct setting *rows, size_t n)
{
	int64_t request_us = settings->request_us;

	conf_scale(settings, rows, n, settings->time_scale);
	settings->request_us = request_us;
}

enum err
folder_settings(struct settings *settings, const char *dir, const char *config)
{
	char path[FILE_PATH_BYTES];
	size_t n;
	const struct setting *rows = settings_rows(&n);
	enum err err = config ? OK : file_path(path, dir, "analyzer.conf");

	if (err != OK)
		return err;
	conf_presets(settings, rows, n);
	err = conf_read(settings, rows, n, config ? config : path);
	if (err == ERR_NOT_FOUND && config)
		log_error("%s: there is no such file", config);
	if (err == ERR_NOT_FOUND && !config)
		err = OK;
	return err == OK ? settings_check(settings, config ? config : path) : err;
}

/* What a verdict rests on is kept with it: the list as probes were given it. */
static enum err
keep_targets(struct context *context)
{
	const char *path = context->settings.targets, *why = "";
	struct targets *targets = NULL;
	struct buf bytes = {0};
	uint32_t line = 0;
	enum err err;

	if (path[0] == '\0')
		return OK;
	targets = malloc(sizeof *targets);
	if (!targets)
		bug("no memory");
	err = file_read(&bytes, path, TARGETS_BYTES_MAX);
	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file; `targets` in analyzer.conf names "
			  "it",
			path);
	if (err != OK)
		goto done;
	err = targets_read(targets, buf_span(&bytes), &line, &why);
	if (err != OK)
		log_error("%s:%u: %s", path, line, why);
	else
		err = store_put_targets(
			context->store, targets->sha256, buf_span(&bytes));
done:
	buf_free(&bytes);
	free(targets);
	return err;
}

enum err
folder_open(struct context *context, const char *config)
{
	size_t n;
	const struct setting *rows = settings_rows(&n);
	enum err err = folder_settings(&context->settings, context->dir, config);

	if (err != OK)
		return err;
	scale(&context->settings, rows, n);
	err = store_open(&context->store, context->dir);
	return err == OK ? keep_targets(context) : err;
}

void
folder_close(struct context *context)
{
	store_close(context->store);
	context->store = NULL;
}

/* ---- init ---- */

static enum err
write_settings(const char *dir)
{
	struct settings settings;
	char path[FILE_PATH_BYTES];
	size_t n;
	const struct setting *rows = settings_rows(&n);
	enum err err = file_path(path, dir, "analyzer.conf");

	conf_presets(&settings, rows, n);
	return err == OK ? conf_write(path, &settings, rows, n) : err;
}

static error_t
parse_init(int key, char *arg, struct argp_state *state)
{
	struct context *context = state->input;

	/* Not where somebody happens to stand: "." can be said. */
	if (key == ARGP_KEY_NO_ARGS)
		argp_error(state, "name the folder to make");
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (state->arg_num > 0)
		argp_error(state, "%s: one folder is enough", arg);
	context->dir = arg;
	return 0;
}

int
folder_init(struct context *context, int argc, char **argv)
{
	static const struct argp argp = {.parser = parse_init,
		.args_doc = "DIR",
		.doc = "Makes the folder: store, keys, analyzer.conf.\v"
		       "For example:\n  faultline-analyzer init /srv/faultline"};
	struct identity identity = {0};
	char pin[64];
	enum err err;

	options_parse(&argp, argc, argv, context);
	err = file_mkdir(context->dir);
	/* The store first: where there is one, the keys beside it stay. */
	if (err == OK)
		err = store_create(context->dir);
	if (err == OK)
		err = identity_create(context->dir);
	if (err == OK)
		err = write_settings(context->dir);
	if (err == OK)
		err = identity_open(&identity, context->dir);
	if (err == OK)
		err = identity_pin(pin, context->dir);
	if (err == OK)
		printf("%s\n%s\n", identity.key_name, pin);
	identity_close(&identity);
	return err == OK ? 0 : 1;
}
