#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/socket.h"

/*
 * One datagram to a time server (SNTP, RFC 4330; the packet of RFC 5905 section 7.3), and a
 * strict look at what comes back. The question holds nothing but eight random bytes where
 * the client's clock would stand: it tells the network nothing of this machine, and an
 * answer that does not repeat them is not one to it.
 */
#define SNTP_BYTES 48
#define SNTP_COOKIE_BYTES 8

void sntp_write(uint8_t packet[static SNTP_BYTES],
	const uint8_t cookie[static SNTP_COOKIE_BYTES]);

struct sntp_answer {
	uint8_t stratum;
	/* False: it tells no time (not synchronised, a kiss-o'-death, or times that cannot
	 * be), and the rest is void. */
	bool tells_time;
	int64_t received_utc_us, sent_utc_us; /* by the server's clock */
};
/* False: not an answer to this question, as if it had not come. Pure. */
bool sntp_read(struct sntp_answer *answer, const void *bytes, size_t n,
	const uint8_t cookie[static SNTP_COOKIE_BYTES]);

struct sntp_result {
	enum stage stage;
	enum outcome outcome;
	enum reason reason; /* of unmeasured */
	int os_error;
	bool answered; /* rtt_us, reply_ttl and answer speak */
	int64_t rtt_us;
	int64_t offset_us; /* its clock less ours, where the answer tells the time */
	int reply_ttl; /* -1 unknown */
	int icmp_type, icmp_code; /* -1 none */
	int64_t wire_bytes;
	struct sntp_answer answer;
};
/* Called before each step. */
typedef void sntp_watch_fn(void *arg, const struct sntp_result *result);

/* Asks once and gives up after wait_us. */
void sntp_ask(struct sntp_result *result, const union socket_address *server,
	int64_t wait_us, sntp_watch_fn *watch, void *arg);
