#pragma once

#include "common/flow.h"

/* A captured frame -> a packet of a TCP connection. Pure; every byte is hostile. */

/* How a frame begins: what the system (pcap) calls it is translated by who has it. */
enum packet_link {
	PACKET_ETHERNET, /* VLAN tags (IEEE 802.1Q) are stepped over */
	PACKET_COOKED, /* Linux "any", version 1 */
	PACKET_COOKED2, /* version 2 */
	PACKET_RAW, /* the IP header itself */
	PACKET_NULL, /* four bytes of address family, in either order */
	PACKET_PPP, /* RFC 1661, with or without RFC 1662's address and control */
};

struct packet_end {
	uint8_t address[16]; /* an IPv4 one fills the first four */
	uint16_t port;
};

struct packet {
	uint8_t version; /* 4 or 6 */
	struct packet_end from, to;
	struct flow_packet tcp; /* without time_us and from_first */
};

/* ${n} bytes were captured of a frame that was ${wire} long. False: no TCP segment, or a
 * fragment of one, or too little was captured to tell its sequence number. Options that
 * were cut off are left out. */
bool packet_read(struct packet *packet, enum packet_link link, const uint8_t *frame,
	size_t n, size_t wire);
