#include "analyzer/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/report/options.h"
#include "analyzer/store/store.h"
#include "common/file.h"
#include "common/invite.h"
#include "common/log.h"
#include "common/utc.h"

/* Who may send: invites and the states of probes. */

#define COUNT_MAX 1000

/* ---- invite ---- */

struct inviting {
	const char *cohort, *role, *out, *endpoint;
	int64_t count;
};

static bool
is_cohort(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 32 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static error_t
parse_invite(int key, char *arg, struct argp_state *state)
{
	struct inviting *i = state->input;

	switch (key) {
	case 'c':
		if (!is_cohort(arg))
			argp_error(state,
				"%s: a cohort has 1 to 32 letters a-z, digits and '-'",
				arg);
		i->cohort = arg;
		break;
	case 'n':
		i->count = options_number(state, arg, 1, COUNT_MAX);
		break;
	case 'r':
		if (strcmp(arg, "field") != 0 && strcmp(arg, "control") != 0)
			argp_error(state, "%s: the role is field or control", arg);
		i->role = arg;
		break;
	case 'o':
		i->out = arg;
		break;
	case 'e':
		i->endpoint = arg;
		break;
	default:
		return options_only(key, arg, state);
	}
	return 0;
}

/* The first number that is free: an invite that nobody has used yet is not lost. */
static enum err
free_path(char path[static FILE_PATH_BYTES], const char *dir)
{
	char name[32];
	enum err err = OK;

	for (int n = 1; err == OK; n++) {
		snprintf(name, sizeof name, "invite-%d.txt", n);
		err = file_path(path, dir, name);
		if (err == OK && access(path, F_OK) != 0)
			break;
	}
	return err;
}

/* The code itself goes out and is forgotten: the store keeps its hash. */
static enum err
invite_one(struct context *context, struct invite *invite, const struct inviting *i)
{
	struct buf text = {0};
	uint8_t code[16], hash[HASH_BYTES];
	char path[FILE_PATH_BYTES];
	enum err err;

	crypto_random(code, sizeof code);
	crypto_hex(invite->code, code, sizeof code);
	crypto_sha256(hash, invite->code, strlen(invite->code));
	err = store_add_invite(context->store, hash, invite->role, i->cohort);
	if (err != OK)
		goto done;
	if (!i->out) {
		invite_write_code(&text, invite);
		printf("%s\n", text.data);
		goto done;
	}
	err = free_path(path, i->out);
	invite_write(&text, invite);
	if (err == OK)
		err = file_write(path, text.data, text.len);
	if (err == OK)
		printf("%s\n", path);
done:
	crypto_wipe(code, sizeof code);
	buf_free(&text);
	return err;
}

/* An invite that does not read back would only fail in a volunteer's hands. */
static enum err
check_endpoint(const struct invite *invite)
{
	struct invite again, probe = *invite;
	struct buf text = {0};
	const char *why = "";
	enum err err;

	if (invite->endpoint[0] == '\0') {
		log_error(
			"probes must know where this analyzer is: set public_endpoint "
			"in analyzer.conf, or give --endpoint https://ADDR:PORT");
		return ERR_CONFIG;
	}
	memset(probe.code, '0', sizeof probe.code - 1);
	probe.code[sizeof probe.code - 1] = '\0';
	invite_write(&text, &probe);
	err = invite_parse(&again, buf_span(&text), &why);
	if (err != OK)
		log_error("%s: %s", invite->endpoint, why);
	buf_free(&text);
	return err;
}

static enum err
fill_invite(
	struct invite *invite, const struct context *context, const struct inviting *i)
{
	struct identity identity = {0};
	const char *endpoint =
		i->endpoint ? i->endpoint : context->settings.public_endpoint;
	enum err err = identity_open(&identity, context->dir);

	if (err == OK)
		err = identity_pin(invite->pin, context->dir);
	if (err == OK) {
		memcpy(invite->key, crypto_key_public(identity.key),
			sizeof invite->key);
		snprintf(invite->endpoint, sizeof invite->endpoint, "%s", endpoint);
		snprintf(invite->role, sizeof invite->role, "%s", i->role);
		err = check_endpoint(invite);
	}
	identity_close(&identity);
	return err;
}

int
admit_invite(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"cohort", 'c', "NAME", 0, "which group the probes belong to", 0},
		{"count", 'n', "N", 0, "how many invites (1)", 0},
		{"role", 'r', "field|control", 0,
			"control: a probe outside the country, for comparison (field)",
			0},
		{"out", 'o', "DIR", 0, "write invite-1.txt ... there", 0},
		{"endpoint", 'e', "URL", 0,
			"https://ADDR:PORT, instead of public_endpoint", 0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse_invite,
		.doc = "Makes one-time invites for probes: short codes on standard "
		       "output, or files.\v"
		       "For example:\n  faultline-analyzer invite --count 5 --out "
		       "invites"};
	struct inviting i = {.cohort = "default", .role = "field", .count = 1};
	struct invite invite = {0};
	enum err err;

	options_parse(&argp, argc, argv, &i);
	err = fill_invite(&invite, context, &i);
	if (err == OK && i.out)
		err = file_mkdir(i.out);
	for (int64_t n = 1; err == OK && n <= i.count; n++)
		err = invite_one(context, &invite, &i);
	crypto_wipe(&invite, sizeof invite);
	return err == OK ? 0 : 1;
}

/* ---- probes ---- */

static const struct {
	const char *verb, *state;
} verbs[] = {
	{"activate", "active"},
	{"suspend", "suspended"},
	{"revoke", "revoked"},
};

static const struct column columns[] = {
	{"epoch", COLUMN_TEXT},
	{"role", COLUMN_TEXT},
	{"cohort", COLUMN_TEXT},
	{"state", COLUMN_TEXT},
	{"enrolled", COLUMN_TEXT},
	{"segments", COLUMN_NUMBER},
};

static void
list_probe(void *arg, const struct store_probe *probe)
{
	char time[UTC_TEXT_BYTES], segments[24];

	utc_text(time, probe->enrolled_utc_us);
	snprintf(segments, sizeof segments, "%lld", (long long)probe->segments);
	listing_row(arg, (const char *const[]){probe->epoch, probe->role, probe->cohort,
				 probe->state, time, segments});
}

static int
list_probes(struct context *context)
{
	struct listing *listing;
	enum err err;

	listing_open(&listing, stdout, (enum listing_format)context->format, columns,
		sizeof columns / sizeof columns[0]);
	err = store_each_probe(context->store, list_probe, listing);
	listing_close(listing);
	return err == OK ? 0 : 1;
}

/* An id may be shortened as long as it means one probe. */
struct search {
	const char *start;
	char epoch[65];
	int found;
};

static void
match_probe(void *arg, const struct store_probe *probe)
{
	struct search *search = arg;

	if (strncmp(probe->epoch, search->start, strlen(search->start)) != 0)
		return;
	memcpy(search->epoch, probe->epoch, sizeof search->epoch);
	search->found++;
}

static enum err
set_state(struct context *context, const char *id, const char *state)
{
	struct search search = {.start = id};
	enum err err = store_each_probe(context->store, match_probe, &search);

	if (err != OK)
		return err;
	if (search.found != 1) {
		log_error("%s: %s", id,
			search.found ? "more than one probe's id begins so"
				     : "no probe's id begins so");
		return ERR_NOT_FOUND;
	}
	return store_set_probe_state(context->store, search.epoch, state);
}

struct changing {
	const char *state;
	bool list;
	const char *
		*ids; /* as they were typed: nothing is changed before all is read */
	int ids_n;
};

static error_t
parse_probes(int key, char *arg, struct argp_state *state)
{
	struct changing *c = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num > 0 && c->state) {
			c->ids[c->ids_n++] = arg;
			break;
		}
		for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
			if (strcmp(arg, verbs[i].verb) == 0)
				c->state = verbs[i].state;
		c->list = strcmp(arg, "list") == 0;
		if (state->arg_num > 0 || (!c->state && !c->list))
			argp_error(state, "%s: say list, activate, suspend or revoke",
				arg);
		break;
	case ARGP_KEY_END:
		if (c->state && c->ids_n == 0)
			argp_error(state, "which probe? give its id, or its beginning");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int
admit_probes(struct context *context, int argc, char **argv)
{
	static const struct argp argp = {.parser = parse_probes,
		.args_doc = "[list]\nactivate|suspend|revoke ID...",
		.doc = "Lists the probes, or changes their state. An id may be "
		       "shortened.\v"
		       "For example:\n  faultline-analyzer probes suspend 1cbd9244"};
	struct changing c = {.ids = calloc((size_t)argc + 1, sizeof *c.ids)};
	int failed = 0;

	if (!c.ids)
		bug("no memory");
	options_parse(&argp, argc, argv, &c);
	if (!c.state)
		failed = list_probes(context);
	for (int i = 0; i < c.ids_n; i++)
		failed |= set_state(context, c.ids[i], c.state) != OK;
	free(c.ids);
	return failed;
}
