#include "tests/lab/tun.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Moves a device into a namespace, under another name. 0, or -1 and errno. */
static int
move_device(const char *device, const char *name, int namespace)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		char attributes[RTA_SPACE(sizeof(int)) + RTA_SPACE(IFNAMSIZ)];
	} ask = {.header = {.nlmsg_type = RTM_NEWLINK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			 .nlmsg_len = sizeof(ask)},
		.link = {.ifi_index = (int)if_nametoindex(device)}};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} answer = {0};
	struct rtattr *attribute = (struct rtattr *)(void *)ask.attributes;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), error = -1;

	attribute->rta_type = IFLA_NET_NS_FD;
	attribute->rta_len = RTA_LENGTH(sizeof(int));
	memcpy(RTA_DATA(attribute), &namespace, sizeof(int));
	attribute = (struct rtattr *)(void *)(ask.attributes + RTA_SPACE(sizeof(int)));
	attribute->rta_type = IFLA_IFNAME;
	attribute->rta_len = RTA_LENGTH(IFNAMSIZ);
	strncpy(RTA_DATA(attribute), name, IFNAMSIZ - 1);
	if (fd >= 0 && send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask) &&
		recv(fd, &answer, sizeof(answer), 0) >=
			(ssize_t)sizeof(answer.header)) {
		errno = -answer.error.error;
		error = errno ? -1 : 0;
	}
	if (fd >= 0)
		close(fd);
	return error;
}

int
tun_open(const char *name, const char *path)
{
	struct ifreq ask = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int namespace = open(path, O_RDONLY | O_CLOEXEC);

	/* A name cut short would be another's. */
	if (strlen(name) >= IFNAMSIZ)
		argp_failure(NULL, 1, ENAMETOOLONG, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ask) < 0)
		argp_failure(NULL, 1, errno, "/dev/net/tun");
	if (namespace < 0 || move_device(ask.ifr_name, name, namespace) < 0)
		argp_failure(NULL, 1, errno, "%s", path);
	close(namespace);
	return fd;
}

bool
tun_is_gone(ssize_t done)
{
	return done < 0 && errno == EBADFD;
}

int
tun_stop(void)
{
	sigset_t ends;
	int fd;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (fd < 0)
		argp_failure(NULL, 1, errno, "signalfd");
	return fd;
}

int64_t
tun_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
tun_number(const char *text, int64_t least, int64_t most, struct argp_state *state)
{
	char *end;
	long long number;

	if (text == NULL)
		text = "";
	errno = 0;
	number = strtoll(text, &end, 10);
	if (number < least || number > most || errno || *end || end == text)
		argp_error(state, "'%s' is no whole number from %lld to %lld", text,
			(long long)least, (long long)most);
	return number;
}
