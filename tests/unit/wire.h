#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Packets for the tests of the lab's box, written as RFC 791, 8200, 9293 and 768 draw them and
 * not with the box's own code. */

#define WIRE_BYTES 2048

struct wire {
	uint8_t bytes[WIRE_BYTES];
	size_t n;
};

struct wire_ends {
	int version;
	uint8_t left[16], right[16];
	uint16_t left_port, right_port;
};

struct wire_segment {
	bool leftward; /* from the right end */
	uint8_t flags;
	uint32_t seq, ack;
	const void *payload;
	size_t n;
};

static inline void
wire_add(struct wire *wire, const void *bytes, size_t n)
{
	if (n > 0)
		memcpy(wire->bytes + wire->n, bytes, n);
	wire->n += n;
}

static inline void
wire_add_number(struct wire *wire, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		wire->bytes[wire->n++] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
}

static inline void
wire_add_ip(struct wire *wire, const struct wire_ends *ends, bool leftward,
	uint8_t protocol, size_t rest)
{
	size_t address = ends->version == 4 ? 4 : 16;

	if (ends->version == 4) {
		wire_add(wire, "\x45\x00", 2);
		wire_add_number(wire, 20 + rest, 2);
		wire_add(wire, "\x12\x34\x40\x00\x37", 5);
		wire_add_number(wire, protocol, 1);
		wire_add_number(wire, 0, 2);
	} else {
		wire_add(wire, "\x60\x00\x00\x00", 4);
		wire_add_number(wire, rest, 2);
		wire_add_number(wire, protocol, 1);
		wire_add_number(wire, 55, 1);
	}
	wire_add(wire, leftward ? ends->right : ends->left, address);
	wire_add(wire, leftward ? ends->left : ends->right, address);
}

static inline struct wire
wire_tcp(const struct wire_ends *ends, const struct wire_segment *segment)
{
	struct wire wire = {.n = 0};

	wire_add_ip(&wire, ends, segment->leftward, 6, 20 + segment->n);
	wire_add_number(
		&wire, segment->leftward ? ends->right_port : ends->left_port, 2);
	wire_add_number(
		&wire, segment->leftward ? ends->left_port : ends->right_port, 2);
	wire_add_number(&wire, segment->seq, 4);
	wire_add_number(&wire, segment->ack, 4);
	wire_add_number(&wire, 0x50, 1);
	wire_add_number(&wire, segment->flags, 1);
	wire_add_number(&wire, 0xfaf00000, 4);
	wire_add_number(&wire, 0, 2);
	wire_add(&wire, segment->payload, segment->n);
	return wire;
}

static inline struct wire
wire_udp(const struct wire_ends *ends, bool leftward, const void *payload, size_t n)
{
	struct wire wire = {.n = 0};

	wire_add_ip(&wire, ends, leftward, 17, 8 + n);
	wire_add_number(&wire, leftward ? ends->right_port : ends->left_port, 2);
	wire_add_number(&wire, leftward ? ends->left_port : ends->right_port, 2);
	wire_add_number(&wire, 8 + n, 2);
	wire_add_number(&wire, 0, 2);
	wire_add(&wire, payload, n);
	return wire;
}

/* A ClientHello (RFC 8446 section 4.1.2) in one record; no name: without the extension.
 * padding: bytes of another extension in front. */
static inline struct wire
wire_hello(const char *name, size_t padding)
{
	size_t named = name ? 9 + strlen(name) : 0;
	size_t extensions = 4 + padding + named;
	size_t body = 2 + 32 + 1 + 4 + 2 + 2 + extensions;
	struct wire wire = {.n = 0};

	wire_add(&wire, "\x16\x03\x01", 3);
	wire_add_number(&wire, 4 + body, 2);
	wire_add_number(&wire, 1, 1);
	wire_add_number(&wire, body, 3);
	wire_add(&wire, "\x03\x03", 2);
	wire.n += 32;
	wire_add(&wire, "\x00\x00\x02\x13\x01\x01\x00", 7);
	wire_add_number(&wire, extensions, 2);
	wire_add_number(&wire, 21, 2);
	wire_add_number(&wire, padding, 2);
	wire.n += padding;
	if (name) {
		wire_add_number(&wire, 0, 2);
		wire_add_number(&wire, 5 + strlen(name), 2);
		wire_add_number(&wire, 3 + strlen(name), 2);
		wire_add_number(&wire, 0, 1);
		wire_add_number(&wire, strlen(name), 2);
		wire_add(&wire, name, strlen(name));
	}
	return wire;
}

/* A question (RFC 1035 section 4.1), recursion wanted. */
static inline struct wire
wire_question(const char *name, uint16_t type)
{
	struct wire wire = {.n = 0};

	wire_add(&wire, "\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
	while (*name) {
		size_t label = strcspn(name, ".");

		wire_add_number(&wire, label, 1);
		wire_add(&wire, name, label);
		name += label + (name[label] == '.');
	}
	wire_add_number(&wire, 0, 1);
	wire_add_number(&wire, type, 2);
	wire_add_number(&wire, 1, 2);
	return wire;
}

/* The sum of 16-bit words, which is 0xffff where a checksum among them is right. */
static inline uint32_t
wire_sum(const uint8_t *bytes, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

/* Are the lengths of a forged packet and its checksums right? */
static inline bool
wire_is_whole(const uint8_t *bytes, size_t n)
{
	bool four = bytes[0] >> 4 == 4;
	size_t header = four ? 20 : 40, addresses = four ? 8 : 32;
	size_t told = (size_t)bytes[four ? 2 : 4] << 8 | bytes[four ? 3 : 5];
	uint8_t protocol = bytes[four ? 9 : 6];

	if (n < header || told != (four ? n : n - header) ||
		(four && wire_sum(bytes, header, 0) != 0xffff))
		return false;
	if (protocol == 17 && (bytes[header + 6] | bytes[header + 7]) == 0)
		return false; /* not summed up at all */
	return wire_sum(bytes + header - addresses, n - header + addresses,
		       (uint32_t)(protocol + n - header)) == 0xffff;
}
