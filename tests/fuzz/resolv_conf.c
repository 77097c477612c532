/* Settings that a DHCP server wrote, a hints file, and tables of the kernel: whatever they
 * hold, what is read from them is an address or nothing. */
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "probe/doors/nameserver.h"
#include "probe/doors/resolve.h"
#include "probe/doors/route.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	union socket_address server;
	struct resolve_roots roots;
	struct route route;

	resolve_parse_roots(&roots, text);
	must(roots.n <= RESOLVE_ROOTS_MAX);
	for (unsigned i = 0; i < roots.n; i++)
		must(socket_parse(&server, roots.addresses[i], 53));
	if (nameserver_parse(&server, text))
		must(server.any.sa_family == AF_INET ||
			server.any.sa_family == AF_INET6);
	if (route_parse4(&route, text, "")) {
		must(strnlen(route.interface, sizeof(route.interface)) <
			sizeof(route.interface));
		must(route.gateway.any.sa_family == AF_INET ||
			!route.gateway.any.sa_family);
	}
	if (route_parse6(&route, text, "")) {
		must(strnlen(route.interface, sizeof(route.interface)) <
			sizeof(route.interface));
		must(route.gateway.any.sa_family == AF_INET6 ||
			!route.gateway.any.sa_family);
	}
	return 0;
}
