#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "probe/doors/socket.h"

/* What the kernel says of the way out: default routes and the interface they use. */
struct route {
	char interface[IF_NAMESIZE];
	union socket_address gateway; /* family 0: none, the link is point to point */
	uint32_t metric;
};

/* The best default route in a text like /proc/net/route or /proc/net/ipv6_route, on
 * ${interface} only unless that is "". Rows that do not parse are no routes. */
bool route_parse4(struct route *route, struct span text, const char *interface);
bool route_parse6(struct route *route, struct span text, const char *interface);
/* The machine's own: IPv4 if there is one, else IPv6. */
bool route_default(struct route *route, const char *interface);
/* Is there a default route of AF_INET or AF_INET6? */
bool route_leads_out(int family);

/* Interfaces of the default routes of both texts, each once, at most max: those of IPv4 by
 * their metric, then those that IPv6 alone has. */
size_t route_parse_rank(
	char (*names)[IF_NAMESIZE], size_t max, struct span v4, struct span v6);
/* The machine's own. */
size_t route_rank(char (*names)[IF_NAMESIZE], size_t max);
/* Is there, in a text like /proc/net/route, a route to one public host by a router on another
 * interface than this one? So reach their server those whose packets this one carries. */
bool route_parse_carrier4(struct span text, const char *interface);
/* In the machine's own. */
bool route_is_carried(const char *interface);

struct route_link {
	bool exists, carrier;
	int64_t addr4, addr6; /* link-local ones are left out */
};
/* The interface's state, or with "" that of all interfaces together, loopback left out. */
struct route_link route_link(const char *interface);
