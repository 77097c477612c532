#include "probe/doors/reset.h"

#include <netinet/in.h>
#include <string.h>

#define IP4_BYTES 20
#define IP4_CHECKSUM 10
#define IP6_BYTES 40
#define IP6_NEXT 6
#define IP6_ADDRESSES 8
#define TCP_BYTES 20
#define TCP_TO 2
#define TCP_OFFSET 12
#define TCP_CHECKSUM 16

/* Of TCP's options (IANA, "TCP Option Kind Numbers"). */
enum {
	OPTION_END,
	OPTION_NOP,
	OPTION_MSS,
	OPTION_SCALE,
	OPTION_SACKS,
	OPTION_CLOCK = 8
};
#define CLOCK_BYTES 10
#define CLOCK_ECHO 6

/* Returns the header's length. */
static size_t
hide_ip(uint8_t *ip, size_t n)
{
	size_t bytes = IP6_BYTES;

	if (n >= IP4_BYTES && ip[0] >> 4 == 4) {
		bytes = (size_t)(ip[0] & 15) * 4;
		if (bytes < IP4_BYTES || bytes > n)
			return 0;
		memset(ip + IP4_CHECKSUM, 0, bytes - IP4_CHECKSUM);
		return bytes;
	}
	if (n < IP6_BYTES || ip[0] >> 4 != 6 || ip[IP6_NEXT] != IPPROTO_TCP)
		return 0;
	memset(ip + IP6_ADDRESSES, 0, IP6_BYTES - IP6_ADDRESSES);
	return bytes;
}

/* A cookie (RFC 7413) or a key (RFC 8684) is somebody's; what makes no sense is, too, for all we
 * know. */
static void
hide_options(uint8_t *at, size_t n)
{
	while (n > 0 && at[0] != OPTION_END) {
		size_t bytes = at[0] == OPTION_NOP ? 1 : n > 1 ? at[1] : 0;

		if (bytes > n || (bytes < 2 && at[0] != OPTION_NOP))
			break;
		if (at[0] == OPTION_CLOCK && bytes == CLOCK_BYTES)
			memset(at + CLOCK_ECHO, 0, CLOCK_BYTES - CLOCK_ECHO);
		else if (at[0] > OPTION_SACKS)
			memset(at + 2, 0, bytes - 2);
		at += bytes;
		n -= bytes;
	}
	memset(at, 0, n);
}

static size_t
hide_tcp(uint8_t *tcp, size_t n)
{
	size_t bytes = n < TCP_BYTES ? 0 : (size_t)(tcp[TCP_OFFSET] >> 4) * 4;

	if (bytes < TCP_BYTES || bytes > n)
		return 0;
	memset(tcp + TCP_TO, 0, 2);
	memset(tcp + TCP_CHECKSUM, 0, 2);
	hide_options(tcp + TCP_BYTES, bytes - TCP_BYTES);
	return bytes;
}

size_t
reset_hide(uint8_t out[static CAPTURE_HEADERS_BYTES], const struct capture_reset *reset)
{
	size_t n = reset->n, ip, tcp;

	if (n > sizeof(reset->headers))
		return 0;
	memcpy(out, reset->headers, n);
	ip = hide_ip(out, n);
	tcp = ip ? hide_tcp(out + ip, n - ip) : 0;
	return tcp ? ip + tcp : 0;
}
