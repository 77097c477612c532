#include "probe/doors/quic.h"

#include <string.h>

#define LONG_HEADER 0x80
#define FIXED_BIT 0x40
#define RESERVED_MASK UINT32_C(0x0f0f0f0f)
#define RESERVED UINT32_C(0x0a0a0a0a)

/* First byte, version, and two ids with their lengths. */
#define SERVER_AT 6
#define CLIENT_AT (SERVER_AT + QUIC_ID_BYTES + 1)
#define HEADER_BYTES (CLIENT_AT + QUIC_ID_BYTES)
#define VERSION_BYTES 4

void
quic_write(uint8_t out[static QUIC_PROBE_BYTES], struct quic_ids *ids)
{
	ids->version = (ids->version & ~RESERVED_MASK) | RESERVED;
	/* The two bits of the type say Initial, as in version 1. */
	out[0] = (uint8_t)(LONG_HEADER | FIXED_BIT | (out[0] & 0x0f));
	for (int i = 0; i < VERSION_BYTES; i++)
		out[1 + i] = (uint8_t)(ids->version >> (24 - 8 * i));
	out[SERVER_AT - 1] = QUIC_ID_BYTES;
	memcpy(out + SERVER_AT, ids->server, QUIC_ID_BYTES);
	out[CLIENT_AT - 1] = QUIC_ID_BYTES;
	memcpy(out + CLIENT_AT, ids->client, QUIC_ID_BYTES);
}

static uint32_t
quic_number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
	       at[3];
}

bool
quic_read(unsigned *versions, const void *bytes, size_t n, const struct quic_ids *ids)
{
	const uint8_t *at = bytes;

	*versions = 0;
	/* At least one version, and nothing but whole ones. Both ids have the length of
	 * ours, since they are ours: what came from us goes back to us. */
	if (n < HEADER_BYTES + VERSION_BYTES || (n - HEADER_BYTES) % VERSION_BYTES ||
		!(at[0] & LONG_HEADER) || quic_number(at + 1) != 0 ||
		at[SERVER_AT - 1] != QUIC_ID_BYTES ||
		memcmp(at + SERVER_AT, ids->client, QUIC_ID_BYTES) ||
		at[CLIENT_AT - 1] != QUIC_ID_BYTES ||
		memcmp(at + CLIENT_AT, ids->server, QUIC_ID_BYTES))
		return false;
	for (size_t i = HEADER_BYTES; i < n; i += VERSION_BYTES) {
		uint32_t version = quic_number(at + i);

		if (version == ids->version) /* RFC 9000 section 6.2 */
			return false;
		*versions += (version & RESERVED_MASK) != RESERVED;
	}
	return true;
}
