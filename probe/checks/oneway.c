#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/address.h"
#include "common/clock.h"
#include "common/oneway.h"
#include "probe/check.h"
#include "probe/doors/socket.h"

/*
 * A few datagrams to the analyzer, counted at both ends: what does not come back may still
 * have arrived (Syria's exams cut one direction alone). Each answer tells how many had
 * come by then. Where none comes back the analyzer is asked later (batches.c), and the line
 * is told again with its count.
 */
#define WAIT_US INT64_C(3000000)
#define HEADERS4_BYTES 28
#define HEADERS6_BYTES 48

struct oneway_run {
	struct attempt *attempt;
	union socket_address to;
	int fd;
	uint32_t headers_bytes;
	uint8_t came; /* bit i: datagram i was answered */
	int64_t sent_us[ONEWAY_MOST];
	enum outcome refused; /* by an ICMP error; ok: by none */
	int error;
};

/* "https://ADDR:PORT", the address of IPv6 in brackets. */
static bool
oneway_parse(union socket_address *to, const char *endpoint)
{
	char text[ENDPOINT_BYTES];
	char *address = text, *colon;
	unsigned port;
	char rest;

	if (sscanf(endpoint, "https://%127s", text) != 1)
		return false;
	colon = strrchr(text, ':');
	if (!colon || sscanf(colon + 1, "%5u%c", &port, &rest) != 1 || !port ||
		port > UINT16_MAX)
		return false;
	*colon = '\0';
	if (text[0] == '[' && colon[-1] == ']') {
		address++;
		colon[-1] = '\0';
	}
	return socket_parse(to, address, (uint16_t)port);
}

static void
oneway_count(struct oneway_run *run, uint8_t number, uint8_t arrived)
{
	struct measurement *m = &run->attempt->m;
	int64_t rtt_us = clock_boot_us() - run->sent_us[number];

	if (run->came & 1U << number)
		return;
	run->came |= (uint8_t)(1U << number);
	SET(m, received, m->received + 1);
	if (!m->has[FIELD_far_received] || arrived > m->far_received)
		SET(m, far_received, arrived);
	if (!m->has[FIELD_rtt_min_us] || rtt_us < m->rtt_min_us)
		SET(m, rtt_min_us, rtt_us);
}

/* Takes what comes until then, or until all has come. */
static void
oneway_listen(struct oneway_run *run, int64_t until_us)
{
	const struct attempt *attempt = run->attempt;
	struct socket_message message;

	while (attempt->m.received < attempt->m.sent &&
		socket_next(&message, run->fd, until_us)) {
		uint8_t number, arrived;

		if (message.icmp_error) {
			run->error = message.icmp_error;
			run->refused = socket_icmp_outcome(
				run->to.any.sa_family == AF_INET6, message.icmp_type,
				message.icmp_code, message.icmp_error);
			continue;
		}
		run->attempt->bytes += (uint32_t)message.n + run->headers_bytes;
		if (oneway_read_answer(&number, &arrived, message.bytes, message.n,
			    attempt->job.batch, (uint8_t)attempt->m.sent))
			oneway_count(run, number, arrived);
	}
}

/* What a router or the far end says of a datagram comes by the next call. */
static bool
was_of_before(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
	       error == EPROTO || error == EACCES;
}

/* False: nothing can be sent, and that is said. */
static bool
oneway_send(struct oneway_run *run, uint8_t number)
{
	struct attempt *attempt = run->attempt;
	const struct job *job = &attempt->job;
	struct oneway oneway = {.number = number};
	uint8_t bytes[ONEWAY_BYTES];
	ssize_t sent;
	int tries = 0;

	memcpy(oneway.batch, job->batch, sizeof(oneway.batch));
	memcpy(oneway.proof, job->proof, sizeof(oneway.proof));
	if (oneway_write(bytes, &oneway, job->analyzer_key) != OK) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return false;
	}
	run->sent_us[number] = clock_boot_us();
	do /* The first try may only fetch an ICMP error of the one before. */
		sent = send(run->fd, bytes, sizeof(bytes), 0);
	while (sent < 0 && was_of_before(errno) && tries++ == 0);
	if (sent < 0) {
		check_end_errno(attempt, errno);
		return false;
	}
	attempt->bytes += ONEWAY_BYTES + run->headers_bytes;
	SET(&attempt->m, sent, number + 1);
	return true;
}

static void
oneway_exchange(struct oneway_run *run)
{
	struct attempt *attempt = run->attempt;
	uint8_t count =
		attempt->job.count < ONEWAY_MOST ? attempt->job.count : ONEWAY_MOST;

	check_step(attempt, STAGE_send);
	SET(&attempt->m, sent, 0);
	SET(&attempt->m, received, 0);
	for (uint8_t i = 0; i < count; i++) {
		if (!oneway_send(run, i))
			return;
		if (i + 1 < count) {
			oneway_listen(run, clock_boot_us() + attempt->job.pace_us);
			/* Answered early: the pace is kept all the same. */
			while (clock_boot_us() < run->sent_us[i] + attempt->job.pace_us)
				socket_wait(-1, run->sent_us[i] + attempt->job.pace_us);
		}
	}
	check_step(attempt, STAGE_reply);
	oneway_listen(run, clock_boot_us() + WAIT_US);
	if (attempt->m.received)
		check_end(attempt, OUTCOME_ok);
	else if (run->refused != OUTCOME_ok)
		check_end_with(attempt, run->refused, REASON_internal, run->error);
	else
		check_end(attempt, OUTCOME_generic_timeout_error);
}

void
check_oneway(struct attempt *attempt)
{
	struct oneway_run run = {.attempt = attempt, .fd = -1, .refused = OUTCOME_ok};
	int error;

	check_step(attempt, STAGE_start);
	if (!oneway_parse(&run.to, attempt->job.endpoint)) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	if (!address_is_public(&run.to.any)) {
		check_unmeasured(attempt, REASON_not_public);
		return;
	}
	if (!check_lead(attempt, &run.to))
		return;
	run.headers_bytes =
		run.to.any.sa_family == AF_INET6 ? HEADERS6_BYTES : HEADERS4_BYTES;
	error = socket_open_datagram(&run.fd, &run.to, 0, 0);
	if (error)
		check_end_errno(attempt, error);
	else
		oneway_exchange(&run);
	if (run.fd >= 0)
		close(run.fd);
}
