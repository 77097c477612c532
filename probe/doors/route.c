#include "probe/doors/route.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"

#define ROUTES_BYTES_MAX (1024 * 1024)
#define ROUTE_UP 0x0001 /* RTF_UP */
#define ROUTE_GATEWAY 0x0002 /* RTF_GATEWAY */
#define ROUTE_REJECT 0x0200 /* RTF_REJECT */
#define LINE_BYTES 256
#define CARRIER 0x10000 /* IFF_LOWER_UP of netdevice(7), which <net/if.h> lacks */

/* Copies a line so that sscanf() finds its end. */
static bool
route_next_line(char line[static LINE_BYTES], struct span *rest)
{
	struct span span;

	if (!span_line(&span, rest))
		return false;
	if (span.len >= LINE_BYTES)
		span.len = 0;
	memcpy(line, span.at, span.len);
	line[span.len] = 0;
	return true;
}

static bool
route_is_wanted(const char *has, const char *interface)
{
	return strcmp(has, "lo") && (!interface[0] || !strcmp(has, interface));
}

bool
route_parse4(struct route *route, struct span text, const char *interface)
{
	char line[LINE_BYTES], name[IF_NAMESIZE];
	unsigned destination, gateway, flags, metric, mask;
	bool found = false;

	while (route_next_line(line, &text)) {
		if (sscanf(line, "%15s %8x %8x %8x %*s %*s %10u %8x", name,
			    &destination, &gateway, &flags, &metric, &mask) != 6)
			continue;
		if (destination || mask || !(flags & ROUTE_UP) ||
			(flags & ROUTE_REJECT) || !route_is_wanted(name, interface))
			continue;
		if (found && metric >= route->metric)
			continue;
		memset(route, 0, sizeof(*route));
		memcpy(route->interface, name, sizeof(name));
		route->metric = metric;
		found = true;
		if (flags & ROUTE_GATEWAY) {
			/* The kernel prints the four bytes as one number of its own. */
			struct sockaddr_in v4 = {
				.sin_family = AF_INET, .sin_addr.s_addr = gateway};

			memcpy(&route->gateway, &v4, sizeof(v4));
		}
	}
	return found;
}

static bool
route_read_gateway6(struct route *route, const char *hex)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (strlen(hex) != 32)
		return false;
	for (int i = 0; i < 16; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * (size_t)i, "%2x", &byte) != 1)
			return false;
		v6.sin6_addr.s6_addr[i] = (uint8_t)byte;
	}
	if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
		v6.sin6_scope_id = if_nametoindex(route->interface);
	memcpy(&route->gateway, &v6, sizeof(v6));
	return true;
}

bool
route_parse6(struct route *route, struct span text, const char *interface)
{
	char line[LINE_BYTES], name[IF_NAMESIZE], to[33], gateway[33];
	unsigned bits, metric, flags;
	bool found = false;

	while (route_next_line(line, &text)) {
		struct route candidate = {0};

		if (sscanf(line, "%32s %2x %*s %*s %32s %8x %*s %*s %8x %15s", to,
			    &bits, gateway, &metric, &flags, name) != 6)
			continue;
		if (bits || strspn(to, "0") != 32 || !(flags & ROUTE_UP) ||
			(flags & ROUTE_REJECT) || !route_is_wanted(name, interface))
			continue;
		if (found && metric >= route->metric)
			continue;
		memcpy(candidate.interface, name, sizeof(name));
		candidate.metric = metric;
		if ((flags & ROUTE_GATEWAY) &&
			!route_read_gateway6(&candidate, gateway))
			continue;
		*route = candidate;
		found = true;
	}
	return found;
}

static bool
route_find(struct route *route, int family, const char *interface)
{
	bool v6 = family == AF_INET6, found = false;
	struct buf text = {0};

	if (file_read(&text, v6 ? "/proc/net/ipv6_route" : "/proc/net/route",
		    ROUTES_BYTES_MAX) == OK)
		found = (v6 ? route_parse6 : route_parse4)(
			route, buf_span(&text), interface);
	buf_free(&text);
	return found;
}

bool
route_default(struct route *route, const char *interface)
{
	return route_find(route, AF_INET, interface) ||
	       route_find(route, AF_INET6, interface);
}

bool
route_leads_out(int family)
{
	struct route route;

	return route_find(&route, family, "");
}

static void
route_count_address(struct route_link *link, const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address && address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		link->addr4 += ntohl(v4.sin_addr.s_addr) >> 16 != 0xa9fe;
	} else if (address && address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		link->addr6 += !IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr);
	}
}

struct route_link
route_link(const char *interface)
{
	struct route_link link = {0};
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all))
		return link;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if ((a->ifa_flags & IFF_LOOPBACK) ||
			!route_is_wanted(a->ifa_name, interface))
			continue;
		link.exists = true;
		link.carrier |= (a->ifa_flags & IFF_UP) && (a->ifa_flags & CARRIER);
		route_count_address(&link, a->ifa_addr);
	}
	freeifaddrs(all);
	return link;
}
