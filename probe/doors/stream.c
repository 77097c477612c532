#include "probe/doors/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <time.h>

#include "common/clock.h"

#define SYN4_BYTES 60
#define SYN6_BYTES 80

bool
stream_wait(int fd, short events, int64_t until_us)
{
	struct pollfd wanted = {.fd = fd, .events = events};
	int64_t left_us;

	while ((left_us = until_us - clock_boot_us()) > 0) {
		struct timespec left = {left_us / 1000000, left_us % 1000000 * 1000};

		if (ppoll(&wanted, 1, &left, NULL) > 0)
			return true;
	}
	return false;
}

int64_t
stream_syn_bytes(const union socket_address *to)
{
	return to->any.sa_family == AF_INET6 ? SYN6_BYTES : SYN4_BYTES;
}

int
stream_reach(int fd, const union socket_address *to, int64_t until_us)
{
	socklen_t n = sizeof(int);
	int error = 0;

	if (connect(fd, &to->any, socket_length(to)))
		error = errno;
	if (error != EINPROGRESS)
		return error;
	if (!stream_wait(fd, POLLOUT, until_us))
		return -1;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) ? errno : error;
}

int
stream_connect(int *fd, const union socket_address *to, int64_t until_us)
{
	int error = socket_open(fd, to, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);

	return error ? error : stream_reach(*fd, to, until_us);
}

/* After a call that failed: true to try it again. */
static bool
stream_again(struct stream *stream, short events)
{
	int error = errno;

	if (error == EINTR)
		return true;
	if (error != EAGAIN && error != EWOULDBLOCK) {
		stream->os_error = error;
		stream->outcome = socket_outcome(error);
		return false;
	}
	if (stream_wait(stream->fd, events, stream->until_us))
		return true;
	stream->outcome = OUTCOME_generic_timeout_error;
	return false;
}

static bool
stream_send(struct stream *stream, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n) {
		ssize_t sent = send(stream->fd, at, n, MSG_NOSIGNAL);

		if (sent < 0 && !stream_again(stream, POLLOUT))
			return false;
		if (sent > 0) {
			at += sent;
			n -= (size_t)sent;
		}
	}
	return true;
}

static size_t
stream_receive(struct stream *stream, void *bytes, size_t room)
{
	ssize_t n;

	while ((n = recv(stream->fd, bytes, room, 0)) < 0)
		if (!stream_again(stream, POLLIN))
			return 0;
	if (!n)
		stream->outcome = OUTCOME_eof_error;
	return (size_t)n;
}

struct stream
stream_plain(int fd, int64_t until_us)
{
	return (struct stream){.send = stream_send,
		.receive = stream_receive,
		.fd = fd,
		.until_us = until_us,
		.outcome = OUTCOME_eof_error};
}
