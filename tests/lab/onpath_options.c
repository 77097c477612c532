#include "tests/lab/onpath_options.h"

#include <argp.h>
#include <arpa/inet.h>
#include <string.h>

#include "tests/lab/tun.h"

#define DELAY_MS_MOST 10000
#define RATE_BPS_MOST INT64_C(10000000000)
#define BYTES_MOST 100000000
#define NS_OF_MS INT64_C(1000000)

enum {
	KEY_HELLO = 256,
	KEY_POLICE,
	KEY_FREEZE,
	KEY_FOREIGN,
	KEY_NOT_HOME,
	KEY_RACE,
	KEY_DELAY,
	KEY_REDIRECT,
	KEY_RESET,
	KEY_NAME,
};

/* A name in small letters, as the rules compare them. */
static const char *
parse_name(char *text, struct argp_state *state)
{
	if (text == NULL || *text == '\0' || strlen(text) >= ONPATH_NAME_BYTES)
		argp_error(state, "a name is missing, or too long");
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return text;
}

static void
check_room(size_t n, size_t most, struct argp_state *state)
{
	if (n == most)
		argp_error(state, "more than %zu of a kind", most);
}

/* NAME=VALUE: the name in front; *value behind. */
static char *
cut(char *text, char **value, struct argp_state *state)
{
	*value = strchr(text, '=');
	if (*value == NULL)
		argp_error(state, "'%s': a '=' is missing", text);
	*(*value)++ = '\0';
	return text;
}

static void
parse_listed(struct onpath_rules *rules, char *text, struct argp_state *state)
{
	char *rest, *name;

	rules->drop_hello = true;
	for (name = strtok_r(text, ",", &rest); name;
		name = strtok_r(NULL, ",", &rest)) {
		check_room(rules->listed_n, ONPATH_RULES_MOST, state);
		rules->listed[rules->listed_n++] = parse_name(name, state);
	}
}

static void
parse_police(struct onpath_rules *rules, char *text, struct argp_state *state)
{
	char *value, *burst;

	check_room(rules->police_n, ONPATH_RULES_MOST, state);
	rules->police[rules->police_n].part =
		parse_name(cut(text, &value, state), state);
	burst = strchr(value, ',');
	if (burst == NULL)
		argp_error(state, "'%s': RATE,BURST in bit/s and bytes", value);
	*burst++ = '\0';
	rules->police[rules->police_n].rate_bps =
		tun_number(value, 1, RATE_BPS_MOST, state);
	rules->police[rules->police_n++].burst_bytes =
		tun_number(burst, 1, BYTES_MOST, state);
}

static void
parse_prefix(struct onpath_rules *rules, char *text, struct argp_state *state)
{
	struct onpath_prefix *prefix = &rules->prefixes[rules->prefixes_n];
	char *bits = strchr(text, '/');

	check_room(rules->prefixes_n, ONPATH_PREFIXES_MOST, state);
	if (bits == NULL)
		argp_error(state, "'%s' is no prefix: ADDRESS/BITS", text);
	*bits++ = '\0';
	prefix->version = strchr(text, ':') ? 6 : 4;
	if (inet_pton(prefix->version == 6 ? AF_INET6 : AF_INET, text,
		    prefix->address) != 1)
		argp_error(state, "'%s' is no address", text);
	prefix->bits = (unsigned int)tun_number(
		bits, 0, prefix->version == 6 ? 128 : 32, state);
	rules->prefixes_n++;
}

static void
parse_prefixes(
	struct onpath_rules *rules, char *text, bool all_but, struct argp_state *state)
{
	char *rest, *prefix;

	if (rules->prefixes_n > 0 && rules->all_but != all_but)
		argp_error(state, "either --foreign or --not-home");
	rules->all_but = all_but;
	for (prefix = strtok_r(text, ",", &rest); prefix;
		prefix = strtok_r(NULL, ",", &rest))
		parse_prefix(rules, prefix, state);
}

static void
parse_race(struct onpath_rules *rules, char *text, struct argp_state *state)
{
	size_t i = rules->race_n;
	char *value, *six;

	check_room(i, ONPATH_RULES_MOST, state);
	rules->race[i].name = parse_name(cut(text, &value, state), state);
	six = strchr(value, '/');
	if (six == NULL)
		argp_error(state, "'%s': ADDRESS4/ADDRESS6", value);
	*six++ = '\0';
	if (inet_pton(AF_INET, value, rules->race[i].address4) != 1 ||
		inet_pton(AF_INET6, six, rules->race[i].address6) != 1)
		argp_error(state, "'%s/%s' is not an IPv4 and an IPv6 address", value,
			six);
	rules->race_n++;
}

static void
parse_redirect(struct onpath_rules *rules, char *text, struct argp_state *state)
{
	size_t i = rules->redirect_n;
	char *url;

	check_room(i, ONPATH_RULES_MOST, state);
	rules->redirect[i].name = parse_name(cut(text, &url, state), state);
	if (strlen(url) >= ONPATH_URL_BYTES)
		argp_error(
			state, "the URL is longer than %d bytes", ONPATH_URL_BYTES - 1);
	rules->redirect[i].url = url;
	rules->redirect_n++;
}

static void
parse_end(const struct onpath_options *options, struct argp_state *state)
{
	const struct onpath_rules *rules = &options->rules;

	if (options->right == NULL)
		argp_usage(state);
	if ((rules->freeze_bytes > 0) != (rules->prefixes_n > 0))
		argp_error(state,
			"--freeze and one of --foreign and --not-home go together");
	if (rules->race_delay_ns > 0 && rules->race_n == 0)
		argp_error(state, "--dns-delay without --dns-race");
}

static error_t
parse(int key, char *text, struct argp_state *state)
{
	struct onpath_options *options = state->input;
	struct onpath_rules *rules = &options->rules;

	switch (key) {
	case KEY_HELLO:
		parse_listed(rules, text, state);
		break;
	case KEY_POLICE:
		parse_police(rules, text, state);
		break;
	case KEY_FREEZE:
		rules->freeze_bytes = tun_number(text, 1, BYTES_MOST, state);
		break;
	case KEY_FOREIGN:
	case KEY_NOT_HOME:
		parse_prefixes(rules, text, key == KEY_NOT_HOME, state);
		break;
	case KEY_RACE:
		parse_race(rules, text, state);
		break;
	case KEY_DELAY:
		rules->race_delay_ns =
			tun_number(text, 0, DELAY_MS_MOST, state) * NS_OF_MS;
		break;
	case KEY_REDIRECT:
		parse_redirect(rules, text, state);
		break;
	case KEY_RESET:
		check_room(rules->reset_n, ONPATH_RULES_MOST, state);
		rules->reset[rules->reset_n++] = parse_name(text, state);
		break;
	case KEY_NAME:
		options->name = text;
		break;
	case ARGP_KEY_ARG:
		if (options->right != NULL)
			argp_usage(state);
		*(options->left == NULL ? &options->left : &options->right) = text;
		break;
	case ARGP_KEY_END:
		parse_end(options, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void
onpath_options_parse(struct onpath_options *options, int argc, char **argv)
{
	static const struct argp_option rows[] = {
		{"hello-drop-unless", KEY_HELLO, "NAME[,NAME]", 0,
			"drops a connection to port 443 from its ClientHello on, "
			"unless "
			"it is for one of the names",
			0},
		{"sni-police", KEY_POLICE, "PART=RATE,BURST", 0,
			"meters, both ways, each connection with a ClientHello for a "
			"name that contains the part",
			0},
		{"freeze", KEY_FREEZE, "BYTES", 0,
			"lets no more pass of a connection after so many bytes towards "
			"the client",
			0},
		{"foreign", KEY_FOREIGN, "PREFIX[,PREFIX]", 0, "of connections to here",
			0},
		{"not-home", KEY_NOT_HOME, "PREFIX[,PREFIX]", 0,
			"of connections from here to anywhere else", 0},
		{"dns-race", KEY_RACE, "NAME=ADDR4/ADDR6", 0,
			"tells whoever asks for the name this, before the true answer",
			0},
		{"dns-delay", KEY_DELAY, "MS", 0, "by which the true answer is later",
			0},
		{"http-redirect", KEY_REDIRECT, "NAME=URL", 0,
			"answers a request for the name on port 80 in the server's "
			"place",
			0},
		{"rst", KEY_RESET, "NAME", 0,
			"resets both ends after a ClientHello for the name", 0},
		{"name", KEY_NAME, "IF", 0, "of the device in both namespaces", 0},
		{0}};
	static const struct argp argp = {rows, parse, "LEFT RIGHT",
		"Joins two network namespaces and passes every packet but what its "
		"rules say.",
		NULL, NULL, NULL};

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
