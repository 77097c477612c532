#include "tests/lab/onpath_flow.h"

#include <string.h>

static struct onpath_key
key_of(const struct onpath_packet *packet, int from)
{
	struct onpath_key key = {.version = (uint16_t)packet->version};

	memcpy(from == 0 ? key.left : key.right, packet->from, packet->address_bytes);
	memcpy(from == 0 ? key.right : key.left, packet->to, packet->address_bytes);
	key.left_port = from == 0 ? packet->from_port : packet->to_port;
	key.right_port = from == 0 ? packet->to_port : packet->from_port;
	return key;
}

static void
clear(struct onpath_flow *flow, const struct onpath_key *key)
{
	struct onpath_key kept = *key;

	memset(flow, 0, sizeof(*flow));
	flow->used = true;
	flow->key = kept;
	flow->client = -1;
}

static struct onpath_flow *
search(struct onpath_flows *flows, const struct onpath_key *key)
{
	const uint8_t *bytes = (const uint8_t *)key;
	uint32_t hash = 2166136261; /* FNV-1a */
	struct onpath_flow *set, *found;

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ bytes[i]) * 16777619;
	set = flows->flows[hash % ONPATH_FLOW_SETS];
	found = &set[0];
	for (int i = 0; i < ONPATH_FLOW_WAYS; i++) {
		if (set[i].used && memcmp(&set[i].key, key, sizeof(*key)) == 0)
			return &set[i];
		if (found->used && (!set[i].used || set[i].seen_ns < found->seen_ns))
			found = &set[i];
	}
	clear(found, key);
	return found;
}

struct onpath_flow *
onpath_flow_find(struct onpath_flows *flows, const struct onpath_packet *packet,
	int from, int64_t now_ns)
{
	struct onpath_key key = key_of(packet, from);
	struct onpath_flow *flow = search(flows, &key);
	struct onpath_side *side = &flow->sides[from];
	uint32_t first = packet->seq + 1;

	/* The same SYN once more begins nothing. */
	if ((packet->flags & ONPATH_SYN) && !(side->begun && side->first == first)) {
		if (!(packet->flags & ONPATH_ACK)) {
			clear(flow, &key);
			flow->client = from;
		}
		side->begun = true;
		side->first = side->next = first;
	}
	flow->seen_ns = now_ns;
	return flow;
}

bool
onpath_flow_gather(struct onpath_side *side, const struct onpath_packet *packet)
{
	uint32_t seq = packet->seq + !!(packet->flags & ONPATH_SYN);
	size_t known, fresh, room = sizeof(side->head) - side->head_n;

	if (packet->payload_bytes == 0)
		return false;
	if (!side->begun) {
		side->begun = true;
		side->first = side->next = seq;
	}
	known = side->next - seq;
	if ((int32_t)(side->next - seq) < 0 || known >= packet->payload_bytes)
		return false;
	fresh = packet->payload_bytes - known;
	side->next += (uint32_t)fresh;
	if (side->looked)
		return false;
	memcpy(side->head + side->head_n, packet->payload + known,
		fresh < room ? fresh : room);
	side->head_n += fresh < room ? fresh : room;
	return true;
}
