#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "probe/check.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/quic.h"

#define PORT 443
#define TRIES 2
#define RETRY_US INT64_C(2000000)
#define WAIT_US INT64_C(4000000) /* and the address: under the deadline of checks.def */
#define UDP4_BYTES (20 + 8)
#define UDP6_BYTES (40 + 8)
#define VERSIONS_MOST 255 /* of the field */

struct quic_run {
	struct attempt *attempt;
	int fd;
	bool v6;
	unsigned tries;
	struct quic_ids ids[TRIES]; /* each its own: a round trip is never guessed */
	int64_t sent_us[TRIES];
};

static void
quic_count(struct quic_run *run, size_t n)
{
	run->attempt->bytes += (uint32_t)n + (run->v6 ? UDP6_BYTES : UDP4_BYTES);
}

static bool
quic_send(struct quic_run *run)
{
	uint8_t packet[QUIC_PROBE_BYTES];

	check_step(run->attempt, STAGE_send);
	crypto_random(packet, sizeof(packet));
	crypto_random(&run->ids[run->tries], sizeof(run->ids[0]));
	quic_write(packet, &run->ids[run->tries]);
	run->sent_us[run->tries] = clock_boot_us();
	if (send(run->fd, packet, sizeof(packet), 0) < 0) {
		check_end_errno(run->attempt, errno);
		return false;
	}
	run->tries++;
	quic_count(run, sizeof(packet));
	check_step(run->attempt, STAGE_reply);
	return true;
}

static bool
quic_take(struct quic_run *run, const struct socket_message *message)
{
	struct measurement *m = &run->attempt->m;
	int64_t now_us = clock_boot_us();
	unsigned versions;

	quic_count(run, message->n);
	for (unsigned i = 0; i < run->tries; i++) {
		if (!quic_read(&versions, message->bytes, message->n, &run->ids[i]))
			continue;
		SET(m, rtt_us, now_us - run->sent_us[i]);
		SET(m, versions, versions < VERSIONS_MOST ? versions : VERSIONS_MOST);
		if (message->ttl >= 0)
			SET(m, reply_ttl, message->ttl);
		check_end(run->attempt, OUTCOME_ok);
		return true;
	}
	return false;
}

static bool
quic_take_error(struct quic_run *run, const struct socket_message *message)
{
	enum outcome outcome;

	if (!message->icmp_error)
		return false;
	quic_count(run, message->n);
	SET(&run->attempt->m, icmp_type, message->icmp_type);
	SET(&run->attempt->m, icmp_code, message->icmp_code);
	outcome = socket_icmp_outcome(
		run->v6, message->icmp_type, message->icmp_code, message->icmp_error);
	check_end_with(run->attempt, outcome, socket_reason(message->icmp_error),
		message->icmp_error);
	return true;
}

/* True when the question is settled. */
static bool
quic_wait(struct quic_run *run, int64_t until_us)
{
	struct socket_message message;
	socklen_t n = sizeof(int);
	int pending;

	while (clock_boot_us() < until_us) {
		if (!socket_wait(run->fd, until_us))
			continue;
		if (socket_receive(&message, run->fd, MSG_ERRQUEUE)) {
			if (quic_take_error(run, &message))
				return true;
		} else if (socket_receive(&message, run->fd, 0)) {
			if (quic_take(run, &message))
				return true;
		} else {
			/* Takes a stale error away, so that poll sleeps again. */
			(void)getsockopt(run->fd, SOL_SOCKET, SO_ERROR, &pending, &n);
		}
	}
	return false;
}

static void
quic_ask(struct attempt *attempt, const union socket_address *to)
{
	struct quic_run run = {.attempt = attempt, .v6 = to->any.sa_family == AF_INET6};
	int64_t start_us = clock_boot_us();
	int error;

	check_step(attempt, STAGE_send);
	error = socket_open_datagram(&run.fd, to, IPPROTO_UDP, 0);
	if (error)
		check_end_errno(attempt, error);
	else if (quic_send(&run) && !quic_wait(&run, start_us + RETRY_US) &&
		 quic_send(&run) && !quic_wait(&run, start_us + WAIT_US))
		check_end(attempt, OUTCOME_generic_timeout_error);
	if (run.fd >= 0)
		close(run.fd);
}

/* Asks in a version that nobody speaks. What comes back says that a datagram of the
 * size and shape of a browser's first one got there, and costs the server no state. */
void
check_quic(struct attempt *attempt)
{
	struct endpoint endpoint;

	if (check_find(&endpoint, attempt, PORT))
		quic_ask(attempt, &endpoint.address);
}
