#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lab/onpath_packet.h"

/* Packets forged in one end's name, whole from the IP header on. Pure. Each function returns
 * the length, 0 where it would be more than ONPATH_FORGE_BYTES. */

#define ONPATH_FORGE_BYTES 1500
#define ONPATH_FORGE_TTL_S 300 /* of a forged record */

/* The answer to the question in a UDP packet, from whom it was sent to: one record with the
 * address, of 4 or 16 bytes. */
size_t onpath_forge_answer(uint8_t out[static ONPATH_FORGE_BYTES],
	const struct onpath_packet *asked, const struct onpath_question *question,
	const uint8_t *address, size_t address_bytes);

/* A TCP segment in the name of the sender of a packet (back false) or of its receiver (back
 * true). */
struct onpath_segment {
	bool back;
	uint8_t flags;
	uint32_t seq, ack;
	const void *payload;
	size_t payload_bytes;
};

size_t onpath_forge_segment(uint8_t out[static ONPATH_FORGE_BYTES],
	const struct onpath_packet *seen, const struct onpath_segment *segment);
