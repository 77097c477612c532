#include "probe/doors/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"

/* Address bytes, TCP's own header and the 12 bytes of its timestamps. */
#define HEADERS4_BYTES (20 + 20 + 12)
#define HEADERS6_BYTES (40 + 20 + 12)
#define PORT_TRIES 16

bool
socket_parse(union socket_address *address, const char *text, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		memcpy(address, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		memcpy(address, &v6, sizeof(v6));
	else
		return false;
	return true;
}

bool
socket_parse_url(union socket_address *address, const char *url)
{
	char text[INET6_ADDRSTRLEN + 1];
	unsigned port;

	if (sscanf(url, "https://[%46[0-9a-fA-F:.]]:%5u", text, &port) != 2 &&
		sscanf(url, "https://%46[0-9.]:%5u", text, &port) != 2)
		return false;
	return port <= UINT16_MAX && socket_parse(address, text, (uint16_t)port);
}

void
socket_lead(union socket_address *address, const char *interface)
{
	size_t n = strnlen(interface, sizeof(address->way.interface) - 1);

	memset(address->way.interface, 0, sizeof(address->way.interface));
	memcpy(address->way.interface, interface, n);
}

int
socket_open(int *out, const union socket_address *to, int type, int protocol)
{
	const char *interface = to->way.interface;
	int fd = socket(to->any.sa_family, type | SOCK_CLOEXEC, protocol), error = 0;

	*out = -1;
	if (fd < 0)
		return errno;
	if (interface[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
				    (socklen_t)strlen(interface)))
		error = errno;
	if (error)
		close(fd);
	else
		*out = fd;
	return error;
}

static int
socket_bind_port(int fd, int family, uint16_t port)
{
	union socket_address own = {0};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (family == AF_INET6)
		memcpy(&own, &v6, sizeof(v6));
	else
		memcpy(&own, &v4, sizeof(v4));
	return bind(fd, &own.any, socket_length(&own)) ? errno : 0;
}

int
socket_take_port(int fd, int family)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned first = 32768, last = 60999;
	int error = EADDRINUSE;

	if (file) {
		if (fscanf(file, "%5u %5u", &first, &last) != 2 || first >= last ||
			last > UINT16_MAX)
			error = EINVAL;
		fclose(file);
	}
	for (int i = 0; i < PORT_TRIES && error == EADDRINUSE; i++) {
		uint16_t random;

		crypto_random(&random, sizeof(random));
		random = (uint16_t)(random % ((last - first) / 2 + 1) * 2);
		error = socket_bind_port(fd, family, (uint16_t)(first + random));
	}
	return error ? socket_bind_port(fd, family, 0) : 0;
}

socklen_t
socket_length(const union socket_address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						  : sizeof(struct sockaddr_in);
}

bool
socket_read_tcp(struct socket_tcp *tcp, int fd)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof(info);
	int family = 0;
	socklen_t family_n = sizeof(family);
	uint32_t head_bytes;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) ||
		n < offsetof(struct tcp_info, tcpi_reord_seen) ||
		getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &family_n))
		return false;
	head_bytes = family == AF_INET6 ? HEADERS6_BYTES : HEADERS4_BYTES;
	*tcp = (struct socket_tcp){
		.rtt_us = info.tcpi_rtt,
		.receive_rtt_us = info.tcpi_rcv_rtt,
		/* None yet is all ones in the kernel. */
		.min_rtt_us = info.tcpi_min_rtt == UINT32_MAX ? 0 : info.tcpi_min_rtt,
		.retrans = info.tcpi_total_retrans,
		.wire_bytes =
			(int64_t)(info.tcpi_bytes_sent + info.tcpi_bytes_received) +
			(int64_t)(info.tcpi_segs_out + (uint64_t)info.tcpi_segs_in) *
				head_bytes,
		.bytes_sent = (int64_t)info.tcpi_bytes_sent,
		.bytes_retrans = (int64_t)info.tcpi_bytes_retrans,
		.segs_out = info.tcpi_segs_out,
		.bytes_acked = (int64_t)info.tcpi_bytes_acked,
		.bytes_given =
			(int64_t)(info.tcpi_bytes_sent - info.tcpi_bytes_retrans) +
			info.tcpi_notsent_bytes,
		.bytes_received = (int64_t)info.tcpi_bytes_received,
		.head_bytes = head_bytes,
		.data_segs_in = info.tcpi_data_segs_in,
		.data_segs_out = info.tcpi_data_segs_out,
		.delivered = info.tcpi_delivered,
		.needless = info.tcpi_dsack_dups,
		.overtaken = n < offsetof(struct tcp_info, tcpi_snd_wnd)
				     ? -1
				     : (int64_t)info.tcpi_rcv_ooopack,
		.since_data_us = info.tcpi_last_data_recv * INT64_C(1000),
		.since_ack_us = info.tcpi_last_ack_recv * INT64_C(1000),
	};
	return true;
}

void
socket_look(struct flow_look *look, const struct socket_tcp *tcp, enum flow_end end,
	int64_t now_us)
{
	bool sends = end == FLOW_AT_SENDER;

	*look = (struct flow_look){.time_us = now_us,
		.rtt_us = sends ? tcp->rtt_us : tcp->receive_rtt_us,
		.rest_us = tcp->min_rtt_us,
		.packets = sends ? tcp->delivered : tcp->data_segs_in,
		.bytes = sends ? tcp->bytes_acked : tcp->bytes_received,
		.silent_us = sends ? tcp->since_ack_us : tcp->since_data_us,
		.sent = tcp->data_segs_out,
		.again = tcp->retrans,
		.needless = tcp->needless,
		.overtaken = tcp->overtaken};
}

enum outcome
socket_outcome(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return OUTCOME_connection_refused;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_connection_reset;
	case ETIMEDOUT:
		return OUTCOME_generic_timeout_error;
	case EHOSTUNREACH:
	case EHOSTDOWN:
		return OUTCOME_host_unreachable;
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL: /* an IPv6 address, and no IPv6 here */
	case EAFNOSUPPORT:
	case ENONET:
		return OUTCOME_network_unreachable;
	case EACCES: /* ICMPv6 administratively prohibited, RFC 4443 section 3.1 */
		return OUTCOME_icmp_prohibited;
	default:
		return OUTCOME_unmeasured;
	}
}

enum reason
socket_reason(int error)
{
	/* EPERM is also what a firewall of this machine says: no network does. */
	return error == EPERM || error == EACCES ? REASON_no_permission
						 : REASON_internal;
}

static enum outcome
socket_icmp4_outcome(uint8_t type, uint8_t code, int error)
{
	if (type == ICMP_TIME_EXCEEDED)
		return OUTCOME_ttl_exceeded;
	if (type != ICMP_DEST_UNREACH)
		return socket_outcome(error);
	switch (code) { /* RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1 */
	case ICMP_PORT_UNREACH:
		return OUTCOME_connection_refused;
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
		return OUTCOME_icmp_prohibited;
	case ICMP_NET_UNREACH:
	case ICMP_NET_UNKNOWN:
	case ICMP_NET_UNR_TOS:
		return OUTCOME_network_unreachable;
	default:
		return OUTCOME_host_unreachable;
	}
}

enum outcome
socket_icmp_outcome(bool v6, uint8_t type, uint8_t code, int error)
{
	if (!v6)
		return socket_icmp4_outcome(type, code, error);
	if (type == ICMP6_TIME_EXCEEDED)
		return OUTCOME_ttl_exceeded;
	if (type != ICMP6_DST_UNREACH)
		return socket_outcome(error);
	switch (code) { /* RFC 4443 section 3.1 */
	case ICMP6_DST_UNREACH_NOROUTE:
		return OUTCOME_network_unreachable;
	case ICMP6_DST_UNREACH_NOPORT:
		return OUTCOME_connection_refused;
	case ICMP6_DST_UNREACH_ADMIN:
	case 5: /* source address failed ingress or egress policy */
	case 6: /* reject route */
		return OUTCOME_icmp_prohibited;
	default:
		return OUTCOME_host_unreachable;
	}
}

static int
socket_set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? errno : 0;
}

int
socket_tell_errors(int fd, int family)
{
	bool v6 = family == AF_INET6;
	int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int error = socket_set(fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, 1);

	return error ? error
		     : socket_set(fd, level, v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL, 1);
}

int
socket_set_ttl(int fd, int family, uint8_t ttl)
{
	bool v6 = family == AF_INET6;

	return socket_set(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		v6 ? IPV6_UNICAST_HOPS : IP_TTL, ttl ? ttl : -1);
}

int
socket_open_datagram(
	int *out, const union socket_address *to, int protocol, uint8_t ttl)
{
	int error = socket_open(out, to, SOCK_DGRAM, protocol), fd = *out;

	if (error)
		return error;
	error = socket_tell_errors(fd, to->any.sa_family);
	if (!error)
		error = socket_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (!error && ttl)
		error = socket_set_ttl(fd, to->any.sa_family, ttl);
	if (error)
		return error;
	return connect(fd, &to->any, socket_length(to)) ? errno : 0;
}

static void
socket_read_error(struct socket_message *message, const struct cmsghdr *control)
{
	struct sock_extended_err error;
	size_t told;

	if (control->cmsg_len < CMSG_LEN(sizeof(error)))
		return;
	memcpy(&error, CMSG_DATA(control), sizeof(error));
	if (error.ee_origin != SO_EE_ORIGIN_ICMP &&
		error.ee_origin != SO_EE_ORIGIN_ICMP6)
		return;
	message->icmp_error = (int)error.ee_errno;
	message->icmp_type = error.ee_type;
	message->icmp_code = error.ee_code;
	/* Behind the error lies the address of its sender (SO_EE_OFFENDER, ip(7)). */
	told = control->cmsg_len - CMSG_LEN(sizeof(error));
	if (told > sizeof(message->icmp_from))
		told = sizeof(message->icmp_from);
	memcpy(&message->icmp_from, CMSG_DATA(control) + sizeof(error), told);
}

static void
socket_read_stamp(struct socket_message *message, const struct cmsghdr *control)
{
	struct timespec at;

	if (control->cmsg_len < CMSG_LEN(sizeof(at)))
		return;
	memcpy(&at, CMSG_DATA(control), sizeof(at));
	message->stamp_us = (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void
socket_read_control(struct socket_message *message, struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		bool v4 = c->cmsg_level == IPPROTO_IP;
		bool v6 = c->cmsg_level == IPPROTO_IPV6;

		if ((v4 && c->cmsg_type == IP_TTL) ||
			(v6 && c->cmsg_type == IPV6_HOPLIMIT))
			memcpy(&message->ttl, CMSG_DATA(c), sizeof(message->ttl));
		else if ((v4 && c->cmsg_type == IP_RECVERR) ||
			 (v6 && c->cmsg_type == IPV6_RECVERR))
			socket_read_error(message, c);
		else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			socket_read_stamp(message, c);
	}
}

bool
socket_receive(struct socket_message *message, int fd, int flags)
{
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct iovec part = {message->bytes, sizeof(message->bytes)};
	struct msghdr header = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t n;

	message->ttl = -1;
	message->stamp_us = 0;
	message->icmp_error = 0;
	message->icmp_from.any.sa_family = AF_UNSPEC;
	n = recvmsg(fd, &header, flags | MSG_DONTWAIT);
	if (n < 0)
		return false;
	message->n = (size_t)n;
	socket_read_control(message, &header);
	return true;
}

bool
socket_wait(int fd, int64_t until_us)
{
	int64_t left_us = until_us - clock_boot_us();
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	struct timespec left;

	if (left_us <= 0)
		return false;
	left.tv_sec = left_us / 1000000;
	left.tv_nsec = left_us % 1000000 * 1000;
	return ppoll(&wanted, 1, &left, NULL) > 0;
}

bool
socket_next(struct socket_message *message, int fd, int64_t until_us)
{
	int pending;
	socklen_t n = sizeof(pending);

	for (;;) {
		if (!socket_wait(fd, until_us)) {
			if (clock_boot_us() >= until_us)
				return false;
			continue;
		}
		if (socket_receive(message, fd, MSG_ERRQUEUE)) {
			if (message->icmp_error)
				return true;
		} else if (socket_receive(message, fd, 0)) {
			return true;
		} else {
			/* Else poll would not sleep again. */
			(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &n);
		}
	}
}
