#include "probe/doors/nameserver.h"

#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "common/address.h"
#include "common/file.h"

#define DNS_PORT 53
#define CONF_BYTES_MAX (64 * 1024)

/* An address with the zone that a link-local one needs: fe80::1%eth0. */
static bool
nameserver_parse_address(union socket_address *server, char *text)
{
	char *zone = strchr(text, '%');
	struct sockaddr_in6 v6;

	if (zone)
		*zone++ = 0;
	if (!socket_parse(server, text, DNS_PORT))
		return false;
	if (!zone)
		return true;
	if (server->any.sa_family != AF_INET6)
		return false;
	memcpy(&v6, server, sizeof(v6));
	v6.sin6_scope_id = if_nametoindex(zone);
	memcpy(server, &v6, sizeof(v6));
	return true;
}

bool
nameserver_parse(union socket_address *server, struct span text)
{
	static const char keyword[] = "nameserver";
	struct span line;
	char word[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];

	while (span_line(&line, &text)) {
		size_t at = sizeof(keyword) - 1, n = 0;

		if (line.len <= at || memcmp(line.at, keyword, at) ||
			(line.at[at] != ' ' && line.at[at] != '\t'))
			continue;
		while (at < line.len && (line.at[at] == ' ' || line.at[at] == '\t'))
			at++;
		while (at < line.len && n < sizeof(word) - 1 &&
			!strchr(" \t\r#;", line.at[at]))
			word[n++] = line.at[at++];
		word[n] = 0;
		if (nameserver_parse_address(server, word))
			return true;
	}
	return false;
}

bool
nameserver_find(union socket_address *server)
{
	struct buf text = {0};
	bool found;

	if (file_read(&text, "/etc/resolv.conf", CONF_BYTES_MAX) != OK) {
		buf_free(&text);
		return false;
	}
	buf_puts(&text, "\n"); /* span_line() wants every line's end */
	found = nameserver_parse(server, buf_span(&text));
	buf_free(&text);
	return found;
}

bool
nameserver_choose(union socket_address *server, enum reason *reason,
	const char *address, uint16_t port)
{
	if (!address[0] || !strcmp(address, "resolver")) {
		*reason = REASON_no_resolver;
		return nameserver_find(server);
	}
	*reason = REASON_no_endpoint;
	if (!socket_parse(server, address, port))
		return false;
	*reason = REASON_not_public;
	return address_is_public(&server->any);
}
