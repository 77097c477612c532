#pragma once

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/measurement.h"
#include "probe/doors/stream.h"

/*
 * ldns's only door: one question to one name server (RFC 1035), over a connected UDP
 * socket of its own or a stream, and a strict look at what comes back.
 */
#define RESOLVE_ADDRESSES_MAX 32
#define RESOLVE_NSID_BYTES 64

enum resolve_type { /* as IANA numbers them */
	RESOLVE_A = 1,
	RESOLVE_NS = 2,
	RESOLVE_SOA = 6,
	RESOLVE_AAAA = 28,
};

struct resolve_question {
	const char *name; /* "." is the root */
	enum resolve_type type;
	/* Asked of a server that holds the zone or stands above it: no recursion is desired,
	 * and the server is asked for its own id (NSID, RFC 5001). */
	bool authority;
};

struct resolve_answer {
	uint16_t rcode;
	bool truncated; /* the rest of it is to be had over TCP */
	uint16_t answers; /* records of the type asked for; of NS a referral's, too */
	uint16_t n; /* addresses below, at most RESOLVE_ADDRESSES_MAX */
	/* As text, as they came: of A and AAAA those of the answer, of NS the glue. */
	char addresses[RESOLVE_ADDRESSES_MAX][INET6_ADDRSTRLEN];
	char sha256[65]; /* of the answer's addresses, sorted by bytes, each with '\n';
			    "" when there is none */
	int64_t serial; /* of the SOA record, -1 none */
	uint16_t nsid_n; /* bytes below; the rest of a longer one is left out */
	uint8_t nsid[RESOLVE_NSID_BYTES];
};

enum resolve_verdict {
	RESOLVE_IGNORED, /* not an answer to this question: as if it had not come */
	RESOLVE_MALFORMED, /* its id is ours, the rest is no DNS answer */
	RESOLVE_ANSWERED,
};
/* Judges one datagram against the question. Touches nothing else: no socket, no clock. */
enum resolve_verdict resolve_read(struct resolve_answer *answer, const void *bytes,
	size_t n, uint16_t id, const struct resolve_question *question);
/* The question as it goes out, EDNS with 1232 bytes. False when the name is none. */
bool resolve_write(
	struct buf *out, uint16_t id, const struct resolve_question *question);

/* What an answer is worth to whoever asked. */
enum outcome resolve_outcome(const struct resolve_answer *answer);

struct resolve_result {
	enum stage stage;
	enum outcome outcome;
	enum reason reason; /* of unmeasured */
	int os_error;
	bool answered; /* rtt_us, reply_ttl and answer speak */
	int64_t rtt_us;
	int reply_ttl; /* -1 unknown */
	/* What came on to the very question that was answered, while we listened. */
	unsigned
		replies; /* all of its answers, equal ones and the first one too; 0 where
			     nobody listened */
	int64_t other_after_us; /* from the first to one that says otherwise; -1 none */
	int other_ttl; /* -1 unknown */
	char other_sha256[65]; /* as sha256 of the answer */
	int icmp_type, icmp_code; /* -1 none */
	int64_t connect_us, retrans; /* of TCP, -1 unknown */
	int64_t wire_bytes;
	struct resolve_answer answer;
};
/* Called before each step. */
typedef void resolve_watch_fn(void *arg, const struct resolve_result *result);

struct resolve_plan {
	struct resolve_question question;
	int64_t retry_us; /* asks once more after this, unless wait_us is no longer */
	int64_t wait_us; /* gives up after this in all */
	/* After the first answer goes on listening for so long: a forged one that was
	 * quicker than the true one cannot take that back. 0: the first is the end. */
	int64_t listen_us;
	resolve_watch_fn *watch; /* NULL: nobody */
	/* Over a stream: called after an answer, for more questions. NULL: nobody. */
	void (*then)(void *arg, struct stream *stream);
	void *arg; /* of both */
};
void resolve_ask(struct resolve_result *result, const union socket_address *server,
	const struct resolve_plan *plan);
/* The same over TCP (RFC 7766), once, within wait_us. */
void resolve_ask_tcp(struct resolve_result *result, const union socket_address *server,
	const struct resolve_plan *plan);
/* The same over a stream that somebody else made; neither counts bytes nor begins a result:
 * that is the caller's. */
void resolve_talk(struct resolve_result *result, struct stream *stream,
	const struct resolve_plan *plan);
/* Writes what is known so far into the fields of a measurement. */
void resolve_note(struct measurement *m, const struct resolve_result *result);
/* Of that, what refused the question, or what the first answer is like: not which addresses
 * it holds, nor what came after it. */
void resolve_note_end(struct measurement *m, const struct resolve_result *result);
/* A result of which nothing is known yet. */
struct resolve_result resolve_nothing(enum stage stage);
/* Sends a message and takes the one that comes back, each behind its length (RFC 1035
 * section 4.2.2). False: the stream says why, or what came is longer than
 * RESOLVE_MESSAGE_BYTES. */
#define RESOLVE_MESSAGE_BYTES 16384
bool resolve_exchange(struct buf *answer, struct stream *stream, struct span message);

/* Addresses of the root servers, as text, as a hints file lists them (a zone file with the
 * NS, A and AAAA records of the root, RFC 9609). What is no such record is left out. */
#define RESOLVE_ROOTS_MAX 64
struct resolve_roots {
	uint16_t n;
	char addresses[RESOLVE_ROOTS_MAX][INET6_ADDRSTRLEN];
};
void resolve_parse_roots(struct resolve_roots *roots, struct span text);
/* The address whose turn it is among those of one family; NULL when there is none. */
const char *resolve_pick(
	const char (*addresses)[INET6_ADDRSTRLEN], size_t n, bool v6, uint64_t turn);
