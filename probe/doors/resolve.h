#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/measurement.h"
#include "probe/doors/socket.h"

/*
 * ldns's only door: one question for the IPv4 addresses of a name (RFC 1035), over a
 * connected UDP socket of its own, and a strict look at what comes back.
 */
#define RESOLVE_ADDRESSES_MAX 32

struct resolve_answer {
	uint16_t rcode;
	uint16_t answers; /* A records */
	uint16_t n; /* of them below, at most RESOLVE_ADDRESSES_MAX */
	uint32_t addresses[RESOLVE_ADDRESSES_MAX]; /* network order, as they came */
	char sha256[65]; /* of the addresses as text, sorted by bytes, each with '\n';
			    "" when there is none */
};

enum resolve_verdict {
	RESOLVE_IGNORED, /* not an answer to this question: as if it had not come */
	RESOLVE_MALFORMED, /* its id is ours, the rest is no DNS answer */
	RESOLVE_ANSWERED,
};
/* Judges one datagram against the question. Touches nothing else: no socket, no clock. */
enum resolve_verdict resolve_read(struct resolve_answer *answer, const void *bytes,
	size_t n, uint16_t id, const char *name);
/* The question as it goes out: recursion desired, EDNS with 1232 bytes. False when the
 * name is none. */
bool resolve_write(struct buf *out, uint16_t id, const char *name);

struct resolve_result {
	enum stage stage;
	enum outcome outcome;
	enum reason reason; /* of unmeasured */
	int os_error;
	bool answered; /* rtt_us, reply_ttl and answer speak */
	int64_t rtt_us;
	int reply_ttl; /* -1 unknown */
	int icmp_type, icmp_code; /* -1 none */
	int64_t wire_bytes;
	struct resolve_answer answer;
};
/* Called before each step. */
typedef void resolve_watch_fn(void *arg, const struct resolve_result *result);

/* Asks once, and once more after retry_us; gives up after wait_us in all. */
void resolve_ask(struct resolve_result *result, const union socket_address *server,
	const char *name, int64_t retry_us, int64_t wait_us, resolve_watch_fn *watch,
	void *arg);

/* The first nameserver in a text like resolv.conf(5); the port is 53. */
bool resolve_parse_conf(union socket_address *server, struct span text);
/* That of this machine. */
bool resolve_server(union socket_address *server);
