#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A packet as somebody on the way sees it. Pure; every byte is hostile. Not seen, and so let
 * pass: fragments, IPv6 packets with extension headers, and all that is neither TCP nor UDP. */

#define ONPATH_NAME_BYTES 256 /* of a name of a host and the 0 behind it */

enum {
	ONPATH_TCP = 6,
	ONPATH_UDP = 17,
};

enum {
	ONPATH_FIN = 0x01,
	ONPATH_SYN = 0x02,
	ONPATH_RST = 0x04,
	ONPATH_PSH = 0x08,
	ONPATH_ACK = 0x10,
};

/* Pointers are into the packet's own bytes. */
struct onpath_packet {
	int version; /* 4 or 6 */
	int protocol; /* ONPATH_TCP or ONPATH_UDP */
	const uint8_t *from, *to;
	size_t address_bytes; /* 4 or 16 */
	uint16_t from_port, to_port;
	uint32_t seq, ack; /* of TCP */
	uint8_t flags;
	const uint8_t *payload;
	size_t payload_bytes;
};

/* False: not seen (above). Checksums are not looked at, as boxes on the way do not. */
bool onpath_packet_read(struct onpath_packet *packet, const uint8_t *bytes, size_t n);

/* What the first bytes of one direction of a stream are. */
enum onpath_head {
	ONPATH_OTHER, /* something else */
	ONPATH_PART, /* the start of it: more must come */
	ONPATH_WHOLE,
};

/* A TLS ClientHello (RFC 8446 section 4.1.2), in one record or several; name: the host name
 * of its server_name extension (RFC 6066 section 3) in small letters, "" where there is none
 * or it is no name. */
enum onpath_head onpath_packet_hello(
	char name[static ONPATH_NAME_BYTES], const uint8_t *head, size_t n);

/* The head of an HTTP/1 request (RFC 9112 section 3); name: its Host in small letters, the
 * port taken off, "" where there is none. */
enum onpath_head onpath_packet_request(
	char name[static ONPATH_NAME_BYTES], const uint8_t *head, size_t n);

/* A DNS message that asks one question of class IN (RFC 1035 section 4.1). */
struct onpath_question {
	char name[ONPATH_NAME_BYTES]; /* in small letters */
	uint16_t type;
	size_t bytes; /* of the header and the question */
};

bool onpath_packet_question(
	struct onpath_question *question, const uint8_t *message, size_t n);
