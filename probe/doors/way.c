#include "probe/doors/way.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

#define ANSWER_BYTES                                                                   \
	32768 /* of one interface; one with many virtual functions is long */
#define ATTRIBUTES_MAX 128
#define KIND_BYTES 32
#define UPLINKS_LOOKED_AT 16
/* Where strongSwan keeps the routes of its policies, which have no interface. */
#define TABLE_STRONGSWAN 220

union way_message {
	struct nlmsghdr head;
	char bytes[ANSWER_BYTES];
};

struct way_request {
	struct nlmsghdr head;
	union {
		struct rtmsg route;
		struct ifinfomsg link;
	} body;
	char attributes[64];
};

bool
way_kind_is_tunnel(const char *kind)
{
	/* "tun" is OpenVPN, WireGuard in user space, and most others that are programs. */
	static const char *const kinds[] = {"tun", "wireguard", "ovpn", "ovpn-dco",
		"amneziawg", "xfrm", "vti", "vti6", "ipip", "sit", "gre", "gretap",
		"ip6gre", "ip6gretap", "erspan", "ip6erspan", "ip6tnl", "fou", "vxlan",
		"geneve", "bareudp", "l2tpeth"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

/* ---- asking ---- */

static void
way_add(struct way_request *request, unsigned short type, const void *value, size_t n)
{
	struct rtattr attribute = {(unsigned short)RTA_LENGTH(n), type};
	char *end = (char *)request + NLMSG_ALIGN(request->head.nlmsg_len);

	memcpy(end, &attribute, sizeof(attribute));
	memcpy(end + RTA_LENGTH(0), value, n);
	request->head.nlmsg_len =
		(unsigned)(end - (char *)request) + (unsigned)RTA_ALIGN(RTA_LENGTH(n));
}

/* The kernel answers while the question is sent: nothing is waited for. */
static bool
way_ask(union way_message *answer, const struct way_request *request,
	unsigned short expected)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (sendto(fd, request, request->head.nlmsg_len, 0,
		    (const struct sockaddr *)&kernel, sizeof(kernel)) > 0)
		n = recv(fd, answer, sizeof(*answer), MSG_DONTWAIT);
	close(fd);
	return n >= (ssize_t)sizeof(answer->head) &&
	       answer->head.nlmsg_len <= (size_t)n &&
	       answer->head.nlmsg_type == expected;
}

/* Attributes by type, up to most; NULL where there is none. */
static void
way_read(const struct rtattr **found, unsigned short most, const struct rtattr *at,
	ssize_t n)
{
	memset(found, 0, (most + 1U) * sizeof(*found));
	while (n >= (ssize_t)sizeof(*at) && at->rta_len >= sizeof(*at) &&
		at->rta_len <= n) {
		unsigned short type = at->rta_type & NLA_TYPE_MASK;

		if (type <= most)
			found[type] = at;
		n -= (ssize_t)RTA_ALIGN(at->rta_len);
		at = (const struct rtattr *)((const char *)at + RTA_ALIGN(at->rta_len));
	}
}

/* What an attribute holds; RTA_DATA() would cast const away. */
static const void *
way_value(const struct rtattr *attribute)
{
	return (const char *)attribute + RTA_LENGTH(0);
}

static unsigned
way_number(const struct rtattr *attribute)
{
	unsigned number = 0;

	if (attribute && attribute->rta_len >= RTA_LENGTH(sizeof(number)))
		memcpy(&number, way_value(attribute), sizeof(number));
	return number;
}

static void
way_text(char *text, size_t size, const struct rtattr *attribute)
{
	size_t n = attribute ? attribute->rta_len - RTA_LENGTH(0) : 0;

	n = n < size ? n : size - 1;
	memset(text, 0, size);
	if (n)
		memcpy(text, way_value(attribute), n);
}

/* ---- what an interface is ---- */

struct way_device {
	char name[IF_NAMESIZE], kind[KIND_BYTES];
	bool carrier;
};

static bool
way_find_device(struct way_device *device, unsigned index)
{
	const struct rtattr *found[ATTRIBUTES_MAX + 1], *info[IFLA_INFO_KIND + 1];
	struct way_request request = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(request.body.link)),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST}};
	union way_message answer;

	request.body.link.ifi_index = (int)index;
	if (!way_ask(&answer, &request, RTM_NEWLINK) ||
		answer.head.nlmsg_len < NLMSG_LENGTH(sizeof(request.body.link)))
		return false;
	way_read(found, ATTRIBUTES_MAX, IFLA_RTA(NLMSG_DATA(&answer.head)),
		(ssize_t)IFLA_PAYLOAD(&answer.head));
	way_text(device->name, sizeof(device->name), found[IFLA_IFNAME]);
	device->carrier = !found[IFLA_CARRIER] ||
			  *(const unsigned char *)way_value(found[IFLA_CARRIER]);
	memset(device->kind, 0, sizeof(device->kind));
	if (!found[IFLA_LINKINFO])
		return true;
	way_read(info, IFLA_INFO_KIND, way_value(found[IFLA_LINKINFO]),
		(ssize_t)RTA_PAYLOAD(found[IFLA_LINKINFO]));
	way_text(device->kind, sizeof(device->kind), info[IFLA_INFO_KIND]);
	return true;
}

static bool
way_device_is_tunnel(const struct way_device *device)
{
	if (strcmp(device->kind, "ppp") != 0)
		return way_kind_is_tunnel(device->kind);
	return route_is_carried(device->name);
}

/* ---- ways ---- */

bool
way_find(struct way *way, const union socket_address *to)
{
	bool v6 = to->any.sa_family == AF_INET6;
	size_t at = v6 ? offsetof(struct sockaddr_in6, sin6_addr)
		       : offsetof(struct sockaddr_in, sin_addr);
	unsigned char bytes = v6 ? 16 : 4;
	const struct rtattr *found[ATTRIBUTES_MAX + 1];
	struct way_request request = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(request.body.route)),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST}};
	struct way_device device = {0};
	union way_message answer;
	unsigned table;

	memset(way, 0, sizeof(*way));
	request.body.route.rtm_family = (unsigned char)to->any.sa_family;
	request.body.route.rtm_dst_len = (unsigned char)(bytes * 8);
	request.body.route.rtm_flags = RTM_F_LOOKUP_TABLE;
	way_add(&request, RTA_DST, (const char *)to + at, bytes);
	if (!way_ask(&answer, &request, RTM_NEWROUTE) ||
		answer.head.nlmsg_len < NLMSG_LENGTH(sizeof(request.body.route)))
		return false;
	way_read(found, ATTRIBUTES_MAX, RTM_RTA(NLMSG_DATA(&answer.head)),
		(ssize_t)RTM_PAYLOAD(&answer.head));
	if (!way_find_device(&device, way_number(found[RTA_OIF])))
		return false;
	memcpy(way->interface, device.name, sizeof(device.name));
	way->carrier = device.carrier;
	table = way_number(found[RTA_TABLE]);
	way->tunnel = table == TABLE_STRONGSWAN || way_device_is_tunnel(&device);
	return true;
}

bool
way_find_out(struct way *way)
{
	/* Where root servers are: nobody routes those in particular, and none is asked. */
	static const char *const anywhere[] = {"198.41.0.4", "2001:503:ba3e::2:30"};
	bool found = false;

	memset(way, 0, sizeof(*way));
	for (size_t i = 0; i < sizeof(anywhere) / sizeof(*anywhere); i++) {
		union socket_address to;
		struct way other;

		if (!socket_parse(&to, anywhere[i], 0) || !way_find(&other, &to))
			continue;
		if (!found || (other.tunnel && !way->tunnel))
			*way = other;
		found = true;
	}
	return found;
}

bool
way_is_tunnel(const union socket_address *to)
{
	struct way way;

	return way_find(&way, to) && way.tunnel;
}

size_t
way_uplinks(char (*names)[IF_NAMESIZE], size_t max)
{
	char all[UPLINKS_LOOKED_AT][IF_NAMESIZE];
	size_t n = 0, all_n = route_rank(all, UPLINKS_LOOKED_AT);

	for (size_t i = 0; i < all_n && n < max; i++) {
		struct way_device device;

		if (way_find_device(&device, if_nametoindex(all[i])) &&
			!way_device_is_tunnel(&device))
			memcpy(names[n++], all[i], sizeof(all[i]));
	}
	return n;
}
