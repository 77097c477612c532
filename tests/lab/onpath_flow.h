#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lab/onpath_packet.h"

/* The TCP connections that pass, and the first bytes of each of their directions. Pure. */

/* Put together in the order of their sequence numbers, so that a ClientHello or a request may
 * come in several segments; one that comes before its turn is never seen. */
#define ONPATH_HEAD_BYTES 4096
/* Where connections are kept: sets by hash, and the one that was silent for the longest gives
 * way in its set. */
#define ONPATH_FLOW_SETS 128
#define ONPATH_FLOW_WAYS 8

struct onpath_key {
	uint8_t left[16], right[16];
	uint16_t left_port, right_port, version;
};

/* One direction of a connection. */
struct onpath_side {
	bool begun, looked; /* looked: what its head is has been decided */
	uint32_t first,
		next; /* sequence numbers of its first byte and of what comes next */
	int64_t full_ns; /* when its bucket is full again */
	size_t head_n;
	uint8_t head[ONPATH_HEAD_BYTES];
};

/* What is known of a connection, and what the rules (onpath_rules.h) made of it. */
struct onpath_flow {
	bool used;
	struct onpath_key key;
	int64_t seen_ns;
	int client; /* whose SYN it was: index into sides; -1 unknown */
	struct onpath_side sides[2]; /* from the left, from the right */

	bool dropped, frozen;
	bool taken; /* the redirect answers in the server's place */
	size_t police; /* one more than the rule's index; 0 none */
	size_t redirect; /* the rule's index */
	uint32_t taken_seq, taken_ack; /* of the redirect */
};

struct onpath_flows {
	struct onpath_flow flows[ONPATH_FLOW_SETS][ONPATH_FLOW_WAYS];
};

/* The packet's connection, a new one where it is none that is known or a new SYN begins it
 * anew. from: 0 where it comes from the left, 1 from the right. */
struct onpath_flow *onpath_flow_find(struct onpath_flows *flows,
	const struct onpath_packet *packet, int from, int64_t now_ns);

/* Adds what is new of a segment to the head of its direction. False: nothing is, or the head
 * is looked at no more. */
bool onpath_flow_gather(struct onpath_side *side, const struct onpath_packet *packet);
