#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/flow_looks.h"
#include "common/measurement.h"

/* Sockets of checks: addresses, what the kernel counted, and what its errors mean. */

#define SOCKET_ADDRESS_BYTES 64 /* more than any of them takes */
union socket_address {
	struct sockaddr any;
	struct sockaddr_storage room;
	struct {
		char address[SOCKET_ADDRESS_BYTES];
		/* By which alone packets go there; "": as the kernel routes them. */
		char interface[16];
	} way;
};

/* Has whatever is opened to the address use that interface alone. */
void socket_lead(union socket_address *address, const char *interface);
/* A socket for the address, bound to its interface where it has one: Linux lets anybody do
 * that since 5.7 (SO_BINDTODEVICE, socket(7)). 0 or an errno; *fd is -1 then. */
int socket_open(int *fd, const union socket_address *to, int type, int protocol);

/* A port of its own before connect(), drawn from those that connect() itself would draw
 * from (net/ipv4/inet_hashtables.c: of the same parity as the range's first), so that nobody
 * sees a difference. 0 or an errno. */
int socket_take_port(int fd, int family);

/* An address as text (never a name, no zone) and a port; false when it is none. */
bool socket_parse(union socket_address *address, const char *text, uint16_t port);
/* The same of "https://ADDRESS:PORT", an IPv6 address in brackets. */
bool socket_parse_url(union socket_address *address, const char *url);
socklen_t socket_length(const union socket_address *address);

/* What the kernel knows of a TCP connection (tcp(7), TCP_INFO). */
struct socket_tcp {
	int64_t rtt_us, receive_rtt_us, min_rtt_us, retrans; /* 0: not known yet */
	int64_t wire_bytes; /* both ways, TCP and IP headers included */
	int64_t bytes_sent, bytes_retrans,
		segs_out; /* retransmissions are in all three */
	int64_t bytes_acked; /* that the other end's kernel has said it has */
	int64_t bytes_given; /* that this kernel was given to send */
	int64_t bytes_received; /* in order, of the connection's payload */
	/* For common/flow_looks.h, whose words these are. */
	uint32_t head_bytes;
	int64_t data_segs_in, data_segs_out, delivered, needless;
	int64_t overtaken; /* -1: this kernel does not tell */
	int64_t since_data_us, since_ack_us; /* that the other end was last heard */
};
bool socket_read_tcp(struct socket_tcp *tcp, int fd);
/* As that end of a transfer sees it, at that time. */
void socket_look(struct flow_look *look, const struct socket_tcp *tcp,
	enum flow_end end, int64_t now_us);

/* The outcome that an errno of connect, send or receive stands for; OUTCOME_unmeasured
 * where it speaks of this machine alone. */
enum outcome socket_outcome(int error);
enum reason socket_reason(int error);
/* The outcome of an ICMP (RFC 792) or ICMPv6 (RFC 4443) error; ${error} is the errno
 * that the kernel made of it. */
enum outcome socket_icmp_outcome(bool v6, uint8_t type, uint8_t code, int error);

/* A datagram socket connected to one address, with errors, TTLs and times of what comes
 * back told (IP_RECVERR, IP_RECVTTL; ip(7), ipv6(7); SO_TIMESTAMPNS, socket(7)). ttl 0: the usual one. 0 or an errno;
 * *fd is -1 when the socket itself was refused. */
int socket_open_datagram(
	int *fd, const union socket_address *to, int protocol, uint8_t ttl);
/* The two parts of it, for sockets of any kind: 0 or an errno. */
int socket_tell_errors(int fd, int family);
int socket_set_ttl(int fd, int family, uint8_t ttl);

#define SOCKET_MESSAGE_BYTES 4096
struct socket_message {
	size_t n;
	int ttl; /* it arrived with, -1 not told */
	int64_t stamp_us; /* CLOCK_REALTIME of its arrival, 0 not told */
	int icmp_error; /* errno that the kernel made of an ICMP error; 0: it is none */
	uint8_t icmp_type, icmp_code;
	union socket_address icmp_from; /* who sent it; family 0: not told */
	uint8_t bytes[SOCKET_MESSAGE_BYTES]; /* of an ICMP error: what it quotes */
};
/* Takes one message without waiting: flags 0 or MSG_ERRQUEUE. False with errno. */
bool socket_receive(struct socket_message *message, int fd, int flags);
/* Waits until something can be taken, or until a CLOCK_BOOTTIME: false. */
bool socket_wait(int fd, int64_t until_us);
/* Waits for the next message or ICMP error, takes it, and takes stale errors away; false
 * when none came by that time. */
bool socket_next(struct socket_message *message, int fd, int64_t until_us);
