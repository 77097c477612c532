#include "probe/doors/hop.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "common/log.h"

#define HEADER_BYTES 8 /* of an echo, of a datagram, and of an ICMP error */
#define IP4_BYTES 20
#define IP6_BYTES 40
#define SYN_BYTES 40 /* with its options */
#define ACK_BYTES 32
#define RST_BYTES 20
#define UDP_PORT 33434 /* where traceroute's datagrams have always gone */

/* What follows the header. The second word makes up for the first, or for the sequence
 * number of an echo: the checksum is the same in all packets of a path. */
#define NONCE_BYTES 16
struct hop_payload {
	uint16_t place, complement; /* network order */
	uint8_t nonce[NONCE_BYTES];
};

struct hop_path {
	union socket_address to, own;
	enum protocol protocol;
	bool v6;
	int fd; /* TCP: of the packet in flight; -1 none */
	bool over; /* TCP: the handshake has ended, with tcp_error */
	int tcp_error;
	uint8_t newest; /* place of the packet sent last */
	int64_t sent_us[HOP_PLACES];
	bool answered[HOP_PLACES];
	bool short_quotes; /* UDP: a router quoted too little to tell the place */
	uint8_t alone_from; /* place from which on only one is in flight; 0: not yet */
	uint8_t nonce[NONCE_BYTES];
	int64_t wire_bytes;
};

static int64_t
hop_ip_bytes(const struct hop_path *p)
{
	return p->v6 ? IP6_BYTES : IP4_BYTES;
}

static bool
hop_same_host(const union socket_address *a, const union socket_address *b)
{
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;

	if (a->any.sa_family != b->any.sa_family)
		return false;
	memcpy(&a4, a, sizeof(a4));
	memcpy(&b4, b, sizeof(b4));
	memcpy(&a6, a, sizeof(a6));
	memcpy(&b6, b, sizeof(b6));
	return a->any.sa_family == AF_INET6
		       ? !memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof(a6.sin6_addr))
		       : a4.sin_addr.s_addr == b4.sin_addr.s_addr;
}

static void
hop_set_port(union socket_address *address, uint16_t port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->any.sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		v6.sin6_port = htons(port);
		memcpy(address, &v6, sizeof(v6));
	} else {
		memcpy(&v4, address, sizeof(v4));
		v4.sin_port = htons(port);
		memcpy(address, &v4, sizeof(v4));
	}
}

static void
hop_learn_own(struct hop_path *p)
{
	socklen_t n = sizeof(p->own);

	if (p->own.any.sa_family == AF_UNSPEC && getsockname(p->fd, &p->own.any, &n))
		p->own.any.sa_family = AF_UNSPEC;
}

static int
hop_open_datagram(struct hop_path *p)
{
	int echo = p->v6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
	int error = socket_open_datagram(
		&p->fd, &p->to, p->protocol == PROTOCOL_icmp ? echo : 0, 0);

	if (!error)
		hop_learn_own(p);
	return error;
}

int
hop_open(struct hop_path **out, const union socket_address *to, enum protocol protocol)
{
	struct hop_path *p = calloc(1, sizeof(*p));
	int error = 0;

	if (!p)
		bug("no memory");
	p->fd = -1;
	p->to = *to;
	p->protocol = protocol;
	p->v6 = to->any.sa_family == AF_INET6;
	crypto_random(p->nonce, sizeof(p->nonce));
	if (protocol != PROTOCOL_tcp) {
		hop_set_port(&p->to, protocol == PROTOCOL_udp ? UDP_PORT : 0);
		error = hop_open_datagram(p);
	}
	if (error) {
		hop_close(p);
		p = NULL;
	}
	*out = p;
	return error;
}

void
hop_close(struct hop_path *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

bool
hop_one_in_flight(const struct hop_path *p)
{
	return p->protocol == PROTOCOL_tcp || p->short_quotes;
}

/* ---- sending ---- */

static int
hop_send_datagram(struct hop_path *p, uint8_t place)
{
	struct hop_payload payload = {htons(place), htons((uint16_t)~place), {0}};
	uint8_t echo[HEADER_BYTES] = {p->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO};
	uint8_t packet[HEADER_BYTES + sizeof(payload)];
	size_t header = p->protocol == PROTOCOL_icmp ? HEADER_BYTES : 0;

	memcpy(payload.nonce, p->nonce, sizeof(p->nonce));
	if (header) {
		echo[7] = place;
		payload.place = 0;
	}
	memcpy(packet, echo, header);
	memcpy(packet + header, &payload, sizeof(payload));
	/* An error that came since the last look is told now, instead of sending. */
	if (send(p->fd, packet, header + sizeof(payload), 0) < 0 &&
		send(p->fd, packet, header + sizeof(payload), 0) < 0)
		return errno;
	p->wire_bytes += hop_ip_bytes(p) + HEADER_BYTES + (int64_t)sizeof(payload);
	return 0;
}

static int
hop_prepare_handshake(const struct hop_path *p, uint8_t ttl)
{
	const struct linger reset = {1, 0};
	int error = socket_tell_errors(p->fd, p->to.any.sa_family);

	if (!error)
		error = socket_set_ttl(p->fd, p->to.any.sa_family, ttl);
	/* What gets through is not talked to: one packet ends it. */
	if (!error &&
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0)
		error = errno;
	/* Where the port is taken meanwhile any other will do. */
	if (!error && p->own.any.sa_family != AF_UNSPEC)
		(void)bind(p->fd, &p->own.any, socket_length(&p->own));
	return error;
}

/* A connecting socket for each SYN, all from one port: the kernel tells a late answer to
 * an earlier one by its sequence number. */
static int
hop_connect(struct hop_path *p, uint8_t ttl)
{
	int error;

	if (p->fd >= 0)
		close(p->fd);
	p->over = false;
	error = socket_open(&p->fd, &p->to, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	if (error)
		return error;
	error = hop_prepare_handshake(p, ttl);
	if (!error && connect(p->fd, &p->to.any, socket_length(&p->to)) &&
		errno != EINPROGRESS)
		error = errno;
	if (error) {
		close(p->fd);
		p->fd = -1;
		return error;
	}
	hop_learn_own(p);
	p->wire_bytes += hop_ip_bytes(p) + SYN_BYTES;
	return 0;
}

int
hop_send(struct hop_path *p, uint8_t place, uint8_t ttl)
{
	bool silent = p->newest && !p->answered[p->newest];
	int error = 0;

	if (place <= p->newest || place >= HOP_PLACES)
		bug("a packet out of its place");
	p->newest = place;
	p->sent_us[place] = clock_boot_us();
	if (p->protocol == PROTOCOL_tcp)
		return hop_connect(p, ttl);
	/* A router may quote eight bytes of a datagram (RFC 792), in which nothing tells its
	 * place: a late answer to an earlier one must find its socket closed. */
	if (p->short_quotes && (silent || !p->alone_from)) {
		p->alone_from = p->alone_from ? p->alone_from : place;
		close(p->fd);
		error = hop_open_datagram(p);
	}
	if (!error)
		error = socket_set_ttl(p->fd, p->to.any.sa_family, ttl);
	return error ? error : hop_send_datagram(p, place);
}

/* ---- answers ---- */

/* Which datagram an answer is to that does not say it: the one in flight. 0: there are
 * several, and from now on there will be one. */
static uint8_t
hop_place_in_flight(struct hop_path *p)
{
	uint8_t found = 0;

	p->short_quotes = true;
	if (p->alone_from)
		return p->newest;
	for (uint8_t place = 1; place <= p->newest; place++) {
		if (p->answered[place] || !p->sent_us[place])
			continue;
		if (found)
			return 0;
		found = place;
	}
	return found;
}

/* The place that the bytes of an echo, or of a datagram, speak of; 0: of none of ours. */
static uint8_t
hop_place_of(struct hop_path *p, const struct socket_message *message)
{
	struct hop_payload payload;
	size_t header = p->protocol == PROTOCOL_icmp ? HEADER_BYTES : 0;
	bool whole = message->n >= header + sizeof(payload);
	unsigned place;

	if (message->n < header)
		return 0;
	if (!header && !whole)
		return hop_place_in_flight(p);
	if (whole) {
		memcpy(&payload, message->bytes + header, sizeof(payload));
		if (memcmp(payload.nonce, p->nonce, sizeof(p->nonce)) != 0)
			return 0;
	}
	place = header ? (unsigned)message->bytes[6] << 8 | message->bytes[7]
		       : ntohs(payload.place);
	return place <= p->newest ? (uint8_t)place : 0;
}

static bool
hop_first_answer(struct hop_answer *answer, struct hop_path *p, uint8_t place)
{
	if (place == 0 || p->answered[place])
		return false;
	p->answered[place] = true;
	*answer = (struct hop_answer){.place = place,
		.icmp_type = -1,
		.icmp_code = -1,
		.ttl = -1,
		.rtt_us = clock_boot_us() - p->sent_us[place]};
	return true;
}

static void
hop_answer_far(struct hop_answer *answer, const struct hop_path *p)
{
	answer->far = true;
	answer->outcome = OUTCOME_ok;
	answer->from = p->to;
}

static bool
hop_take_error(struct hop_answer *answer, struct hop_path *p,
	const struct socket_message *message)
{
	bool tcp = p->protocol == PROTOCOL_tcp;

	if (!message->icmp_error)
		return false;
	/* Its own header, and what it quotes. */
	p->wire_bytes += 2 * hop_ip_bytes(p) + HEADER_BYTES + (int64_t)message->n +
			 (p->protocol == PROTOCOL_udp ? HEADER_BYTES : 0);
	if (!hop_first_answer(answer, p, tcp ? p->newest : hop_place_of(p, message)))
		return false;
	answer->icmp_type = message->icmp_type;
	answer->icmp_code = message->icmp_code;
	answer->ttl = message->ttl;
	answer->outcome = socket_icmp_outcome(
		p->v6, message->icmp_type, message->icmp_code, message->icmp_error);
	if (hop_same_host(&message->icmp_from, &p->to) &&
		answer->outcome != OUTCOME_ttl_exceeded) {
		hop_answer_far(answer, p);
		return true;
	}
	answer->error = message->icmp_error;
	/* No neighbour at the next address: our own kernel says so. */
	if (!hop_same_host(&message->icmp_from, &p->own))
		answer->from = message->icmp_from;
	return true;
}

static bool
hop_take_reply(struct hop_answer *answer, struct hop_path *p,
	const struct socket_message *message)
{
	uint8_t reply = p->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY, place;

	p->wire_bytes += hop_ip_bytes(p) + (int64_t)message->n;
	if (p->protocol == PROTOCOL_udp) {
		p->wire_bytes += HEADER_BYTES;
		place = hop_place_in_flight(p);
	} else if (message->n != HEADER_BYTES + sizeof(struct hop_payload) ||
		   message->bytes[0] != reply) {
		return false;
	} else {
		place = hop_place_of(p, message);
	}
	if (!hop_first_answer(answer, p, place))
		return false;
	answer->ttl = message->ttl;
	hop_answer_far(answer, p);
	return true;
}

/* The kernel queues an ICMP error before it ends the handshake with it: whoever looks in
 * the other order finds both. */
static void
hop_look_at_handshake(struct hop_path *p)
{
	struct pollfd fd = {.fd = p->fd, .events = POLLOUT};
	socklen_t n = sizeof(p->tcp_error);

	if (!p->over && poll(&fd, 1, 0) > 0)
		p->over =
			getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &p->tcp_error, &n) == 0;
}

/* Connected, or refused: SYN-ACK and RST come from the far end. */
static bool
hop_take_handshake(struct hop_answer *answer, struct hop_path *p)
{
	if (!p->over || (p->tcp_error && p->tcp_error != ECONNREFUSED &&
				p->tcp_error != ECONNRESET))
		return false;
	if (!hop_first_answer(answer, p, p->newest))
		return false;
	p->wire_bytes += 2 * hop_ip_bytes(p) + SYN_BYTES + RST_BYTES;
	if (!p->tcp_error)
		p->wire_bytes += hop_ip_bytes(p) + ACK_BYTES;
	hop_answer_far(answer, p);
	return true;
}

/* What has arrived already. A pending error would make the next send fail and lose that
 * packet: whoever sends has taken everything before. */
static bool
hop_take(struct hop_answer *answer, struct hop_path *p)
{
	struct socket_message message;
	int pending = 0;
	socklen_t n = sizeof(pending);

	if (p->fd < 0)
		return false;
	if (p->protocol == PROTOCOL_tcp)
		hop_look_at_handshake(p);
	else
		(void)getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &pending, &n);
	while (socket_receive(&message, p->fd, MSG_ERRQUEUE))
		if (hop_take_error(answer, p, &message))
			return true;
	if (p->protocol == PROTOCOL_tcp)
		return hop_take_handshake(answer, p);
	while (socket_receive(&message, p->fd, 0))
		if (hop_take_reply(answer, p, &message))
			return true;
	return false;
}

/* Until there is something to take, or until then (false). Once a TCP handshake is over its
 * socket stays ready for good and nothing more comes to it: what is waited for then is the
 * time at which whoever traces wants to send again, and nothing makes that come sooner. */
static bool
hop_wait_for_more(const struct hop_path *p, int64_t until_us)
{
	bool over = p->fd < 0 || p->over;
	short events = p->protocol == PROTOCOL_tcp ? POLLOUT : POLLIN;
	struct pollfd fd = {.fd = p->fd, .events = events};
	int64_t left_us = until_us - clock_boot_us();
	struct timespec left;

	if (left_us <= 0)
		return false;
	left.tv_sec = left_us / 1000000;
	left.tv_nsec = left_us % 1000000 * 1000;
	return ppoll(&fd, over ? 0 : 1, &left, NULL) > 0;
}

bool
hop_wait(struct hop_answer *answer, struct hop_path *p, int64_t until_us)
{
	do {
		if (hop_take(answer, p))
			return true;
	} while (hop_wait_for_more(p, until_us));
	return hop_take(answer, p);
}

int64_t
hop_wire_bytes(const struct hop_path *p)
{
	return p->wire_bytes;
}
