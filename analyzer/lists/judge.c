#include "analyzer/lists/lists.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/address.h"
#include "common/log.h"

/* RFC 6761 and its registry, RFC 7686, RFC 8375, RFC 9476, and what ICANN has set aside for
 * private use: such names lead nowhere, or somewhere else for each of us. */
static const char *const special_names[] = {"alt", "arpa", "example", "example.com",
	"example.net", "example.org", "internal", "invalid", "local", "localhost",
	"onion", "test"};

struct judging {
	struct judgement *out;
	const char *path, *country;
	struct where_db *where;
	uint32_t line;
};

__attribute__((format(printf, 2, 3))) static void
complain(struct judging *j, const char *format, ...)
{
	char text[256];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	log_error("%s:%u: %s", j->path, j->line, text);
	j->out->problems++;
}

/* Is ${host} this name or one below it? */
static bool
lies_under(const char *host, const char *name)
{
	size_t n = strlen(host), m = strlen(name);

	if (n > 0 && host[n - 1] == '.')
		n--;
	return n >= m && strncasecmp(host + n - m, name, m) == 0 &&
	       (n == m || host[n - m - 1] == '.');
}

static void
judge_name(struct judging *j, const struct target *t)
{
	for (size_t i = 0; i < sizeof special_names / sizeof special_names[0]; i++)
		if (lies_under(t->host, special_names[i]))
			complain(j,
				"names under '%s' are nobody's: nothing can be "
				"measured there",
				special_names[i]);
}

static bool
has_number(const struct target *t)
{
	return t->address[0] &&
	       strspn(t->address, "0123456789abcdefABCDEF.:") == strlen(t->address);
}

static bool
is_public(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_is_public((const struct sockaddr *)&v4);
	return inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 &&
	       address_is_public((const struct sockaddr *)&v6);
}

/* What the .mmdb files say. Addresses are given anew and move: what they do not know is
 * left to the person who verifies the row. */
static void
judge_place(struct judging *j, struct target *t)
{
	struct place place = {0};
	bool known;

	if (!j->where || !where_find(&place, j->where, t->address))
		return;
	if (place.asn && t->asn && place.asn != t->asn)
		complain(j, "%s lies in AS %u, not in AS %u", t->address, place.asn,
			t->asn);
	if (!t->asn)
		t->asn = place.asn;
	known = j->country[0] && strcmp(place.country, "ZZ") != 0;
	if (known && t->role == ROLE_domestic && strcmp(place.country, j->country) != 0)
		complain(j, "%s lies in %s: a domestic target stands in %s", t->address,
			place.country, j->country);
	if (known && t->role == ROLE_international &&
		strcmp(place.country, j->country) == 0)
		complain(j, "%s lies in %s: an international target stands abroad",
			t->address, place.country);
}

static void
judge_row(struct judging *j, struct target *t)
{
	judge_name(j, t);
	if (t->address[0] && !has_number(t))
		return; /* resolver, root, tld: known only there and then */
	if (!t->address[0]) {
		if (!t->asn)
			complain(j, "a row without an address says at least its AS "
				    "number");
		return;
	}
	if (!is_public(t->address)) {
		complain(j, "%s lies in a special-purpose range: probes refuse it",
			t->address);
		return;
	}
	judge_place(j, t);
	if (!t->asn)
		complain(j, "no AS number is known of %s: write it into the row",
			t->address);
}

static uint32_t
count_ases(const struct targets *targets, enum role role)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < targets->n; i++) {
		const struct target *t = &targets->rows[i];
		bool counts = t->role == role && t->asn;

		for (uint32_t k = 0; counts && k < i; k++)
			counts = targets->rows[k].role != role ||
				 targets->rows[k].asn != t->asn;
		n += counts;
	}
	return n;
}

/* Of which kinds of targets a list needs several; what is measured of the others holds for
 * each by itself. */
static bool
is_of_many(enum role role)
{
	return role != ROLE_names && role != ROLE_messenger && role != ROLE_decoy;
}

static void
judge_spread(struct judging *j)
{
	j->line = 1;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		uint32_t *n = &j->out->ases[role];

		*n = count_ases(&j->out->targets, role);
		if (is_of_many(role) && *n < JUDGE_ASES)
			complain(j,
				"%s has targets in %u AS%s: at least %d are needed "
				"to tell a network from a country",
				targets_role_name(role), *n, *n == 1 ? "" : "es",
				JUDGE_ASES);
	}
}

static void
judge_line(struct judging *j, struct span line)
{
	struct targets *targets = &j->out->targets;
	struct span columns[TARGET_COLUMNS];
	const char *why = targets_add(targets, line);

	if (why) {
		complain(j, "%s", why);
		return;
	}
	judge_row(j, &targets->rows[targets->n - 1]);
	j->out->unverified += span_columns(columns, TARGET_COLUMNS, line) &&
			      span_is(columns[TARGET_VERIFIED], "no");
}

void
judge_list(struct judgement *judgement, struct span list, const char *path,
	const char *country, struct where_db *where)
{
	struct judging j = {judgement, path, country, where, 1};
	struct span rest = list, line;

	memset(judgement, 0, sizeof *judgement);
	if (list.len > TARGETS_BYTES_MAX)
		complain(&j, "a target list has at most %d bytes", TARGETS_BYTES_MAX);
	if (!span_written_line(&line, &rest) || !span_is(line, TARGETS_HEADER)) {
		complain(&j, "the first line must be '" TARGETS_HEADER "'");
		return;
	}
	while (span_written_line(&line, &rest)) {
		j.line++;
		judge_line(&j, line);
	}
	judge_spread(&j);
}
