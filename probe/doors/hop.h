#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/socket.h"

/*
 * Packets towards one far end, each with a TTL of its own, and who answered them: a router
 * where the TTL ran out, one that refuses them, or the far end itself. Unprivileged: echo
 * requests as net.ipv4.ping_group_range permits, datagrams to a high port, and connecting
 * TCP sockets, all with IP_RECVERR (ip(7)).
 *
 * The packets of a path look like one flow to the routers, which choose among parallel
 * lines by what would differ: ports, and the checksum of an echo (Augustin et al.,
 * "Avoiding traceroute anomalies with Paris traceroute", IMC 2006).
 */
#define HOP_PLACES 32

struct hop_path;

/* 0 or an errno; *path is NULL then. The port of ${to} counts for TCP alone. */
int hop_open(
	struct hop_path **path, const union socket_address *to, enum protocol protocol);
void hop_close(struct hop_path *path);

/* Sends one packet as number ${place}, 1 to HOP_PLACES - 1, each greater than the last;
 * ttl 0: the usual one. 0 or an errno. While hop_one_in_flight() is true an answer may
 * not tell which packet it answers, and the next packet gives the last one up: so it is
 * with TCP, and with UDP from the first router on that quotes too little of a datagram. */
int hop_send(struct hop_path *path, uint8_t place, uint8_t ttl);
bool hop_one_in_flight(const struct hop_path *path);

struct hop_answer {
	uint8_t place; /* of the packet that was answered */
	bool far; /* the far end itself answered: outcome is ok */
	enum outcome outcome; /* ok, ttl_exceeded, or what an ICMP error stands for */
	int error; /* errno that the kernel made of an ICMP error; 0: it is none */
	int icmp_type, icmp_code; /* of an ICMP error, -1 none */
	int ttl; /* it arrived with, -1 not told */
	union socket_address from; /* family 0: this machine's own kernel */
	int64_t rtt_us;
};
/* Takes the next first answer to a packet, waiting until a CLOCK_BOOTTIME: false. */
bool hop_wait(struct hop_answer *answer, struct hop_path *path, int64_t until_us);
/* On the wire so far, both ways, headers included. */
int64_t hop_wire_bytes(const struct hop_path *path);
