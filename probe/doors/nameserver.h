#pragma once

#include <stdbool.h>

#include "common/buf.h"
#include "common/measurement.h"
#include "probe/doors/socket.h"

/* The resolver that this machine is configured with: the first nameserver in a text like
 * resolv.conf(5); the port is 53. */
bool nameserver_parse(union socket_address *server, struct span text);
/* That of this machine. */
bool nameserver_find(union socket_address *server);
/* The one that a row of the target list means: that of this machine, which may have a
 * private address, where it says "resolver" or nothing; or a public one. False, with the
 * reason why it cannot be asked. */
bool nameserver_choose(union socket_address *server, enum reason *reason,
	const char *address, uint16_t port);
