#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "probe/doors/route.h"
#include "probe/doors/socket.h"

/*
 * Which way a packet would take from here. The kernel is asked (RTM_GETROUTE,
 * rtnetlink(7)) instead of a table being read, so that rules, marks and other tables count:
 * a VPN often leaves the default route of the main table as it was (wg-quick(8)).
 */
struct way {
	char interface[IF_NAMESIZE];
	/* It leads into a tunnel, and what comes back tells of another network than the
	 * line's. A modem's raw IP and the PPP of a stick or of a DSL line are lines. */
	bool tunnel;
	bool carrier; /* as the kernel says it of that interface now */
};
/* False: nothing leads there. */
bool way_find(struct way *way, const union socket_address *to);
/* The way out to the Internet at large, of whichever family is led into a tunnel, else of
 * IPv4, else of IPv6. */
bool way_find_out(struct way *way);
/* Would a packet to it go into a tunnel? */
bool way_is_tunnel(const union socket_address *to);

/* Interfaces of this machine's default routes that are no tunnels, the preferred one
 * first; at most max. */
size_t way_uplinks(char (*names)[IF_NAMESIZE], size_t max);

/* Is an interface of this kind, as rtnetlink calls it (IFLA_INFO_KIND), a tunnel? Of
 * "ppp" the name does not tell, and this says no. */
bool way_kind_is_tunnel(const char *kind);
