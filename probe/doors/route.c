#include "probe/doors/route.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/address.h"
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

/* One row of /proc/net/route. */
struct route_row4 {
	struct route route;
	uint32_t destination, mask, gateway; /* as the kernel prints them */
	unsigned flags;
};

static bool
route_next4(struct route_row4 *row, struct span *rest)
{
	char line[LINE_BYTES];

	while (route_next_line(line, rest)) {
		unsigned destination, gateway, flags, metric, mask;

		memset(row, 0, sizeof(*row));
		if (sscanf(line, "%15s %8x %8x %8x %*s %*s %10u %8x",
			    row->route.interface, &destination, &gateway, &flags,
			    &metric, &mask) != 6)
			continue;
		row->destination = destination;
		row->mask = mask;
		row->gateway = gateway;
		row->flags = flags;
		row->route.metric = metric;
		if (flags & ROUTE_GATEWAY) {
			/* The kernel prints the four bytes as one number of its own. */
			struct sockaddr_in v4 = {
				.sin_family = AF_INET, .sin_addr.s_addr = gateway};

			memcpy(&row->route.gateway, &v4, sizeof(v4));
		}
		if ((flags & ROUTE_UP) && !(flags & ROUTE_REJECT))
			return true;
	}
	return false;
}

bool
route_parse4(struct route *route, struct span text, const char *interface)
{
	struct route_row4 row;
	bool found = false;

	while (route_next4(&row, &text)) {
		if (row.destination || row.mask ||
			!route_is_wanted(row.route.interface, interface))
			continue;
		if (found && row.route.metric >= route->metric)
			continue;
		*route = row.route;
		found = true;
	}
	return found;
}

bool
route_parse_carrier4(struct span text, const char *interface)
{
	struct route_row4 row;

	while (route_next4(&row, &text)) {
		const struct sockaddr_in host = {
			.sin_family = AF_INET, .sin_addr.s_addr = row.destination};
		union socket_address to = {0};

		memcpy(&to, &host, sizeof(host));
		if (row.mask == UINT32_MAX && (row.flags & ROUTE_GATEWAY) &&
			strcmp(row.route.interface, interface) != 0 &&
			address_is_public(&to.any))
			return true;
	}
	return false;
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

/* The next default route. */
static bool
route_next6(struct route *route, struct span *rest)
{
	char line[LINE_BYTES], to[33], gateway[33];
	unsigned bits, metric, flags;

	while (route_next_line(line, rest)) {
		memset(route, 0, sizeof(*route));
		if (sscanf(line, "%32s %2x %*s %*s %32s %8x %*s %*s %8x %15s", to,
			    &bits, gateway, &metric, &flags, route->interface) != 6)
			continue;
		if (bits || strspn(to, "0") != 32 || !(flags & ROUTE_UP) ||
			(flags & ROUTE_REJECT))
			continue;
		route->metric = metric;
		if (!(flags & ROUTE_GATEWAY) || route_read_gateway6(route, gateway))
			return true;
	}
	return false;
}

bool
route_parse6(struct route *route, struct span text, const char *interface)
{
	struct route row;
	bool found = false;

	while (route_next6(&row, &text)) {
		if (!route_is_wanted(row.interface, interface) ||
			(found && row.metric >= route->metric))
			continue;
		*route = row;
		found = true;
	}
	return found;
}

/* ---- all of them ---- */

struct route_ranking {
	char (*names)[IF_NAMESIZE];
	size_t n;
};

static bool
route_is_ranked(const struct route_ranking *ranking, const char *interface)
{
	for (size_t i = 0; i < ranking->n; i++)
		if (!strcmp(ranking->names[i], interface))
			return true;
	return !strcmp(interface, "lo");
}

/* The best default route by an interface that has no rank yet. */
static bool
route_next_rank(struct route_ranking *ranking, struct span text, bool v6)
{
	struct route best, route;
	struct route_row4 row;
	bool found = false;

	while (v6 ? route_next6(&route, &text) : route_next4(&row, &text)) {
		if (!v6 && (row.destination || row.mask))
			continue;
		if (!v6)
			route = row.route;
		if (route_is_ranked(ranking, route.interface) ||
			(found && route.metric >= best.metric))
			continue;
		best = route;
		found = true;
	}
	if (found)
		memcpy(ranking->names[ranking->n++], best.interface, IF_NAMESIZE);
	return found;
}

size_t
route_parse_rank(char (*names)[IF_NAMESIZE], size_t max, struct span v4, struct span v6)
{
	struct route_ranking ranking = {names, 0};

	while (ranking.n < max && route_next_rank(&ranking, v4, false))
		;
	while (ranking.n < max && route_next_rank(&ranking, v6, true))
		;
	return ranking.n;
}

/* ---- the machine's own ---- */

/* Empty where there is none. */
static void
route_read(struct buf *text, int family)
{
	if (file_read(text,
		    family == AF_INET6 ? "/proc/net/ipv6_route" : "/proc/net/route",
		    ROUTES_BYTES_MAX) != OK)
		buf_clear(text);
}

size_t
route_rank(char (*names)[IF_NAMESIZE], size_t max)
{
	struct buf v4 = {0}, v6 = {0};
	size_t n;

	route_read(&v4, AF_INET);
	route_read(&v6, AF_INET6);
	n = route_parse_rank(names, max, buf_span(&v4), buf_span(&v6));
	buf_free(&v4);
	buf_free(&v6);
	return n;
}

bool
route_is_carried(const char *interface)
{
	struct buf text = {0};
	bool carried;

	route_read(&text, AF_INET);
	carried = route_parse_carrier4(buf_span(&text), interface);
	buf_free(&text);
	return carried;
}

static bool
route_find(struct route *route, int family, const char *interface)
{
	struct buf text = {0};
	bool found;

	route_read(&text, family);
	found = (family == AF_INET6 ? route_parse6 : route_parse4)(
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
