#include "tests/lab/onpath_packet.h"

#include <string.h>

#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define TCP_BYTES 20
#define UDP_BYTES 8
#define DNS_BYTES 12 /* its header */
#define LABEL_MOST 63

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t
get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* Letters of host names only. */
static char
small(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* RFC 952 and RFC 1123 section 2.1, and the underscore that some names have. */
static bool
is_name_byte(uint8_t c)
{
	c = (uint8_t)small(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_';
}

/* "" where it is no name. */
static void
copy_name(char name[static ONPATH_NAME_BYTES], const uint8_t *from, size_t n)
{
	name[0] = '\0';
	if (n >= ONPATH_NAME_BYTES)
		return;
	for (size_t i = 0; i < n; i++)
		if (!is_name_byte(from[i]))
			return;
	for (size_t i = 0; i < n; i++)
		name[i] = small(from[i]);
	name[n] = '\0';
}

/* The transport's part of an IP packet, as payload; its length, or 0. */
static size_t
read_ip(struct onpath_packet *packet, const uint8_t *bytes, size_t n)
{
	size_t header, total;

	if (n >= IPV4_BYTES && bytes[0] >> 4 == 4) {
		header = (size_t)(bytes[0] & 15) * 4;
		total = get16(bytes + 2);
		/* More fragments, or not the first one (RFC 791 section 3.1). */
		if (header < IPV4_BYTES || total > n || (get16(bytes + 6) & 0x3fff))
			return 0;
		*packet = (struct onpath_packet){.version = 4,
			.protocol = bytes[9],
			.from = bytes + 12,
			.to = bytes + 16,
			.address_bytes = 4};
	} else if (n >= IPV6_BYTES && bytes[0] >> 4 == 6) {
		header = IPV6_BYTES;
		total = header + get16(bytes + 4);
		if (total > n)
			return 0;
		*packet = (struct onpath_packet){.version = 6,
			.protocol = bytes[6],
			.from = bytes + 8,
			.to = bytes + 24,
			.address_bytes = 16};
	} else {
		return 0;
	}
	if (total <= header)
		return 0;
	packet->payload = bytes + header;
	return total - header;
}

bool
onpath_packet_read(struct onpath_packet *packet, const uint8_t *bytes, size_t n)
{
	size_t rest = read_ip(packet, bytes, n), header;
	const uint8_t *at;

	if (rest == 0)
		return false;
	at = packet->payload;
	if (rest >= TCP_BYTES && packet->protocol == ONPATH_TCP) {
		header = (size_t)(at[12] >> 4) * 4;
		if (header < TCP_BYTES || header > rest)
			return false;
		packet->seq = get32(at + 4);
		packet->ack = get32(at + 8);
		packet->flags = at[13];
	} else if (rest >= UDP_BYTES && packet->protocol == ONPATH_UDP) {
		header = UDP_BYTES;
		if (get16(at + 4) < UDP_BYTES || get16(at + 4) > rest)
			return false;
		rest = get16(at + 4);
	} else {
		return false;
	}
	packet->from_port = get16(at);
	packet->to_port = get16(at + 2);
	packet->payload = at + header;
	packet->payload_bytes = rest - header;
	return true;
}

/* A part of a message that is read from the front. */
struct cursor {
	const uint8_t *at;
	size_t n;
};

/* The next part, behind a length of so many bytes. False: it is not all there. */
static bool
take(struct cursor *part, struct cursor *from, size_t length_bytes)
{
	size_t n = 0;

	if (from->n < length_bytes)
		return false;
	for (size_t i = 0; i < length_bytes; i++)
		n = n << 8 | from->at[i];
	if (from->n - length_bytes < n)
		return false;
	*part = (struct cursor){from->at + length_bytes, n};
	from->at += length_bytes + n;
	from->n -= length_bytes + n;
	return true;
}

static bool
skip(struct cursor *from, size_t n)
{
	if (from->n < n)
		return false;
	from->at += n;
	from->n -= n;
	return true;
}

static void
read_server_name(char name[static ONPATH_NAME_BYTES], struct cursor extension)
{
	struct cursor list, host;
	uint8_t kind;

	if (!take(&list, &extension, 2))
		return;
	while (list.n > 0) {
		kind = list.at[0];
		if (!skip(&list, 1) || !take(&host, &list, 2))
			return;
		if (kind == 0) { /* host_name */
			copy_name(name, host.at, host.n);
			return;
		}
	}
}

/* The body of a ClientHello: version, random, session id, ciphers, compression, extensions. */
static void
read_hello(char name[static ONPATH_NAME_BYTES], struct cursor hello)
{
	struct cursor ignored, extensions, extension;
	uint16_t type;

	if (!skip(&hello, 2 + 32) || !take(&ignored, &hello, 1) ||
		!take(&ignored, &hello, 2) || !take(&ignored, &hello, 1) ||
		!take(&extensions, &hello, 2))
		return;
	while (extensions.n >= 4) {
		type = get16(extensions.at);
		if (!skip(&extensions, 2) || !take(&extension, &extensions, 2))
			return;
		if (type == 0) {
			read_server_name(name, extension);
			return;
		}
	}
}

#define HELLO_MOST 4096 /* of a ClientHello, without its records' headers */

enum onpath_head
onpath_packet_hello(char name[static ONPATH_NAME_BYTES], const uint8_t *head, size_t n)
{
	uint8_t joined[HELLO_MOST];
	struct cursor rest = {head, n}, record, hello = {joined, 0}, body;
	bool whole = true;

	name[0] = '\0';
	while (whole && rest.n > 0) {
		/* A handshake record of any version 3.x (RFC 8446 section 5.1). */
		if (rest.at[0] != 22 || (rest.n > 1 && rest.at[1] != 3))
			return ONPATH_OTHER;
		if (rest.n < 5)
			break;
		skip(&rest, 3);
		whole = take(&record, &rest, 2);
		if (!whole)
			record = (struct cursor){rest.at + 2, rest.n - 2};
		if (record.n > sizeof(joined) - hello.n)
			record.n = sizeof(joined) - hello.n;
		memcpy(joined + hello.n, record.at, record.n);
		hello.n += record.n;
		if (hello.n > 0 && joined[0] != 1) /* client_hello */
			return ONPATH_OTHER;
		if (hello.n >= 4) {
			struct cursor message = {joined + 1, hello.n - 1};

			if (take(&body, &message, 3)) {
				read_hello(name, body);
				return ONPATH_WHOLE;
			}
		}
		if (hello.n == sizeof(joined))
			return ONPATH_WHOLE; /* too long to be read: without a name */
	}
	return ONPATH_PART;
}

/* Up to the end of a line, which is taken away with it. */
static bool
take_line(struct cursor *line, struct cursor *from)
{
	const uint8_t *end = from->n ? memchr(from->at, '\n', from->n) : NULL;

	if (end == NULL)
		return false;
	*line = (struct cursor){from->at, (size_t)(end - from->at)};
	skip(from, line->n + 1);
	if (line->n > 0 && line->at[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* A method in capitals and a space, as much of it as is there. */
static bool
is_request(const uint8_t *head, size_t n)
{
	size_t letters = 0;

	while (letters < n && letters < 16 && head[letters] >= 'A' &&
		head[letters] <= 'Z')
		letters++;
	return letters == n || (letters > 0 && head[letters] == ' ');
}

static void
read_host(char name[static ONPATH_NAME_BYTES], struct cursor line)
{
	static const char host[] = "host:";
	size_t n = 0;

	for (size_t i = 0; i < sizeof(host) - 1; i++)
		if (i >= line.n || small(line.at[i]) != host[i])
			return;
	skip(&line, sizeof(host) - 1);
	while (line.n > 0 && (*line.at == ' ' || *line.at == '\t'))
		skip(&line, 1);
	while (n < line.n && is_name_byte(line.at[n]))
		n++;
	copy_name(name, line.at, n);
}

enum onpath_head
onpath_packet_request(
	char name[static ONPATH_NAME_BYTES], const uint8_t *head, size_t n)
{
	struct cursor rest = {head, n}, line;

	name[0] = '\0';
	if (!is_request(head, n))
		return ONPATH_OTHER;
	while (take_line(&line, &rest)) {
		if (line.n == 0)
			return ONPATH_WHOLE;
		if (name[0] == '\0')
			read_host(name, line);
	}
	return ONPATH_PART;
}

bool
onpath_packet_question(
	struct onpath_question *question, const uint8_t *message, size_t n)
{
	struct cursor rest = {message, n}, label;
	size_t used = 0;

	/* A standard query, and one question (RFC 1035 section 4.1.1). */
	if (n < DNS_BYTES || (message[2] & 0xf8) || get16(message + 4) != 1)
		return false;
	skip(&rest, DNS_BYTES);
	for (;;) {
		if (!take(&label, &rest, 1) || label.n > LABEL_MOST)
			return false;
		if (label.n == 0)
			break;
		if (used + label.n + 2 > sizeof(question->name))
			return false;
		if (used > 0)
			question->name[used++] = '.';
		for (size_t i = 0; i < label.n; i++) {
			if (!is_name_byte(label.at[i]))
				return false;
			question->name[used++] = small(label.at[i]);
		}
	}
	question->name[used] = '\0';
	if (rest.n < 4 || get16(rest.at + 2) != 1)
		return false;
	question->type = get16(rest.at);
	question->bytes = n - rest.n + 4;
	return true;
}
