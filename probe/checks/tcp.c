#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "common/clock.h"
#include "probe/check.h"
#include "probe/doors/endpoint.h"

#define PORT 80
#define SYN4_BYTES 60
#define SYN6_BYTES 80
#define GOODBYES 3 /* FIN, FIN and ACK, ACK: after the last look at the counters */
#define GOODBYE_BYTES 52

static void
tcp_note(struct attempt *attempt, int fd, uint32_t asked_bytes)
{
	struct socket_tcp tcp;

	if (!socket_read_tcp(&tcp, fd))
		return;
	/* The counters of a connection that was refused are gone: the estimate stays. */
	if (tcp.wire_bytes > 0)
		attempt->bytes = asked_bytes + (uint32_t)tcp.wire_bytes;
	SET(&attempt->m, retrans, tcp.retrans);
	if (tcp.rtt_us > 0)
		SET(&attempt->m, rtt_us, tcp.rtt_us);
}

static void
tcp_connect(struct attempt *attempt, const union socket_address *address)
{
	uint32_t asked_bytes = attempt->bytes;
	int64_t start_us;
	int fd, error = 0;

	check_step(attempt, STAGE_connect);
	error = socket_open(&fd, address, SOCK_STREAM, IPPROTO_TCP);
	if (error) {
		check_end_errno(attempt, error);
		return;
	}
	/* At least this, should the deadline come before the counters are read. */
	attempt->bytes += address->any.sa_family == AF_INET6 ? SYN6_BYTES : SYN4_BYTES;
	start_us = clock_boot_us();
	if (connect(fd, &address->any, socket_length(address)))
		error = errno;
	else
		SET(&attempt->m, connect_us, clock_boot_us() - start_us);
	tcp_note(attempt, fd, asked_bytes);
	close(fd);
	if (error) {
		check_end_errno(attempt, error);
		return;
	}
	attempt->bytes += GOODBYES * GOODBYE_BYTES;
	check_end(attempt, OUTCOME_ok);
}

void
check_tcp(struct attempt *attempt)
{
	struct endpoint endpoint;

	if (check_find(&endpoint, attempt, PORT))
		tcp_connect(attempt, &endpoint.address);
}
