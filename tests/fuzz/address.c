/* The verdict on an address hangs on its bytes alone: written as text and read again it
 * is the same, and no IPv6 address makes a special IPv4 one public. */
#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "common/address.h"
#include "probe/doors/socket.h"
#include "tests/fuzz/fuzz.h"

static void
check_spelling(int family, const void *bytes, const union socket_address *address)
{
	char text[INET6_ADDRSTRLEN];
	union socket_address again;

	must(inet_ntop(family, bytes, text, sizeof(text)) != NULL);
	must(socket_parse(&again, text, 0));
	must(address_is_public(&again.any) == address_is_public(&address->any));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	union socket_address address = {0};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	/* As text, too: whatever is read is a socket address of a known family. */
	if (size < sizeof(v6.sin6_addr)) {
		char text[16];

		memcpy(text, data, size);
		text[size] = 0;
		if (socket_parse(&address, text, 0))
			must(address.any.sa_family == AF_INET ||
				address.any.sa_family == AF_INET6);
		return 0;
	}
	memcpy(&v4.sin_addr, data, sizeof(v4.sin_addr));
	memcpy(&address, &v4, sizeof(v4));
	check_spelling(AF_INET, &v4.sin_addr, &address);
	memcpy(&v6.sin6_addr, data, sizeof(v6.sin6_addr));
	memcpy(&address, &v6, sizeof(v6));
	check_spelling(AF_INET6, &v6.sin6_addr, &address);
	memcpy(&v6.sin6_addr, mapped, sizeof(mapped));
	memcpy(v6.sin6_addr.s6_addr + sizeof(mapped), data, sizeof(v4.sin_addr));
	memcpy(&address, &v6, sizeof(v6));
	must(!address_is_public(&address.any));
	return 0;
}
