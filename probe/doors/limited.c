#include "probe/doors/limited.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "common/clock.h"
#include "probe/doors/stream.h"

#define CONNECT_US INT64_C(2000000)
/* The far end's word takes a round trip. Whoever minds is nearer, and has thought about it for
 * a moment at most; a line whose trips are long also has uneven ones. */
#define LEAST_US INT64_C(500000)
#define MOST_US INT64_C(2000000)
#define TRIPS 3
/* Behind the last look: a reset from us. */
#define RESET_BYTES 60

static int64_t
segments_in(int fd)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
		return 0;
	return info.tcpi_segs_in;
}

/* What was said with the small TTL, the end of it with the usual one, and what the kernel may
 * send again with the small one. */
static int
say(int fd, int family, struct span said, uint8_t ttl)
{
	int error = socket_set_ttl(fd, family, ttl);

	if (error == 0 &&
		send(fd, said.at, said.len, MSG_NOSIGNAL) != (ssize_t)said.len)
		error = errno;
	if (error == 0)
		error = socket_set_ttl(fd, family, 0);
	/* It cannot be ended where it was reset meanwhile: that is told when it is read. */
	if (error == 0 && shutdown(fd, SHUT_WR) != 0 && errno != ENOTCONN)
		error = errno;
	if (error == 0)
		error = socket_set_ttl(fd, family, ttl);
	return error;
}

/* Takes what came: true when it is the last thing that will. */
static bool
take(struct limited_result *r, int fd, int64_t said_us)
{
	char bytes[2048];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (r->sign_us < 0)
		r->sign_us = clock_boot_us() - said_us;
	if (n < 0)
		r->sign = LIMITED_RESET;
	else if (r->sign != LIMITED_RESET)
		r->sign = LIMITED_ANSWERED;
	return n <= 0;
}

static void
listen_for(struct limited_result *r, int fd, int64_t before, int64_t until_us)
{
	int64_t said_us = clock_boot_us();
	bool last = false;

	while (!last && stream_wait(fd, POLLIN, until_us))
		last = take(r, fd, said_us);
	if (r->sign == LIMITED_NOTHING && segments_in(fd) > before)
		r->sign = LIMITED_LIVED;
}

static void
finish(struct limited_result *r, int fd, int family)
{
	struct linger at_once = {.l_onoff = 1};
	struct socket_tcp tcp;

	if (socket_read_tcp(&tcp, fd) && tcp.wire_bytes > 0)
		r->wire_bytes = tcp.wire_bytes + RESET_BYTES;
	(void)socket_set_ttl(fd, family, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

void
limited_try(struct limited_result *r, const union socket_address *to, struct span said,
	uint8_t ttl)
{
	int64_t start_us = clock_boot_us(), wait_us, before;
	int fd, error;

	*r = (struct limited_result){.outcome = OUTCOME_generic_timeout_error,
		.wire_bytes = stream_syn_bytes(to),
		.sign_us = -1};
	error = stream_connect(&fd, to, start_us + CONNECT_US);
	if (fd < 0)
		r->wire_bytes = 0;
	if (error == 0) {
		wait_us = (clock_boot_us() - start_us) * TRIPS;
		wait_us = wait_us < LEAST_US ? LEAST_US : wait_us;
		wait_us = wait_us > MOST_US ? MOST_US : wait_us;
		before = segments_in(fd);
		error = say(fd, to->any.sa_family, said, ttl);
	}
	if (error == 0) {
		r->outcome = OUTCOME_ok;
		listen_for(r, fd, before, clock_boot_us() + wait_us);
	} else if (error > 0) {
		r->os_error = error;
		r->outcome = socket_outcome(error);
		r->reason = socket_reason(error);
	}
	if (fd >= 0)
		finish(r, fd, to->any.sa_family);
}
