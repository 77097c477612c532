#include "analyzer/ingest/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

#define BACKLOG 128

struct address {
	struct sockaddr_storage at;
	socklen_t n;
};

static bool
read_address(struct address *address, const char *text)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	const char *colon = strrchr(text, ':'), *from = text, *end = colon;
	char host[64];

	if (!colon || colon[1] == '\0')
		return false;
	if (text[0] == '[' && colon > text && colon[-1] == ']') {
		from++;
		end--;
	}
	if (end <= from || (size_t)(end - from) >= sizeof host)
		return false;
	memcpy(host, from, (size_t)(end - from));
	host[end - from] = '\0';
	if ((from == text) == (strchr(host, ':') != NULL))
		return false;
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return false;
	memcpy(&address->at, found->ai_addr, found->ai_addrlen);
	address->n = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

bool
address_is_loopback(const char *text)
{
	struct address address;
	const struct sockaddr_in *four = (const void *)&address.at;
	const struct sockaddr_in6 *six = (const void *)&address.at;

	if (!read_address(&address, text))
		return false;
	if (address.at.ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* A socket of that type, bound there. */
static enum err
address_bind(int *out, const char *text, int type)
{
	struct address address;
	int fd, on = 1;

	if (!read_address(&address, text)) {
		log_error("%s: this is not ADDR:PORT with a numeric address", text);
		return ERR_CONFIG;
	}
	fd = socket(address.at.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
		(address.at.ss_family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) !=
				0) ||
		bind(fd, (const struct sockaddr *)&address.at, address.n) != 0 ||
		(type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
		log_error("cannot listen on %s: %s", text, strerror(errno));
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	*out = fd;
	return OK;
}

enum err
address_listen(int *out, const char *text)
{
	return address_bind(out, text, SOCK_STREAM);
}

enum err
address_receive(int *out, const char *text)
{
	return address_bind(out, text, SOCK_DGRAM);
}

void
address_name(char out[static 64], int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof at;
	char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";

	if (getsockname(fd, (struct sockaddr *)&at, &n) == 0)
		getnameinfo((const struct sockaddr *)&at, n, host, sizeof host, port,
			sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(out, 64, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
