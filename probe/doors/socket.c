#include "probe/doors/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <string.h>

/* Address bytes, TCP's own header and the 12 bytes of its timestamps. */
#define HEADERS4_BYTES (20 + 20 + 12)
#define HEADERS6_BYTES (40 + 20 + 12)

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

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) ||
		n < offsetof(struct tcp_info, tcpi_bytes_retrans) ||
		getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &family_n))
		return false;
	*tcp = (struct socket_tcp){
		.rtt_us = info.tcpi_rtt,
		.receive_rtt_us = info.tcpi_rcv_rtt,
		.min_rtt_us = info.tcpi_min_rtt,
		.retrans = info.tcpi_total_retrans,
		.wire_bytes =
			(int64_t)(info.tcpi_bytes_sent + info.tcpi_bytes_received) +
			(int64_t)(info.tcpi_segs_out + (uint64_t)info.tcpi_segs_in) *
				(family == AF_INET6 ? HEADERS6_BYTES : HEADERS4_BYTES),
	};
	return true;
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
