#include "common/targets.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/utc.h"

#define WHO_ELSE_MAX 120
#define DAY_DIGITS 10 /* 2026-01-31 */
#define ID_HASH_BYTES 3

static const char *const roles[ROLE_COUNT] = {
#define ROLE(name, sentence) #name,
#include "common/targets.def"
};

static const struct kind {
	enum role role;
	uint16_t port;
	enum rung rung;
	enum level level;
	const char *checks;
} kinds[] = {
#define KIND(role, port, rung, level, checks)                                          \
	{ROLE_##role, port, RUNG_##rung, LEVEL_##level, checks},
#include "common/targets.def"
};

const char *
targets_role_name(enum role role)
{
	return roles[role];
}

const char *
targets_level_name(enum level level)
{
	static const char *const names[] = {"low", "normal", "high"};

	return names[level];
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void
copy(char *out, struct span text)
{
	memcpy(out, text.at, text.len);
	out[text.len] = '\0';
}

/* ---- one column each: NULL, or what is wrong ---- */

static const char *
read_role(struct target *target, struct span text)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		if (!span_is(text, roles[role]))
			continue;
		target->role = role;
		return NULL;
	}
	return "a role is domestic, international, core, essential, control, names, "
	       "messenger or decoy";
}

/* What a lenient reader takes for an IPv4 address ("127.1", "0x7f.1", "2130706433."), as
 * the URL standard's "ends in a number" has it: no top-level domain is one. */
static bool
ends_in_number(struct span host)
{
	size_t start, i;
	bool hex;

	if (host.len > 1 && host.at[host.len - 1] == '.')
		host.len--;
	for (start = host.len; start > 0 && host.at[start - 1] != '.'; start--)
		;
	hex = host.len - start >= 2 && host.at[start] == '0' &&
	      (host.at[start + 1] | 0x20) == 'x';
	for (i = start + (hex ? 2 : 0); i < host.len; i++) {
		char c = (char)(host.at[i] | 0x20);

		if (!is_digit(host.at[i]) && !(hex && c >= 'a' && c <= 'f'))
			return false;
	}
	return host.len > start;
}

/* RFC 1123 section 2.1, and the underscore that real zones use; "." is the root. */
static const char *
judge_host(struct span text, size_t room)
{
	size_t label = 0;

	if (text.len < 1 || text.len >= room)
		return room == TARGET_RESOLVER_BYTES
			       ? "a resolver's name has 1 to 63 characters"
			       : "a host name has 1 to 253 characters";
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '.' && !label && text.len > 1)
			return "a host name with an empty label";
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return "a label of a host name has at most 63 characters";
		if (c != '.' && c != '-' && c != '_' && !is_digit(c) && !is_letter(c))
			return "a host name holds letters, digits, '-', '_' and '.' "
			       "only";
		if (c == '-' &&
			(label == 1 || i + 1 == text.len || text.at[i + 1] == '.'))
			return "a label of a host name neither begins nor ends with "
			       "'-'";
	}
	if (ends_in_number(text))
		return "a host name whose last label is a number is an address in "
		       "disguise";
	return NULL;
}

/* NAME, or NAME@RESOLVER where a resolver has a name. */
static const char *
read_host(struct target *target, struct span text)
{
	const char *at =
		target->role == ROLE_names ? memchr(text.at, '@', text.len) : NULL;
	struct span host = text, resolver = {0};
	const char *why;

	if (span_is(text, "-"))
		return NULL;
	if (at) {
		host.len = (size_t)(at - text.at);
		resolver = (struct span){at + 1, text.len - host.len - 1};
	}
	why = judge_host(host, sizeof target->host);
	if (!why && at)
		why = judge_host(resolver, sizeof target->resolver);
	if (why)
		return why;
	copy(target->host, host);
	if (at)
		copy(target->resolver, resolver);
	return NULL;
}

static bool
is_keyword(struct span text)
{
	return span_is(text, "resolver") || span_is(text, "root") ||
	       span_is(text, "tld");
}

static const char *
read_address(struct target *target, struct span text)
{
	struct in6_addr address; /* room for either family */

	if (span_is(text, "-"))
		return NULL;
	if (text.len < 1 || text.len >= sizeof target->address)
		return "an address is IPv4, IPv6, '-', resolver, root or tld";
	copy(target->address, text);
	if (is_keyword(text) || inet_pton(AF_INET, target->address, &address) == 1 ||
		inet_pton(AF_INET6, target->address, &address) == 1)
		return NULL;
	return "an address is IPv4, IPv6, '-', resolver, root or tld";
}

static const char *
read_port(struct target *target, struct span text)
{
	uint64_t port;

	if (span_is(text, "-"))
		return NULL;
	if (!span_number(&port, text, UINT16_MAX) || !port)
		return "a port is 443, 80, 53, 123, 853 or '-'";
	target->port = (uint16_t)port;
	return NULL;
}

static const char *
read_asn(struct target *target, struct span text)
{
	uint64_t asn;

	if (span_is(text, "-"))
		return NULL;
	if (!span_number(&asn, text, UINT32_MAX) || !asn)
		return "an AS number is 1 to 4294967295, or '-'";
	target->asn = (uint32_t)asn;
	return NULL;
}

static const char *
read_who_else(struct span text)
{
	if (text.len < 2 || text.len > WHO_ELSE_MAX)
		return "who_else says in 2 to 120 characters who contacts this host "
		       "besides us";
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < ' ' || text.at[i] > '~')
			return "who_else holds printable ASCII only";
	return NULL;
}

static const char *
read_verified(struct span text)
{
	char day[UTC_TEXT_BYTES];
	int64_t utc_us;

	if (span_is(text, "no"))
		return NULL;
	snprintf(day, sizeof day, "%.*sT00:00:00Z",
		text.len == DAY_DIGITS ? DAY_DIGITS : 0, text.at);
	return utc_parse(&utc_us, day) ? NULL
				       : "verified is a day such as 2026-01-31, or no";
}

/* ---- what no column can see alone ---- */

static uint32_t
checks_of(const char *names)
{
	struct span rest = {names, strlen(names)};
	uint32_t checks = 0;

	while (rest.len) {
		const char *space = memchr(rest.at, ' ', rest.len);
		size_t n = space ? (size_t)(space - rest.at) : rest.len;
		int check = check_by_name((struct span){rest.at, n});

		if (check >= 0)
			checks |= UINT32_C(1) << check;
		n += space != NULL;
		rest.at += n;
		rest.len -= n;
	}
	return checks;
}

static const char *
find_kind(struct target *target)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].role != target->role || kinds[i].port != target->port)
			continue;
		target->rung = kinds[i].rung;
		target->level = kinds[i].level;
		target->checks = checks_of(kinds[i].checks);
		return NULL;
	}
	return "at this port nothing is measured of this role";
}

/* Of a question to a name server. */
static const char *
read_question(const struct target *target)
{
	const char *address = target->address, *host = target->host;

	if (!address[0] || !host[0])
		return "a question has the name to ask for and the address to ask";
	if (target->resolver[0] && target->port == 53)
		return "a resolver says its name inside TLS alone: at 853 and 443";
	if (target->port != 53)
		return is_keyword((struct span){address, strlen(address)})
			       ? "'resolver', 'root' and 'tld' are addresses at port "
				 "53 alone"
			       : NULL;
	if (!strcmp(address, "resolver"))
		return target->role == ROLE_names ? NULL
						  : "'resolver' is for names alone";
	if (target->role != ROLE_core)
		return is_keyword((struct span){address, strlen(address)})
			       ? "'root' and 'tld' are for core alone"
			       : NULL;
	if (strchr(host, '.') && strcmp(host, "."))
		return "core asks for '.' or a top-level domain";
	if (!strcmp(address, "root") && strcmp(host, "."))
		return "a root server is asked for '.'";
	return strcmp(address, "tld") || strcmp(host, ".")
		       ? NULL
		       : "'tld' needs a top-level domain as host";
}

static const char *
read_together(struct target *target)
{
	const char *why = find_kind(target);

	if (why)
		return why;
	if (target->port == 53 || target->role == ROLE_names)
		return read_question(target);
	if (is_keyword((struct span){target->address, strlen(target->address)}))
		return "'resolver', 'root' and 'tld' are addresses at port 53 alone";
	if (!target->host[0] && !target->address[0])
		return "neither a host nor an address";
	if (!target->host[0] && target->port == 443)
		return "at port 443 a row has a host: it is the name that TLS says";
	return NULL;
}

static const char *
name_it(struct target *target, const struct targets *before, struct span line,
	struct span asn)
{
	uint8_t hash[HASH_BYTES];
	char hex[2 * ID_HASH_BYTES + 1];

	crypto_sha256(hash, line.at, (size_t)(asn.at - line.at) - 1);
	crypto_hex(hex, hash, ID_HASH_BYTES);
	snprintf(target->id, sizeof target->id, "%s-%s", roles[target->role], hex);
	return targets_find(before, target->id) ? "this target stands above already"
						: NULL;
}

/* ---- rows ---- */

static const char *
read_columns(struct target *target, const struct span column[static TARGET_COLUMNS])
{
	const char *why = read_role(target, column[TARGET_ROLE]);

	if (!why)
		why = read_host(target, column[TARGET_HOST]);
	if (!why)
		why = read_address(target, column[TARGET_ADDRESS]);
	if (!why)
		why = read_port(target, column[TARGET_PORT]);
	if (!why)
		why = read_asn(target, column[TARGET_ASN]);
	if (!why)
		why = read_who_else(column[TARGET_WHO_ELSE]);
	if (!why)
		why = read_verified(column[TARGET_VERIFIED]);
	return why ? why : read_together(target);
}

const char *
targets_add(struct targets *targets, struct span line)
{
	struct target target = {0};
	struct span column[TARGET_COLUMNS];
	const char *why;

	if (targets->n == TARGETS_MAX)
		return "more than 256 targets";
	if (memchr(line.at, '"', line.len))
		return "quoted fields are not read";
	if (!span_columns(column, TARGET_COLUMNS, line))
		return "a row has seven columns";
	why = read_columns(&target, column);
	if (!why)
		why = name_it(&target, targets, line, column[TARGET_ASN]);
	if (!why)
		targets->rows[targets->n++] = target;
	return why;
}

enum err
targets_read(
	struct targets *targets, struct span bytes, uint32_t *line, const char **why)
{
	struct span rest = bytes, row;
	const char *wrong = NULL;
	uint32_t at = 1;

	memset(targets, 0, sizeof *targets);
	if (bytes.len > TARGETS_BYTES_MAX)
		wrong = "a target list has at most 31 KiB";
	else if (!span_written_line(&row, &rest) || !span_is(row, TARGETS_HEADER))
		wrong = "the first line must be '" TARGETS_HEADER "'";
	while (!wrong && span_written_line(&row, &rest)) {
		at++;
		wrong = targets_add(targets, row);
	}
	if (!wrong) {
		crypto_sha256(targets->sha256, bytes.at, bytes.len);
		return OK;
	}
	memset(targets, 0, sizeof *targets);
	if (line)
		*line = at;
	if (why)
		*why = wrong;
	return ERR_FORMAT;
}

const struct target *
targets_find(const struct targets *targets, const char *id)
{
	for (uint32_t i = 0; i < targets->n; i++)
		if (strcmp(targets->rows[i].id, id) == 0)
			return &targets->rows[i];
	return NULL;
}

const char *
targets_control(const struct targets *targets)
{
	for (uint32_t i = 0; i < targets->n; i++)
		if (targets->rows[i].role == ROLE_control && targets->rows[i].host[0])
			return targets->rows[i].host;
	return "";
}
