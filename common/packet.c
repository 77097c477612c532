#include "common/packet.h"

#include <string.h>

#define TYPE_IP4 0x0800
#define TYPE_IP6 0x86dd
#define TYPE_VLAN 0x8100
#define TYPE_QINQ 0x88a8
#define VLANS_MAX 2
#define TCP 6
#define IP4_BYTES 20
#define IP6_BYTES 40
#define TCP_BYTES 20
#define WIRE_MAX ((size_t)1 << 18) /* no card takes a longer one */

/* What is left of a frame; what goes beyond it reads as nothing. */
struct rest {
	const uint8_t *at;
	size_t n; /* captured */
	size_t wire; /* that there was */
};

static unsigned
get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t
get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static bool
cut(struct rest *rest, size_t n)
{
	if (rest->n < n || rest->wire < n)
		return false;
	rest->at += n;
	rest->n -= n;
	rest->wire -= n;
	return true;
}

/* Leaves the EtherType's packet; 0: neither IPv4 nor IPv6. */
static unsigned
skip_ethernet(struct rest *rest)
{
	unsigned type;

	if (!cut(rest, 14))
		return 0;
	type = get16(rest->at - 2);
	for (int i = 0; i < VLANS_MAX && (type == TYPE_VLAN || type == TYPE_QINQ);
		i++) {
		if (!cut(rest, 4))
			return 0;
		type = get16(rest->at - 2);
	}
	return type;
}

static unsigned
skip_ppp(struct rest *rest)
{
	unsigned protocol;

	if (rest->n >= 2 && get16(rest->at) == 0xff03)
		cut(rest, 2);
	if (!cut(rest, 2))
		return 0;
	protocol = get16(rest->at - 2);
	return protocol == 0x0021 ? TYPE_IP4 : protocol == 0x0057 ? TYPE_IP6 : 0;
}

static unsigned
type_of(struct rest *rest, enum packet_link link)
{
	switch (link) {
	case PACKET_ETHERNET:
		return skip_ethernet(rest);
	case PACKET_COOKED:
		return cut(rest, 16) ? get16(rest->at - 2) : 0;
	case PACKET_COOKED2:
		return cut(rest, 20) ? get16(rest->at - 20) : 0;
	case PACKET_PPP:
		return skip_ppp(rest);
	case PACKET_NULL:
		/* The number for IPv6 differs from system to system: its own first half
		 * byte tells. */
		if (!cut(rest, 4))
			return 0;
		break;
	case PACKET_RAW:
		break;
	}
	if (rest->n == 0)
		return 0;
	return rest->at[0] >> 4 == 4 ? TYPE_IP4 : rest->at[0] >> 4 == 6 ? TYPE_IP6 : 0;
}

/* Leaves the TCP segment, as long as IP says; the header's length comes back, 0: none. */
static size_t
skip_ip4(struct packet *packet, struct rest *rest)
{
	const uint8_t *head = rest->at;
	size_t bytes, total;

	if (rest->n < IP4_BYTES || head[0] >> 4 != 4)
		return 0;
	bytes = (size_t)(head[0] & 15) * 4;
	total = get16(head + 2);
	if (total == 0) /* left to the network card, which cuts what is too long */
		total = rest->wire;
	if (bytes < IP4_BYTES || total < bytes || head[9] != TCP ||
		(get16(head + 6) & 0x3fff) != 0)
		return 0;
	packet->version = 4;
	packet->tcp.hops = head[8];
	packet->tcp.ip_id = (uint16_t)get16(head + 4);
	packet->tcp.has_id = true;
	memcpy(packet->from.address, head + 12, 4);
	memcpy(packet->to.address, head + 16, 4);
	rest->wire = total;
	if (rest->n > total)
		rest->n = total;
	return cut(rest, bytes) ? bytes : 0;
}

static size_t
skip_ip6(struct packet *packet, struct rest *rest)
{
	const uint8_t *head = rest->at;
	size_t bytes = IP6_BYTES, total, more;
	uint8_t next;

	if (rest->n < IP6_BYTES || head[0] >> 4 != 6)
		return 0;
	total = get16(head + 4);
	total = total ? total + IP6_BYTES : rest->wire;
	next = head[6];
	packet->version = 6;
	packet->tcp.hops = head[7];
	memcpy(packet->from.address, head + 8, 16);
	memcpy(packet->to.address, head + 24, 16);
	rest->wire = total;
	if (rest->n > total)
		rest->n = total;
	if (!cut(rest, IP6_BYTES))
		return 0;
	/* Hop-by-hop, routing and destination options (RFC 8200 section 4). */
	while (next == 0 || next == 43 || next == 60) {
		if (rest->n < 2)
			return 0;
		next = rest->at[0];
		more = ((size_t)rest->at[1] + 1) * 8;
		if (!cut(rest, more))
			return 0;
		bytes += more;
	}
	return next == TCP ? bytes : 0;
}

static void
read_sacks(struct flow_packet *tcp, const uint8_t *at, size_t n)
{
	for (; n >= 8 && tcp->sacks_n < FLOW_SACKS; at += 8, n -= 8) {
		tcp->sacks[tcp->sacks_n][0] = get32(at);
		tcp->sacks[tcp->sacks_n++][1] = get32(at + 4);
	}
}

/* RFC 9293 section 3.1; RFC 2018; RFC 7323. */
static void
read_options(struct flow_packet *tcp, const uint8_t *at, size_t n)
{
	while (n >= 2 && at[0] != 0) {
		size_t bytes = at[0] == 1 ? 1 : at[1];

		if (at[0] != 1 && (bytes < 2 || bytes > n))
			return;
		if (at[0] == 2 && bytes == 4) {
			tcp->mss = (uint16_t)get16(at + 2);
		} else if (at[0] == 5) {
			read_sacks(tcp, at + 2, bytes - 2);
		} else if (at[0] == 8 && bytes == 10) {
			tcp->ts_value = get32(at + 2);
			tcp->ts_echo = get32(at + 6);
			tcp->has_ts = true;
		}
		at += bytes;
		n -= bytes;
	}
}

static bool
read_tcp(struct packet *packet, const struct rest *rest, size_t ip_bytes)
{
	struct flow_packet *tcp = &packet->tcp;
	const uint8_t *head = rest->at;
	size_t bytes, captured;

	if (rest->n < 14)
		return false;
	bytes = (size_t)(head[12] >> 4) * 4;
	if (bytes < TCP_BYTES || bytes > rest->wire)
		return false;
	packet->from.port = (uint16_t)get16(head);
	packet->to.port = (uint16_t)get16(head + 2);
	tcp->seq = get32(head + 4);
	tcp->ack = get32(head + 8);
	tcp->flags = head[13];
	tcp->head_bytes = (uint16_t)(ip_bytes + bytes);
	tcp->payload_bytes = (uint32_t)(rest->wire - bytes);
	captured = rest->n < bytes ? rest->n : bytes;
	if (captured > TCP_BYTES)
		read_options(tcp, head + TCP_BYTES, captured - TCP_BYTES);
	return true;
}

bool
packet_read(struct packet *packet, enum packet_link link, const uint8_t *frame,
	size_t n, size_t wire)
{
	struct rest rest = {frame, n < wire ? n : wire, wire};
	unsigned type = type_of(&rest, link);
	size_t ip_bytes = 0;

	memset(packet, 0, sizeof *packet);
	if (type == TYPE_IP4)
		ip_bytes = skip_ip4(packet, &rest);
	else if (type == TYPE_IP6)
		ip_bytes = skip_ip6(packet, &rest);
	return ip_bytes > 0 && rest.wire <= WIRE_MAX &&
	       read_tcp(packet, &rest, ip_bytes);
}
