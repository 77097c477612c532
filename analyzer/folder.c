#include "analyzer/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/report/options.h"
#include "analyzer/store/store.h"
#include "common/conf.h"
#include "common/file.h"
#include "common/log.h"
#include "common/owner.h"

#define MACHINE_CONFIG "/etc/faultline/analyzer.conf"

/* The folder that init makes: store, keys, analyzer.conf. */

/* A request lasts as long as the network needs: that is no rehearsal's to shorten. */
static void
scale(struct settings *settings, const struct setting *rows, size_t n)
{
	int64_t request_us = settings->request_us;

	conf_scale(settings, rows, n, settings->time_scale);
	settings->request_us = request_us;
}

/* ERR_NOT_FOUND: there is none, and nobody named one. */
static enum err
read_settings(struct settings *settings, const char *path)
{
	size_t n;
	const struct setting *rows = settings_rows(&n);
	enum err err = conf_read(settings, rows, n, path);

	return err == OK ? settings_check(settings, path) : err;
}

enum err
folder_settings(struct context *context)
{
	char path[FILE_PATH_BYTES];
	struct settings *settings = &context->settings;
	size_t n;
	const struct setting *rows = settings_rows(&n);
	enum err err;

	conf_presets(settings, rows, n);
	if (context->config) {
		err = read_settings(settings, context->config);
		if (err == ERR_NOT_FOUND)
			log_error("%s: there is no such file", context->config);
	} else {
		err = file_path(
			path, context->dir ? context->dir : ".", "analyzer.conf");
		if (err == OK)
			err = read_settings(settings, path);
		if (err == ERR_NOT_FOUND && !context->dir)
			err = read_settings(settings, MACHINE_CONFIG);
		if (err == ERR_NOT_FOUND)
			err = OK;
	}
	if (!context->dir)
		context->dir = settings->dir[0] ? settings->dir : ".";
	return err;
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

/* Where the settings name the folder, init finds it without being told. */
static enum err
find_store(const struct context *context)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, context->dir, "store.sqlite");

	if (err != OK || access(path, F_OK) == 0 || errno != ENOENT)
		return err;
	log_error("%s: there is no store yet; make one with: faultline-analyzer "
		  "init%s%s",
		context->dir, context->dir == context->settings.dir ? "" : " ",
		context->dir == context->settings.dir ? "" : context->dir);
	return ERR_NOT_FOUND;
}

enum err
folder_open(struct context *context, bool as_owner)
{
	size_t n;
	const struct setting *rows = settings_rows(&n);
	enum err err = folder_settings(context);

	if (err != OK)
		return err;
	scale(&context->settings, rows, n);
	err = as_owner ? owner_become(context->dir) : owner_let_in(context->dir);
	if (err == OK)
		err = find_store(context);
	if (err == OK)
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
	const char **dir = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (state->arg_num > 0)
		argp_error(state, "%s: one folder is enough", arg);
	*dir = arg;
	return 0;
}

static enum err
make_folder(const struct context *context, bool with_settings)
{
	const char *dir = context->dir;
	enum err err = file_mkdir(dir);

	/* Where the machine's settings name the folder, a service's user owns it. */
	if (err == OK)
		err = owner_become(dir);
	/* The store first: where there is one, the keys beside it stay. */
	if (err == OK)
		err = store_create(dir);
	if (err == OK)
		err = identity_create(dir);
	if (err == OK && with_settings)
		err = write_settings(dir);
	return err;
}

static enum err
show_identity(const char *dir)
{
	struct identity identity = {0};
	char pin[64];
	enum err err = identity_open(&identity, dir);

	if (err == OK)
		err = identity_pin(pin, dir);
	if (err == OK)
		printf("%s\n%s\n", identity.key_name, pin);
	identity_close(&identity);
	return err;
}

int
folder_init(struct context *context, int argc, char **argv)
{
	static const struct argp argp = {.parser = parse_init,
		.args_doc = "[DIR]",
		.doc = "Makes the folder: store, keys, analyzer.conf. Without DIR: the "
		       "folder that `dir` in the settings names, which stay the "
		       "settings.\v"
		       "For example:\n  faultline-analyzer init /srv/faultline"};
	const char *dir = NULL;
	enum err err = OK;

	options_parse(&argp, argc, argv, &dir);
	if (dir)
		context->dir = dir;
	else
		err = folder_settings(context);
	/* Not where somebody happens to stand: "." can be said. */
	if (err == OK && !dir && context->settings.dir[0] == '\0') {
		log_error("name the folder to make: faultline-analyzer init DIR");
		return 2;
	}
	if (err == OK)
		err = make_folder(context, dir != NULL);
	if (err == OK)
		err = show_identity(context->dir);
	return err == OK ? 0 : 1;
}
