#include "common/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* IANA IPv4 Special-Purpose Address Registry, multicast, class E. */
static const struct range4 {
	uint32_t first;
	uint8_t bits;
} range4[] = {
	{0x00000000, 8}, /* 0.0.0.0/8, this network: RFC 791 */
	{0x0a000000, 8}, /* 10.0.0.0/8, private: RFC 1918 */
	{0x64400000, 10}, /* 100.64.0.0/10, shared by carriers' NAT: RFC 6598 */
	{0x7f000000, 8}, /* 127.0.0.0/8, loopback: RFC 1122 */
	{0xa9fe0000, 16}, /* 169.254.0.0/16, link local: RFC 3927 */
	{0xac100000, 12}, /* 172.16.0.0/12, private: RFC 1918 */
	{0xc0000000, 24}, /* 192.0.0.0/24, protocol assignments: RFC 6890 */
	{0xc0000200, 24}, /* 192.0.2.0/24, documentation: RFC 5737 */
	{0xc01fc400, 24}, /* 192.31.196.0/24, AS112: RFC 7535 */
	{0xc034c100, 24}, /* 192.52.193.0/24, AMT: RFC 7450 */
	{0xc0586300, 24}, /* 192.88.99.0/24, 6to4 relays once: RFC 7526 */
	{0xc0a80000, 16}, /* 192.168.0.0/16, private: RFC 1918 */
	{0xc0af3000, 24}, /* 192.175.48.0/24, AS112: RFC 7534 */
	{0xc6120000, 15}, /* 198.18.0.0/15, benchmarks: RFC 2544 */
	{0xc6336400, 24}, /* 198.51.100.0/24, documentation: RFC 5737 */
	{0xcb007100, 24}, /* 203.0.113.0/24, documentation: RFC 5737 */
	{0xe0000000, 4}, /* 224.0.0.0/4, multicast: RFC 5771 */
	{0xf0000000, 4}, /* 240.0.0.0/4, reserved, and broadcast: RFC 1112, RFC 919 */
};

/* IANA IPv6 Special-Purpose Address Registry inside 2000::/3; all the rest of it (::1,
 * ::ffff:0:0/96, 64:ff9b::/96, 100::/64, 5f00::/16, fc00::/7, fe80::/10), and multicast,
 * lies outside of the only block that is given out (RFC 4291 section 2.4). */
static const struct range6 {
	uint8_t first[6];
	uint8_t bits;
} range6[] = {
	{{0x20, 0x01, 0x00, 0x00},
		23}, /* 2001::/23, protocols, Teredo: RFC 2928, 4380 */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* 2001:db8::/32, documentation: RFC 3849 */
	{{0x20, 0x02}, 16}, /* 2002::/16, 6to4: RFC 3056 */
	{{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48}, /* 2620:4f:8000::/48: RFC 7534 */
	{{0x3f, 0xff, 0x00, 0x00}, 20}, /* 3fff::/20, documentation: RFC 9637 */
};

static bool
address_is_public4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(range4) / sizeof(*range4); i++) {
		if ((address ^ range4[i].first) >> (32 - range4[i].bits) == 0)
			return false;
	}
	return true;
}

static bool
address_in_range6(const uint8_t address[static 16], const struct range6 *range)
{
	size_t whole = range->bits / 8;
	unsigned rest = range->bits % 8;

	return memcmp(address, range->first, whole) == 0 &&
	       (!rest || (address[whole] ^ range->first[whole]) >> (8 - rest) == 0);
}

static bool
address_is_public6(const uint8_t address[static 16])
{
	if (address[0] >> 5 != 1)
		return false;
	for (size_t i = 0; i < sizeof(range6) / sizeof(*range6); i++) {
		if (address_in_range6(address, &range6[i]))
			return false;
	}
	return true;
}

bool
address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		return address_is_public4(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		return address_is_public6(v6.sin6_addr.s6_addr);
	}
	return false;
}
