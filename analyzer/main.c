#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/commands.h"
#include "analyzer/report/options.h"
#include "common/conf.h"
#include "common/log.h"

static volatile sig_atomic_t stop;

static void
end(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = end};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- serve ---- */

struct addresses {
	const char *ingest, *pages;
};

static error_t
parse_serve(int key, char *arg, struct argp_state *state)
{
	struct addresses *addresses = state->input;

	switch (key) {
	case 'i':
		addresses->ingest = arg;
		break;
	case 'p':
		addresses->pages = arg;
		break;
	default:
		return options_only(key, arg, state);
	}
	return 0;
}

static int
serve(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"ingest", 'i', "ADDR:PORT", 0, "where probes ship to", 0},
		{"pages", 'p', "ADDR:PORT", 0, "where pages are read; loopback only",
			0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse_serve,
		.doc = "Takes what probes ship and keeps the events up to date.\v"
		       "For example:\n  faultline-analyzer serve --dir /srv/faultline "
		       "--ingest 0.0.0.0:8443"};
	struct addresses addresses = {NULL, NULL};
	const struct settings *settings = &context->settings;

	options_parse(&argp, argc, argv, &addresses);
	if (folder_open(context, true) != OK)
		return 1;
	catch_signals();
	return serve_run(context,
		       addresses.ingest ? addresses.ingest : settings->ingest,
		       addresses.pages ? addresses.pages : settings->pages, &stop) == OK
		       ? 0
		       : 1;
}

/* ---- the table ---- */

static const struct command {
	const char *name, *usage, *sentence;
	int (*run)(struct context *context, int argc, char **argv);
	bool alone; /* needs no folder, or opens it itself */
} commands[] = {
	{"init", "[DIR]", "make the folder: store, keys, settings", folder_init, true},
	{"serve", "[--ingest ADDR:PORT] [--pages ADDR:PORT]",
		"take what probes ship, keep the events up to date", serve, true},
	{"invite", "[--cohort NAME] [--count N] [--role field|control] [--out DIR]",
		"make one-time invites for probes", admit_invite, false},
	{"probes", "[list | activate | suspend | revoke ID...]",
		"list the probes or change their state", admit_probes, false},
	{"targets", "new --country XX [FILE] | check FILE | sign FILE | show [FILE]",
		"draft, check and sign the list of what probes measure", lists_run,
		true},
	{"ingest", "FILE|DIR...", "take segments that were carried here", carry_files,
		false},
	{"import", "--from series|outages|context [--metric M] [--country XX] FILE...",
		"take what others measured from outside", import_run, false},
	{"analyze", "[--since T] [--until T] [--weights FILE] | --print-weights",
		"compute the events anew", recompute_events, true},
	{"events", "[filters]", "list what happened", events_list, false},
	{"explain", "EVENT [--history]", "the arithmetic of a verdict, row by row",
		explain_event, false},
	{"score", "--labels FILE", "hold the events against a list of known ones",
		scores_print, false},
	{"report", "EVENT --out DIR", "a page about an event, and its verdict as JSON",
		report_event, false},
	{"query", "measurements|events|networks [filters]", "list what is stored",
		query_run, false},
	{"export", "--to segments --out DIR", "write stored segments as files",
		segments_export, false},
	{"verify", "SEGMENT...", "check form, tree, signature and lines",
		verify_segments, true},
	{"flow", "FILE.pcap...",
		"judge captured transfers: policed, shaped, congested?", flows_judge,
		true},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void
help(FILE *out)
{
	fputs("usage: faultline-analyzer [OPTION...] COMMAND ...\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %s %s\n      %s\n", commands[i].name, commands[i].usage,
			commands[i].sentence);
	fputs("\n  --dir DIR       the folder that init made (the one that the "
	      "settings name,\n"
	      "                  or the current one)\n"
	      "  --config FILE   settings (DIR/analyzer.conf, or the machine's own in\n"
	      "                  /etc/faultline)\n"
	      "  --format table|csv|json\n"
	      "  --verbose       say more on standard error\n"
	      "  --print-config  the settings in force, and what each does\n"
	      "  --version, --help; also COMMAND --help\n",
		out);
}

/* ---- the options that stand anywhere ---- */

struct common {
	const char *dir, *config, *format;
	bool print_config;
};

/* Value of "--name VALUE" or "--name=VALUE" at argv[*i], moving *i on; NULL: not that. */
static const char *
option_value(const char *name, char **argv, int argc, int *i)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0)
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	if (argv[*i][n] != '\0')
		return NULL;
	if (*i + 1 == argc) {
		fprintf(stderr, "faultline-analyzer: %s wants a value\n", name);
		exit(2);
	}
	return argv[++*i];
}

/* Takes them out of argv, wherever they stand, so that every command has them without
 * knowing; returns the new argc. Behind "--" nothing is an option. */
static int
take_common(struct common *c, int argc, char **argv)
{
	int kept = 1, i;
	const char *value;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if ((value = option_value("--dir", argv, argc, &i)))
			c->dir = value;
		else if ((value = option_value("--config", argv, argc, &i)))
			c->config = value;
		else if ((value = option_value("--format", argv, argc, &i)))
			c->format = value;
		else if (strcmp(argv[i], "--print-config") == 0)
			c->print_config = true;
		else if (strcmp(argv[i], "--verbose") == 0)
			log_set_level(LOG_DETAILS);
		else
			argv[kept++] = argv[i];
	}
	for (; i < argc; i++)
		argv[kept++] = argv[i];
	argv[kept] = NULL;
	return kept;
}

static bool
read_format(int *format, const char *text)
{
	static const char *const names[] = {[LISTING_TABLE] = "table",
		[LISTING_CSV] = "csv",
		[LISTING_JSON] = "json"};

	for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*format = i;
		return true;
	}
	fprintf(stderr, "faultline-analyzer: --format %s: say table, csv or json\n",
		text);
	return false;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* "COMMAND --help" is answered wherever it is asked, store or none. */
static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--usage") == 0)
			return true;
	return false;
}

/* What nobody could read was not done. */
static int
flushed(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	log_error("cannot write to standard output: %s", strerror(errno));
	return 1;
}

static int
run_command(
	const struct command *command, struct context *context, int argc, char **argv)
{
	int code = 1;

	if (command->alone || asks_for_help(argc, argv) ||
		folder_open(context, false) == OK)
		code = command->run(context, argc - 2, argv + 2);
	folder_close(context);
	return code;
}

static int
print_config(struct context *context)
{
	size_t n;
	const struct setting *rows = settings_rows(&n);

	if (folder_settings(context) != OK)
		return 1;
	conf_print(stdout, &context->settings, rows, n);
	return 0;
}

int
main(int argc, char **argv)
{
	struct common c = {.format = "table"};
	struct context context = {0};
	const struct command *command;

	argp_err_exit_status = 2;
	umask(077);
	argc = take_common(&c, argc, argv);
	if (!read_format(&context.format, c.format))
		return 2;
	context.dir = c.dir;
	context.config = c.config;
	if (c.print_config)
		return flushed(print_config(&context));
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("faultline-analyzer " FAULTLINE_VERSION);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		help(stdout);
		return 0;
	}
	command = argc > 1 ? find_command(argv[1]) : NULL;
	if (!command) {
		if (argc > 1)
			fprintf(stderr, "faultline-analyzer: %s: no such command\n\n",
				argv[1]);
		help(stderr);
		return 2;
	}
	return flushed(run_command(command, &context, argc, argv));
}
