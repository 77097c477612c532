#include "common/targets.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#define HEADER "target,rung,checks,host,address,port,path"
#define COLUMNS 7

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
read_id(struct target *target, struct span text, const struct targets *before)
{
	if (text.len < 1 || text.len >= sizeof target->id)
		return "a target's id has 1 to 32 characters";
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.at[i]) && text.at[i] != '-' &&
			!(text.at[i] >= 'a' && text.at[i] <= 'z'))
			return "a target's id holds a-z, 0-9 and - only";
	copy(target->id, text);
	return targets_find(before, target->id) ? "this target stands above already"
						: NULL;
}

static const char *
read_rung(struct target *target, struct span text)
{
	int rung = rung_by_name(text);

	if (rung < 0)
		return "there is no such rung";
	target->rung = (enum rung)rung;
	return NULL;
}

static const char *
read_checks(struct target *target, struct span text)
{
	while (text.len) {
		const char *space = memchr(text.at, ' ', text.len);
		struct span name = {
			text.at, space ? (size_t)(space - text.at) : text.len};
		int check = check_by_name(name);

		if (check < 0)
			return "there is no such check, or not one space between two";
		if (target->checks & 1u << check)
			return "a check stands twice";
		target->checks |= 1u << check;
		text.at += name.len;
		text.len -= name.len;
		if (space && text.len == 1)
			return "a space behind the last check";
		if (space) {
			text.at++;
			text.len--;
		}
	}
	return target->checks ? NULL : "a target needs a check";
}

/* RFC 1123 section 2.1, and the underscore that real zones use; "." is the root. */
static const char *
read_host(struct target *target, struct span text)
{
	size_t label = 0;

	if (span_is(text, "-"))
		return NULL;
	if (text.len < 1 || text.len >= sizeof target->host)
		return "a host name has 1 to 253 characters";
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
	copy(target->host, text);
	return NULL;
}

static const char *
read_address(struct target *target, struct span text)
{
	struct in6_addr address; /* room for either family */

	if (span_is(text, "-"))
		return NULL;
	if (text.len < 1 || text.len >= sizeof target->address)
		return "an address is IPv4, IPv6, 'resolver' or '-'";
	copy(target->address, text);
	if (span_is(text, "resolver"))
		return NULL;
	if (inet_pton(AF_INET, target->address, &address) != 1 &&
		inet_pton(AF_INET6, target->address, &address) != 1)
		return "an address is IPv4, IPv6, 'resolver' or '-'";
	return NULL;
}

static const char *
read_port(struct target *target, struct span text)
{
	uint64_t port;

	if (span_is(text, "-"))
		return NULL;
	if (!span_number(&port, text, 65535) || !port)
		return "a port is 1 to 65535, or '-'";
	target->port = (uint16_t)port;
	return NULL;
}

/* The bytes that may stand in a path and query (RFC 3986 section 3.3 and 3.4), so that
 * it goes into a request as it stands. */
static const char *
read_path(struct target *target, struct span text)
{
	if (span_is(text, "-"))
		text = (struct span){"/", 1};
	if (text.len < 1 || text.len >= sizeof target->path)
		return "a path has 1 to 127 characters";
	if (text.at[0] != '/')
		return "a path begins with '/'";
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.at[i]) && !is_letter(text.at[i]) &&
			!(text.at[i] && strchr("-._~!$&'()*+;=:@/?%", text.at[i])))
			return "a path with a byte that no request may hold";
	copy(target->path, text);
	return NULL;
}

/* What no column can see alone. */
static const char *
read_together(const struct target *target)
{
	bool resolver = strcmp(target->address, "resolver") == 0;

	if (!target->host[0] && !target->address[0])
		return "neither a host nor an address";
	if (!target->host[0] && target->checks & 1u << CHECK_dns)
		return "dns needs a host to ask for";
	if (resolver && target->checks != 1u << CHECK_dns)
		return "'resolver' is an address for dns alone";
	return NULL;
}

/* ---- rows ---- */

static bool
split(struct span columns[static COLUMNS], struct span line)
{
	size_t n = 0;
	const char *end = line.at + line.len, *start = line.at;

	for (const char *at = start; at <= end; at++) {
		if (at < end && *at != ',')
			continue;
		if (n == COLUMNS)
			return false;
		columns[n++] = (struct span){start, (size_t)(at - start)};
		start = at + 1;
	}
	return n == COLUMNS;
}

static const char *
read_row(struct targets *targets, struct span line)
{
	struct target target = {0};
	struct span column[COLUMNS];
	const char *why;

	if (targets->n == TARGETS_MAX)
		return "more than 256 targets";
	if (memchr(line.at, '"', line.len))
		return "quoted fields are not read";
	if (!split(column, line))
		return "a row has seven columns";
	why = read_id(&target, column[0], targets);
	if (!why)
		why = read_rung(&target, column[1]);
	if (!why)
		why = read_checks(&target, column[2]);
	if (!why)
		why = read_host(&target, column[3]);
	if (!why)
		why = read_address(&target, column[4]);
	if (!why)
		why = read_port(&target, column[5]);
	if (!why)
		why = read_path(&target, column[6]);
	if (!why)
		why = read_together(&target);
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
		wrong = "a target list has at most 64 KiB";
	else if (!span_written_line(&row, &rest) || !span_is(row, HEADER))
		wrong = "the first line must be '" HEADER "'";
	while (!wrong && span_written_line(&row, &rest)) {
		at++;
		wrong = read_row(targets, row);
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
