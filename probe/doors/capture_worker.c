#include "probe/doors/capture_worker.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "probe/doors/capture_pcap.h"
#include "probe/doors/privilege.h"

/* A full transfer has 3,000 packets, its acknowledgements and all. */
#define PACKETS_MAX 20000
#define SENT_MAX 40000
#define WINDOW_AT 14 /* in the header of TCP */

struct worker {
	struct capture_pcap pcap;
	int reply;
	uint16_t port; /* ours */
	int interface; /* that the first packet went over; 0 none came */
	struct flow_packet *packets;
	size_t n;
	uint32_t over; /* of PACKETS_MAX */
	struct capture_answer answer;
	struct capture_reset reset;
};

static bool
worker_option_is(int socket, int option, int value)
{
	int is = -1;
	socklen_t n = sizeof(is);

	return getsockopt(socket, SOL_SOCKET, option, &is, &n) == 0 && is == value;
}

/* The port is the socket's own, so what is captured is what it sends and receives: 0 where it
 * is no TCP, or another socket could have the same port. One that is bound to an address could
 * share it with a connection from another address. */
static uint16_t
worker_port_of(int socket, const struct sockaddr_storage *to)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} own = {0};
	socklen_t n = sizeof(own);

	if (!worker_option_is(socket, SO_TYPE, SOCK_STREAM) ||
		!worker_option_is(socket, SO_PROTOCOL, IPPROTO_TCP) ||
		!worker_option_is(socket, SO_REUSEADDR, 0) ||
		!worker_option_is(socket, SO_REUSEPORT, 0) ||
		getsockname(socket, &own.any, &n) || own.any.sa_family != to->ss_family)
		return 0;
	if (own.any.sa_family == AF_INET)
		return own.v4.sin_addr.s_addr == INADDR_ANY ? ntohs(own.v4.sin_port)
							    : 0;
	if (own.any.sa_family != AF_INET6 ||
		!IN6_IS_ADDR_UNSPECIFIED(&own.v6.sin6_addr))
		return 0;
	return ntohs(own.v6.sin6_port);
}

static void
worker_keep_reset(struct capture_reset *reset, const struct capture_frame *frame)
{
	const struct flow_packet *tcp = &frame->packet.tcp;
	size_t ip_bytes =
		frame->packet.version == 4 ? (size_t)(frame->ip[0] & 15) * 4 : 40;
	size_t n = frame->n < tcp->head_bytes ? frame->n : tcp->head_bytes;

	if (reset->n || n > sizeof(reset->headers) || n < ip_bytes + WINDOW_AT + 2)
		return;
	*reset = (struct capture_reset){.n = (uint8_t)n,
		.hops = tcp->hops,
		.flags = tcp->flags,
		.has_id = tcp->has_id,
		.ip_id = tcp->ip_id};
	reset->window = (uint16_t)(frame->ip[ip_bytes + WINDOW_AT] << 8 |
				   frame->ip[ip_bytes + WINDOW_AT + 1]);
	memcpy(reset->headers, frame->ip, n);
}

/* A packet that passes several interfaces of this machine is seen at each of them: only that
 * counts over which the first one went. */
static void
worker_take(struct worker *w, const struct capture_frame *frame)
{
	bool ours = frame->packet.from.port == w->port;
	struct flow_packet *packet;

	if (w->interface == 0)
		w->interface = frame->interface;
	if (frame->interface != w->interface)
		return;
	if (w->n == PACKETS_MAX) {
		w->over++;
		return;
	}
	if (!ours && !w->answer.came)
		w->answer = (struct capture_answer){true, frame->packet.tcp.has_id,
			frame->packet.tcp.hops, frame->packet.tcp.ip_id};
	if (!ours && (frame->packet.tcp.flags & FLOW_RST))
		worker_keep_reset(&w->reset, frame);
	packet = &w->packets[w->n++];
	*packet = frame->packet.tcp;
	packet->from_first = ours;
	packet->time_us = frame->time_us;
	/* A clock that is set back meanwhile does not make time run back. */
	if (w->n > 1 && packet->time_us < packet[-1].time_us)
		packet->time_us = packet[-1].time_us;
}

static void
worker_drain(struct worker *w)
{
	struct capture_frame frame;

	while (capture_pcap_next(&frame, &w->pcap))
		worker_take(w, &frame);
}

static int64_t
worker_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool
worker_tell(struct worker *w)
{
	struct capture_result result;

	memset(&result, 0, sizeof(result));
	flow_read(&result.flow, w->packets, w->n, worker_now_us(), SENT_MAX);
	flow_measure(
		&result.facts, result.flow.sent, result.flow.n, result.flow.rtt_min_us);
	flow_free(&result.flow);
	result.packets = (uint32_t)w->n;
	result.dropped = capture_pcap_dropped(&w->pcap) + w->over;
	result.answer = w->answer;
	result.reset = w->reset;
	return send(w->reply, &result, sizeof(result), MSG_NOSIGNAL) == sizeof(result);
}

/* Until its end is asked for, or nobody is there any more. */
static void
worker_run(struct worker *w)
{
	struct pollfd fds[] = {{w->reply, POLLIN, 0}, {w->pcap.fd, POLLIN, 0}};
	bool goes_on = true;
	char word;

	while (goes_on && poll(fds, 2, -1) > 0) {
		worker_drain(w);
		/* An interface that went down; else poll() would not sleep again. */
		if (fds[1].revents & ~POLLIN)
			(void)worker_option_is(w->pcap.fd, SO_ERROR, 0);
		if (fds[0].revents == 0)
			continue;
		if (recv(w->reply, &word, 1, MSG_DONTWAIT) != 1)
			return;
		worker_drain(w);
		goes_on = worker_tell(w) && word == CAPTURE_TELL;
	}
}

/* From here on every byte is hostile, and this process may do nothing but read it. */
static bool
worker_confine(void)
{
	/* poll() wants as many as it is given. */
	const struct rlimit files = {STDERR_FILENO + 1, STDERR_FILENO + 1},
			    none = {0, 0};

	return setrlimit(RLIMIT_NOFILE, &files) == 0 &&
	       setrlimit(RLIMIT_NPROC, &none) == 0 && privilege_drop_all();
}

_Noreturn void
capture_work(int reply, int socket, const struct capture_ask *ask)
{
	struct worker w = {.reply = reply, .port = worker_port_of(socket, &ask->to)};
	struct capture_ready ready = {REASON_internal};

	/* Held here, the connection would outlive its owner. */
	close(socket);
	w.packets = calloc(PACKETS_MAX, sizeof(*w.packets));
	if (!w.packets)
		bug("no memory");
	if (w.port)
		ready.reason = (int32_t)capture_pcap_open(
			&w.pcap, w.port, (const struct sockaddr *)&ask->to);
	if (!worker_confine())
		_exit(1);
	if (send(reply, &ready, sizeof(ready), MSG_NOSIGNAL) == sizeof(ready) &&
		ready.reason == REASON_none)
		worker_run(&w);
	_exit(0);
}
