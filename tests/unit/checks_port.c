/* A socket that is captured has a port that connect() would have drawn, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/doors/socket.h"

#define SOCKETS 64

static unsigned
port_of(int fd)
{
	union socket_address own = {0};
	socklen_t n = sizeof(own);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	assert_int_equal(getsockname(fd, &own.any, &n), 0);
	memcpy(&v4, &own, sizeof(v4));
	memcpy(&v6, &own, sizeof(v6));
	return ntohs(own.any.sa_family == AF_INET ? v4.sin_port : v6.sin6_port);
}

static void
ports_are_those_that_connect_draws_and_each_is_its_sockets_own(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	unsigned first = 0, last = 0, ports[2 * SOCKETS];
	FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	int fds[2 * SOCKETS];

	(void)state;
	if (!range || fscanf(range, "%5u %5u", &first, &last) != 2)
		skip();
	fclose(range);
	for (size_t i = 0; i < 2 * SOCKETS; i++) {
		int family = families[i % 2];

		fds[i] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fds[i] < 0 && family == AF_INET6 && errno == EAFNOSUPPORT) {
			ports[i] = 0;
			continue;
		}
		assert_int_equal(socket_take_port(fds[i], family), 0);
		ports[i] = port_of(fds[i]);
		assert_in_range(ports[i], first, last);
		assert_int_equal((ports[i] - first) % 2, 0);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(ports[i], ports[k]);
	}
	for (size_t i = 0; i < 2 * SOCKETS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			ports_are_those_that_connect_draws_and_each_is_its_sockets_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
