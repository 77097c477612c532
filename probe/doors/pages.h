#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/arrival.h"
#include "probe/doors/handshake.h"

/*
 * The front page of a site, over TLS from one address, as often as is wanted over one
 * connection: all requests leave together and the answers follow each other (RFC 9112
 * section 9.3.2), so that any web site has as many bytes to give as a transfer needs. The
 * name that stands in the clear in the ClientHello may be another than the one that is
 * asked for inside. Nothing of the pages is kept.
 */
#define PAGES_MAX 50 /* in one connection: half of what many a server allows */

struct pages_plan {
	union socket_address to;
	const char *address; /* the same as text */
	const char *name; /* in the clear; "" none */
	const char *host; /* whose page */
	int64_t pages; /* 1 to PAGES_MAX */
	int64_t enough_bytes; /* received after the request: then it is broken off */
	int64_t handshakes_us, transfer_us; /* at the longest, one after the other */
	int64_t stall_us; /* nothing for so long after the first byte is the end, too */
	/* Filled with what the kernel counts from the request on; NULL: nobody looks. */
	struct flow_looks *looks;
};

enum pages_end {
	PAGES_BROKEN, /* before, or by an error: outcome says which */
	PAGES_ENOUGH,
	PAGES_WHOLE, /* the only page that was asked for has come */
	PAGES_CLOSED, /* by the other end, in order */
	PAGES_STALLED,
	PAGES_LATE, /* its time was over */
};

struct pages_result {
	struct handshake_result handshake;
	enum pages_end end;
	enum stage stage;
	enum outcome outcome; /* ok: enough, whole, closed or late with something */
	enum reason reason;
	int os_error;
	int64_t status, first_byte_us; /* of the first answer; -1 unknown */
	bool cut; /* less of an answer came than it said there would */
	int64_t answer_bytes; /* of HTTP, heads and all, decrypted */
	int64_t received_bytes; /* by TCP since the request */
	int64_t connection_bytes; /* by TCP, of the whole connection */
	int64_t rate_bps; /* arrival_rate_bps(); -1 unknown */
	int64_t wire_bytes;
};
/* Called before each step and with every piece. */
typedef void pages_watch_fn(void *arg, const struct pages_result *result);

void pages_fetch(struct pages_result *result, const struct pages_plan *plan,
	pages_watch_fn *watch, void *arg);
/* How many of them bring so many bytes, where one is so long. */
int64_t pages_for(int64_t bytes, int64_t page_bytes);
