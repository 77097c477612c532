#include "probe/doors/capture.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

/* Opening takes some ten milliseconds; a machine that is busy takes its time. */
#define READY_US INT64_C(1000000)
#define LAST_US INT64_C(2000000)

static void
capture_stop(struct capture *c, enum reason reason)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (reason != REASON_none)
		c->reason = reason;
}

static bool
capture_ask(int keeper, int socket, int worker, const union socket_address *to)
{
	struct capture_ask ask = {.to = to->room};
	struct iovec part = {&ask, sizeof(ask)};
	int fds[2] = {socket, worker};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fds))];
	} control = {0};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(head), fds, sizeof(fds));
	return sendmsg(keeper, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(ask);
}

static enum reason
capture_await(int fd)
{
	struct capture_ready ready;

	if (!socket_wait(fd, clock_boot_us() + READY_US) ||
		recv(fd, &ready, sizeof(ready), MSG_DONTWAIT) != sizeof(ready) ||
		ready.reason < 0 || ready.reason >= REASON_COUNT)
		return REASON_internal;
	return (enum reason)ready.reason;
}

void
capture_begin(struct capture *c, const struct capture_way *way, int socket,
	const union socket_address *to)
{
	int pair[2];

	capture_stop(c, REASON_none);
	*c = (struct capture){.fd = -1, .reason = way->reason};
	if (way->fd < 0)
		return;
	c->reason = REASON_internal;
	if (socket_take_port(socket, to->any.sa_family) ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return;
	c->fd = pair[0];
	if (capture_ask(way->fd, socket, pair[1], to)) {
		close(pair[1]);
		c->reason = capture_await(c->fd);
	} else {
		close(pair[1]);
	}
	if (c->reason != REASON_none)
		capture_stop(c, REASON_none);
}

static bool
capture_say(struct capture *c, enum capture_word word)
{
	char byte = (char)word;

	return send(c->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* The answer, if it is one. */
static bool
capture_take(struct capture *c)
{
	struct capture_result result;
	ssize_t n = recv(c->fd, &result, sizeof(result), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n != sizeof(result)) {
		capture_stop(c, REASON_internal);
		return false;
	}
	result.flow.sent = NULL;
	c->result = result;
	c->seen = true;
	c->asked = false;
	return true;
}

bool
capture_look(struct capture *c)
{
	if (c->fd < 0)
		return false;
	if (c->asked)
		return capture_take(c);
	c->asked = capture_say(c, CAPTURE_TELL);
	if (!c->asked)
		capture_stop(c, REASON_internal);
	return false;
}

bool
capture_end(struct capture *c)
{
	int64_t until_us = clock_boot_us() + LAST_US;
	bool came = false;

	if (c->fd < 0)
		return false;
	/* What was asked for before comes first. */
	if (c->asked && socket_wait(c->fd, until_us))
		capture_take(c);
	if (c->fd >= 0 && capture_say(c, CAPTURE_END) && socket_wait(c->fd, until_us))
		came = capture_take(c);
	capture_stop(c, came ? REASON_none : REASON_internal);
	return came;
}

static void
capture_note_answer(struct measurement *m, const struct capture *c)
{
	measurement_set_number(m, FIELD_capture_dropped, c->result.dropped);
	if (c->result.answer.came)
		SET(m, reply_ttl, c->result.answer.hops);
	if (c->result.answer.came && c->result.answer.has_id)
		SET(m, ip_id, c->result.answer.ip_id);
}

void
capture_note(struct measurement *m, const struct capture *c)
{
	if (c->reason != REASON_none)
		SET(m, capture_reason, c->reason);
	if (!c->seen)
		return;
	flow_note(m, &c->result.flow, &c->result.facts);
	capture_note_answer(m, c);
}

void
capture_note_resets(struct measurement *m, const struct capture *c)
{
	if (!c->seen)
		return;
	flow_note_resets(m, &c->result.flow);
	capture_note_answer(m, c);
}
