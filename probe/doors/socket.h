#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/measurement.h"

/* Sockets of checks: addresses, what the kernel counted, and what its errors mean. */

union socket_address {
	struct sockaddr any;
	struct sockaddr_storage room;
};

/* An address as text (never a name, no zone) and a port; false when it is none. */
bool socket_parse(union socket_address *address, const char *text, uint16_t port);
socklen_t socket_length(const union socket_address *address);

/* What the kernel knows of a TCP connection (tcp(7), TCP_INFO). */
struct socket_tcp {
	int64_t rtt_us, receive_rtt_us, min_rtt_us, retrans; /* 0: not known yet */
	int64_t wire_bytes; /* both ways, TCP and IP headers included */
};
bool socket_read_tcp(struct socket_tcp *tcp, int fd);

/* The outcome that an errno of connect, send or receive stands for; OUTCOME_unmeasured
 * where it speaks of this machine alone. */
enum outcome socket_outcome(int error);
/* The outcome of an ICMP (RFC 792) or ICMPv6 (RFC 4443) error; ${error} is the errno
 * that the kernel made of it. */
enum outcome socket_icmp_outcome(bool v6, uint8_t type, uint8_t code, int error);
