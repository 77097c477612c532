#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What every version of QUIC has in common (RFC 8999): the long header, and the answer
 * of a server that does not speak the version it was asked in. Pure: no socket, no clock.
 */
#define QUIC_PROBE_BYTES 1200 /* RFC 9000 section 14.1: a server drops smaller ones */
#define QUIC_ID_BYTES 8

struct quic_ids { /* chosen by the caller, at random */
	uint8_t server[QUIC_ID_BYTES], client[QUIC_ID_BYTES];
	uint32_t version; /* any: quic_write() makes it a reserved one */
};

/* A datagram that asks in a version that is reserved for forcing version negotiation,
 * 0x?a?a?a?a (RFC 9000 section 15). ${out} holds random bytes on entry: what is not
 * header stays, as the payload of a real first packet is encrypted. */
void quic_write(uint8_t out[static QUIC_PROBE_BYTES], struct quic_ids *ids);

/* True when the datagram is a Version Negotiation packet (RFC 8999 section 6) in answer
 * to that question: it repeats both ids, and does not offer the very version that it
 * says it lacks. *versions: how many it offers, reserved ones left out. */
bool quic_read(
	unsigned *versions, const void *bytes, size_t n, const struct quic_ids *ids);
