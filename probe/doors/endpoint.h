#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/socket.h"

/* Where a target lives: its address, or else the first one of its host name as the
 * resolver of this machine tells it. IPv4 goes first, unless only IPv6 has a default route
 * here; where the name has no address of that family the other is asked for, if it leads
 * out, too. */
struct endpoint {
	union socket_address address;
	char text[46]; /* the address without its port */
	enum outcome outcome; /* ok, or why there is no address */
	enum reason reason; /* of unmeasured: not_public, no_resolver, no_endpoint,
			       tunnel: no packet left */
	int os_error;
	int64_t wire_bytes; /* of questions and answers */
};

/* True when there is a public one to talk to. */
bool endpoint_find(struct endpoint *endpoint, const char *address, const char *host,
	uint16_t port);
