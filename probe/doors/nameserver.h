#pragma once

#include <stdbool.h>

#include "common/buf.h"
#include "probe/doors/socket.h"

/* The resolver that this machine is configured with: the first nameserver in a text like
 * resolv.conf(5); the port is 53. */
bool nameserver_parse(union socket_address *server, struct span text);
/* That of this machine. */
bool nameserver_find(union socket_address *server);
