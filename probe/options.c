#include "probe/program.h"

#include <argp.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define CONFIG_PRESET "/etc/faultline/probe.conf"
#define STATE_PRESET "/var/lib/faultline-probe"

/* Keys of the options; a letter is used in struct command, none is a short option. */
enum { KEY_CONFIG = 256, KEY_STATE, KEY_VERBOSE, KEY_PRINT, KEY_CHECK, KEY_VERSION };
#define KEY(letter) (512 + (letter))
#define COMMAND_OPTIONS 8

static const struct argp_option common_options[] = {
	{"config", KEY_CONFIG, "FILE", 0, "Settings (" CONFIG_PRESET ")", 1},
	{"state", KEY_STATE, "DIR", 0, "Key, spool and consent (" STATE_PRESET ")", 1},
	{"verbose", KEY_VERBOSE, NULL, 0, "Say more on standard error", 1},
	{0},
};

static const struct argp_option main_options[] = {
	{"print-config", KEY_PRINT, NULL, 0,
		"Show every setting in force, with its meaning and range", 0},
	{"check-config", KEY_CHECK, NULL, 0,
		"Read the settings and the target list, and say what is wrong", 0},
	{"version", KEY_VERSION, NULL, 0, "Show the version", 0},
	{0},
};

static const struct argp_option command_options[] = {
	{"checks", KEY('c'), "A,B", 0, "Only these checks", 0},
	{"format", KEY('f'), "text|json", 0, "json: one object a line", 0},
	{"from", KEY('F'), "FILE", 0, "The invite as a file", 0},
	{"accept-risks", KEY('a'), NULL, 0,
		"Agree to the risks that are shown, without being asked", 0},
	{"medium", KEY('m'), "mobile|fixed|satellite", 0,
		"What this line is, if you choose to say it", 0},
	{"region", KEY('R'), "XX-YY", 0,
		"Your region (ISO 3166-2), if you choose to say it", 0},
	{"profile", KEY('p'), "2g|home", 0, "2g for a metered mobile line", 0},
	{"level", KEY('l'), "low|normal|high", 0, "Up to which risk checks may run", 0},
};

struct parse {
	struct options *options;
	const struct command *commands;
	size_t n;
};

static int64_t
choice(struct argp_state *state, const char *option, const char *arg,
	const char *choices)
{
	size_t length = strlen(arg);
	int64_t index = 0;

	for (const char *at = choices; at != NULL; index++) {
		const char *bar = strchr(at, '|');
		size_t n = bar != NULL ? (size_t)(bar - at) : strlen(at);

		if (n == length && memcmp(at, arg, n) == 0)
			return index;
		at = bar != NULL ? bar + 1 : NULL;
	}
	argp_error(state, "--%s is one of %s, not \"%s\"", option, choices, arg);
	return -1;
}

static uint32_t
check_list(struct argp_state *state, const char *arg)
{
	uint32_t checks = 0;

	for (const char *at = arg; at != NULL;) {
		const char *comma = strchr(at, ',');
		size_t n = comma != NULL ? (size_t)(comma - at) : strlen(at);
		int check = check_by_name((struct span){at, n});

		if (check < 0 || !check_row((enum check)check))
			argp_error(state,
				"there is no check \"%.*s\"; the command checks lists "
				"them",
				(int)n, at);
		else
			checks |= UINT32_C(1) << check;
		at = comma != NULL ? comma + 1 : NULL;
	}
	return checks;
}

/* ISO 3166-2: two letters, a dash, one to three letters or digits. */
static void
region(struct argp_state *state, struct options *o, const char *arg)
{
	size_t n = strlen(arg);
	bool ok = n >= 4 && n <= 6 && arg[2] == '-';

	for (size_t i = 0; ok && i < n; i++)
		if (i < 2)
			ok = arg[i] >= 'A' && arg[i] <= 'Z';
		else if (i > 2)
			ok = isupper((unsigned char)arg[i]) ||
			     isdigit((unsigned char)arg[i]);
	if (!ok)
		argp_error(state, "--region reads XX-YY as in ISO 3166-2, not \"%s\"",
			arg);
	else
		memcpy(o->region, arg, n + 1);
}

static error_t
parse_common(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	switch (key) {
	case KEY_CONFIG:
		parse->options->config = arg;
		parse->options->config_given = true;
		return 0;
	case KEY_STATE:
		parse->options->state = arg;
		return 0;
	case KEY_VERBOSE:
		log_set_level(LOG_DETAILS);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp common_argp = {
	common_options, parse_common, NULL, NULL, NULL, NULL, NULL};
static const struct argp_child common_child[] = {{&common_argp, 0, NULL, 1}, {0}};

static void
take_argument(struct argp_state *state, struct options *o, char *arg)
{
	if (o->command->takes[0] == '\0' || o->code != NULL)
		argp_error(state, "\"%s\" is not understood", arg);
	o->code = arg;
}

static void
end_command(struct argp_state *state, const struct options *o)
{
	if (o->command->takes[0] != '\0' && (o->code == NULL) == (o->from == NULL))
		argp_error(state, "give the CODE of the invite, or --from FILE");
}

static error_t
parse_command(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct options *o = parse->options;

	switch (key) {
	case KEY('c'):
		o->checks = check_list(state, arg);
		return 0;
	case KEY('f'):
		o->json = choice(state, "format", arg, "text|json") == 1;
		return 0;
	case KEY('F'):
		o->from = arg;
		return 0;
	case KEY('a'):
		o->accept = true;
		return 0;
	case KEY('m'):
		o->medium = 1 + choice(state, "medium", arg, "mobile|fixed|satellite");
		return 0;
	case KEY('R'):
		region(state, o, arg);
		return 0;
	case KEY('p'):
		o->profile = choice(state, "profile", arg, "2g|home");
		return 0;
	case KEY('l'):
		o->level = choice(state, "level", arg, "low|normal|high");
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = parse;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(state, o, arg);
		return 0;
	case ARGP_KEY_END:
		end_command(state, o);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Its own options in the order of command_options. */
static void
select_options(struct argp_option *out, const struct command *command)
{
	size_t n = 0;

	for (size_t i = 0; i < COMMAND_OPTIONS; i++)
		if (strchr(command->options, command_options[i].key - KEY(0)) != NULL)
			out[n++] = command_options[i];
	out[n] = (struct argp_option){0};
}

/* The rest of the command line belongs to the command. */
static void
run_command(struct argp_state *state, struct parse *parse, const char *name)
{
	struct argp_option options[COMMAND_OPTIONS + 1];
	struct buf argv0 = {0};
	char **argv = &state->argv[state->next - 1], *old = argv[0];
	int argc = state->argc - (state->next - 1);

	for (size_t i = 0; i < parse->n; i++)
		if (strcmp(parse->commands[i].name, name) == 0)
			parse->options->command = &parse->commands[i];
	if (parse->options->command == NULL)
		argp_error(state, "there is no command \"%s\"", name);
	select_options(options, parse->options->command);
	buf_printf(&argv0, "%s %s", state->name, name);
	argv[0] = argv0.data;
	argp_parse(
		&(struct argp){options, parse_command, parse->options->command->takes,
			parse->options->command->sentence, common_child, NULL, NULL},
		argc, argv, 0, NULL, parse);
	argv[0] = old;
	buf_free(&argv0);
	state->next = state->argc;
}

static error_t
parse_main(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	switch (key) {
	case KEY_PRINT:
		parse->options->print_config = true;
		return 0;
	case KEY_CHECK:
		parse->options->check_config = true;
		return 0;
	case KEY_VERSION:
		puts("faultline-probe " FAULTLINE_VERSION);
		exit(0);
	case ARGP_KEY_INIT:
		state->child_inputs[0] = parse;
		return 0;
	case ARGP_KEY_ARG:
		run_command(state, parse, arg);
		return 0;
	case ARGP_KEY_END:
		if (parse->options->command == NULL && !parse->options->print_config &&
			!parse->options->check_config)
			argp_error(state, "what is to be done? Name a command");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
describe(struct buf *doc, const struct command *commands, size_t n)
{
	buf_puts(doc,
		"Measures how far this Internet connection reaches, rung by rung, and "
		"signs what it saw.\v");
	for (size_t i = 0; i < n; i++)
		buf_printf(doc, "  %-8s %.*s\n", commands[i].name,
			(int)strcspn(commands[i].sentence, "\v"), commands[i].sentence);
	buf_puts(doc,
		"\n`COMMAND --help` says more of each. A first try: `once`; then "
		"`enroll` "
		"with the code that the analyzer's operator gave you, then `run`.\n"
		"Exit status: 0 done, 1 failed, 2 wrong usage.");
}

void
options_parse(struct options *options, const struct command *commands, size_t n,
	int argc, char **argv)
{
	struct parse parse = {options, commands, n};
	struct buf doc = {0};

	*options = (struct options){.config = CONFIG_PRESET,
		.state = STATE_PRESET,
		.medium = -1,
		.profile = -1,
		.level = -1};
	describe(&doc, commands, n);
	argp_err_exit_status = 2;
	argp_parse(&(struct argp){main_options, parse_main, "COMMAND", doc.data,
			   common_child, NULL, NULL},
		argc, argv, ARGP_IN_ORDER, NULL, &parse);
	buf_free(&doc);
}
