#include "tests/lab/onpath_forge.h"

#include <string.h>

#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define TCP_BYTES 20
#define UDP_BYTES 8
#define DNS_BYTES 12 /* its header */
#define TTL 64
#define WINDOW 65535

static void
put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* RFC 1071: the sum of 16-bit words, the last byte padded. */
static uint32_t
add_words(uint32_t sum, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += get16(bytes + i);
	if (n % 2)
		sum += (uint32_t)bytes[n - 1] << 8;
	return sum;
}

static uint16_t
fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The IP header of a forged packet; where its transport's part begins. 0: too long. */
static size_t
put_ip(uint8_t *out, const struct onpath_packet *seen, bool back, size_t rest)
{
	const uint8_t *from = back ? seen->to : seen->from;
	const uint8_t *to = back ? seen->from : seen->to;
	size_t header = seen->version == 4 ? IPV4_BYTES : IPV6_BYTES;

	if (rest > ONPATH_FORGE_BYTES - header)
		return 0;
	memset(out, 0, header);
	if (seen->version == 4) {
		out[0] = 0x45;
		put16(out + 2, header + rest);
		put16(out + 6, 0x4000); /* do not fragment */
		out[8] = TTL;
		out[9] = (uint8_t)seen->protocol;
		memcpy(out + 12, from, 4);
		memcpy(out + 16, to, 4);
		put16(out + 10, fold(add_words(0, out, header)));
	} else {
		out[0] = 0x60;
		put16(out + 4, rest);
		out[6] = (uint8_t)seen->protocol;
		out[7] = TTL;
		memcpy(out + 8, from, 16);
		memcpy(out + 24, to, 16);
	}
	return header;
}

/* Over the pseudo header too (RFC 9293 section 3.1, RFC 8200 section 8.1), which holds no
 * more than is in the packet: addresses, protocol, length. */
static uint16_t
checksum(const uint8_t *out, const struct onpath_packet *seen, size_t header,
	size_t rest)
{
	size_t addresses = 2 * seen->address_bytes;
	uint32_t sum = (uint32_t)seen->protocol + (uint32_t)rest;

	sum = add_words(sum, out + header - addresses, addresses);
	return fold(add_words(sum, out + header, rest));
}

size_t
onpath_forge_answer(uint8_t out[static ONPATH_FORGE_BYTES],
	const struct onpath_packet *asked, const struct onpath_question *question,
	const uint8_t *address, size_t address_bytes)
{
	size_t record = 12 + address_bytes;
	size_t rest = UDP_BYTES + question->bytes + record;
	size_t header = put_ip(out, asked, true, rest);
	uint8_t *udp = out + header, *dns = udp + UDP_BYTES;
	uint16_t sum;

	if (header == 0)
		return 0;
	put16(udp, asked->to_port);
	put16(udp + 2, asked->from_port);
	put16(udp + 4, rest);
	put16(udp + 6, 0);
	memcpy(dns, asked->payload, question->bytes);
	/* An answer, and what was asked is done (RFC 1035 section 4.1.1). */
	dns[2] = (uint8_t)(0x80 | (dns[2] & 1));
	dns[3] = 0x80;
	put16(dns + 6, 1);
	put32(dns + 8, 0);
	dns += question->bytes;
	put16(dns, 0xc000 | DNS_BYTES); /* the question's name */
	put16(dns + 2, question->type);
	put16(dns + 4, 1);
	put32(dns + 6, ONPATH_FORGE_TTL_S);
	put16(dns + 10, address_bytes);
	memcpy(dns + 12, address, address_bytes);
	sum = checksum(out, asked, header, rest);
	put16(udp + 6, sum ? sum : 0xffff); /* 0 means none (RFC 768) */
	return header + rest;
}

size_t
onpath_forge_segment(uint8_t out[static ONPATH_FORGE_BYTES],
	const struct onpath_packet *seen, const struct onpath_segment *segment)
{
	size_t rest = TCP_BYTES + segment->payload_bytes;
	size_t header = put_ip(out, seen, segment->back, rest);
	uint8_t *tcp = out + header;

	if (header == 0)
		return 0;
	memset(tcp, 0, TCP_BYTES);
	put16(tcp, segment->back ? seen->to_port : seen->from_port);
	put16(tcp + 2, segment->back ? seen->from_port : seen->to_port);
	put32(tcp + 4, segment->seq);
	put32(tcp + 8, segment->ack);
	tcp[12] = TCP_BYTES / 4 << 4;
	tcp[13] = segment->flags;
	put16(tcp + 14, segment->flags & ONPATH_RST ? 0 : WINDOW);
	if (segment->payload_bytes)
		memcpy(tcp + TCP_BYTES, segment->payload, segment->payload_bytes);
	put16(tcp + 16, checksum(out, seen, header, rest));
	return header + rest;
}
