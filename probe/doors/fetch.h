#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/measurement.h"
#include "probe/doors/capture.h"
#include "probe/doors/socket.h"

/*
 * curl's only door: one HTTP exchange at a time over a connection that is kept for the
 * next one. Used in child processes only: curl, OpenSSL and what they allocate die with
 * the child. No proxy, no redirect, no resolver, no certificate store, and no timer: the
 * parent ends the child at its deadline.
 */
struct fetch_connection;

NODISCARD enum err fetch_open(struct fetch_connection **connection);
void fetch_close(struct fetch_connection *connection);

/* Records of an upload: each fits into one segment, also where IPv6 has its least MTU. */
#define FETCH_RECORD_LEAST_BYTES 960
#define FETCH_RECORD_MOST_BYTES 1280

struct fetch_request {
	const char *method; /* "GET", "PUT" or "POST" */
	const char *url; /* its host is an address, unless ${address} is given */
	const char *target; /* the request target as it is sent; NULL: as in the URL */
	const char
		*address; /* IPv4 or IPv6 address to connect to; NULL: the URL's host */
	const char *interface; /* by which alone the connection goes; NULL, "": any */
	const char *pin; /* "sha256//<base64>" of the public key, all that is trusted */
	const char *bearer; /* token of the Authorization header; NULL: none */
	const char *known; /* ETag, unquoted, of the answer one has; NULL: none */
	struct span body; /* of PUT and POST */
	bool gzip; /* it is in that form already (common/squeeze.h) */
	/* POST: so many bytes of no meaning instead, in records of TLS that fit into one
	 * segment: the other end sees them as they come in. The watcher is then called a
	 * hundred times a second, too. */
	int64_t upload_bytes;
	uint32_t record_bytes; /* of each of these records; another one each time */
	const char *type; /* of the body, and of the answer; NULL: bytes, anything */
	/* https without a pin: whatever certificate comes will do, and this is called with
	 * OpenSSL's SSL_CTX of the connection before its handshake, to look at it. HTTP/2 is
	 * offered. NULL: never. */
	void (*attend)(void *ssl_ctx, void *arg);
	void *attend_arg;
	/* Called with each line of the answer's head, for measuring; NULL: never. */
	void (*header)(void *arg, const char *line, size_t n);
	/* Filled with what the kernel counts while the body goes over; NULL: nobody looks. */
	struct flow_looks *looks;
	/* Its packets are captured, where a new connection is made for it; NULL: they are not. The
	 * caller ends it. */
	struct capture *capture;
	const struct capture_way *capture_way;
	size_t max_answer; /* bytes of the answer's body that are taken */
	long connect_limit_s; /* for both handshakes; 0: until the job's deadline */
	long stall_limit_s; /* without a byte; 0: until the job's deadline */
};

/*
 * The pinned exchange: TLS 1.3 (in a hello that offers what curl's offers), the key is the
 * trust (the dates and names in the
 * certificate are not: a Pi without a clock must get through). A URL that is not https or
 * a missing pin is refused (ERR_CONFIG, with a sentence in the log). The body of the
 * answer is appended. ERR_SIGNATURE: another
 * key than the pinned one. ERR_PEER: no answer, or none that is HTTP. ERR_LIMIT: a body
 * over max_answer. Any status is OK.
 */
NODISCARD enum err fetch_exchange(struct buf *answer, long *status,
	struct fetch_connection *connection, const struct fetch_request *request);

/* Of the body of the newest exchange, how much was handed to the connection. */
int64_t fetch_sent_bytes(struct fetch_connection *connection);

#define FETCH_LOCATION_BYTES 190 /* 256 in base64 */

/* Facts of a measured exchange; a number below 0 is not known (yet). */
struct fetch_facts {
	enum stage stage; /* connect, tls_handshake, request, first_byte, body */
	int os_error; /* errno behind the outcome, 0: the system said none */
	int64_t status; /* of the answer */
	int64_t connect_us; /* from SYN to SYN-ACK */
	int64_t first_byte_us; /* from the request to the first byte of the answer */
	int64_t rtt_us; /* tcpi_rtt before the request left */
	int64_t receive_rtt_us; /* tcpi_rcv_rtt: the receiver's view while bytes came in */
	int64_t retrans; /* tcpi_total_retrans */
	int64_t wire_bytes; /* of the connection so far, both ways, headers included */
	int64_t uploaded_bytes; /* of upload_bytes, acknowledged by the other end */
	struct socket_tcp tcp; /* the newest counters; zeros: none yet */
	bool cut; /* the body was longer than max_answer */
	/* Where a redirect (a status of 3xx) points, as it was sent; the rest of a longer
	 * one is left out. It is never followed. */
	uint16_t location_n;
	char location[FETCH_LOCATION_BYTES];
	enum reason reason; /* of unmeasured; not_public, tunnel: no packet left */
};

/* Called before each step and about once a second while one lasts. */
typedef void fetch_watch_fn(void *arg, const struct fetch_facts *facts);
/* Called with each piece of the body. */
typedef void fetch_body_fn(void *arg, const void *bytes, size_t n);

/*
 * The same for measuring: plain HTTP, TLS 1.3 with a pin, TLS with attend; public addresses
 * only (common/address.h) and never through a tunnel (way.h), both checked on the socket's
 * own address. What the network does is
 * the outcome, never an error.
 */
enum outcome fetch_measure(struct fetch_facts *facts,
	struct fetch_connection *connection, const struct fetch_request *request,
	fetch_watch_fn *watch, fetch_body_fn *body, void *arg);
/* Writes what is known so far into the fields of a measurement, the stage left out. */
void fetch_note(struct measurement *m, const struct fetch_facts *facts);
