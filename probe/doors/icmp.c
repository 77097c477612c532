#include "probe/doors/icmp.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"

/* As busybox's ping writes it, which the line monitors of most home routers run: four bytes of
 * its clock, which look like any, and zeros. */
#define NONCE_BYTES 4
#define DATA_BYTES 56
#define ECHO_BYTES (8 + DATA_BYTES)
#define IP4_BYTES 20
#define IP6_BYTES 40
#define DRAIN_MAX 64 /* errors looked at in one go; more can only be a flood */

struct icmp_run {
	struct icmp_result *result;
	const struct icmp_plan *plan;
	icmp_watch_fn *watch;
	void *arg;
	int fd;
	bool v6;
	uint8_t nonces[ICMP_COUNT_MAX][NONCE_BYTES];
	int64_t sent_us[ICMP_COUNT_MAX];
	bool answered[ICMP_COUNT_MAX];
	uint8_t settled; /* requests that need no more waiting */
};

static void
icmp_tell(struct icmp_run *run)
{
	if (run->watch)
		run->watch(run->arg, run->result);
}

static void
icmp_step(struct icmp_run *run, enum stage stage)
{
	run->result->stage = stage;
	icmp_tell(run);
}

static int64_t
icmp_header_bytes(const struct icmp_run *run)
{
	return run->v6 ? IP6_BYTES : IP4_BYTES;
}

/* Place of the request that this echo header speaks of, or -1: not one of ours. */
static int
icmp_request_of(const struct icmp_run *run, const struct socket_message *message)
{
	unsigned sequence;

	if (message->n < 8)
		return -1;
	sequence = (unsigned)message->bytes[6] << 8 | message->bytes[7];
	return sequence < run->result->sent ? (int)sequence : -1;
}

static void
icmp_take_time(struct icmp_run *run, int request, int64_t now_us)
{
	struct icmp_result *r = run->result;
	int64_t rtt_us = now_us - run->sent_us[request];
	unsigned at = r->answered++;

	for (; at > 0 && r->rtt_us[at - 1] > rtt_us; at--)
		r->rtt_us[at] = r->rtt_us[at - 1];
	r->rtt_us[at] = rtt_us;
}

static bool
icmp_is_blank(const uint8_t *at, size_t n)
{
	while (n && !*at) {
		at++;
		n--;
	}
	return !n;
}

static void
icmp_take_reply(
	struct icmp_run *run, const struct socket_message *message, int64_t now_us)
{
	struct icmp_result *r = run->result;
	int request = icmp_request_of(run, message);
	uint8_t reply = run->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;

	/* Four random bytes, beside the identifier that the kernel keeps, tell an answer from
	 * what somebody makes up who has not seen the question. */
	if (message->n != ECHO_BYTES || message->bytes[0] != reply || request < 0 ||
		memcmp(message->bytes + 8, run->nonces[request], NONCE_BYTES) ||
		!icmp_is_blank(
			message->bytes + 8 + NONCE_BYTES, DATA_BYTES - NONCE_BYTES))
		return;
	r->wire_bytes += icmp_header_bytes(run) + ECHO_BYTES;
	if (run->answered[request])
		return;
	run->answered[request] = true;
	run->settled++;
	if (r->received == 0) {
		/* An echo reply outweighs the errors before it. */
		r->answered = 0;
		r->outcome = OUTCOME_ok;
		r->os_error = 0;
	}
	r->received++;
	r->reply_ttl = message->ttl;
	icmp_take_time(run, request, now_us);
}

static void
icmp_take_error(
	struct icmp_run *run, const struct socket_message *message, int64_t now_us)
{
	struct icmp_result *r = run->result;
	int request = icmp_request_of(run, message);
	enum outcome outcome;

	if (!message->icmp_error)
		return;
	/* The router's header, what it quotes of ours, and its own eight bytes. */
	r->wire_bytes += 2 * icmp_header_bytes(run) + 16;
	if (request < 0 || run->answered[request])
		return;
	run->answered[request] = true;
	run->settled++;
	if (r->received)
		return;
	outcome = socket_icmp_outcome(
		run->v6, message->icmp_type, message->icmp_code, message->icmp_error);
	if (r->outcome == OUTCOME_ttl_exceeded && outcome != OUTCOME_ttl_exceeded)
		return;
	r->icmp_type = message->icmp_type;
	r->icmp_code = message->icmp_code;
	r->outcome = outcome;
	r->os_error = outcome == OUTCOME_ttl_exceeded ? 0 : message->icmp_error;
	if (outcome == OUTCOME_ttl_exceeded) {
		r->reply_ttl = message->ttl;
		icmp_take_time(run, request, now_us);
	}
}

/* Takes whatever has arrived. A pending error would make the next send fail and lose
 * that packet, so this runs before each one, too. */
static void
icmp_drain(struct icmp_run *run)
{
	struct socket_message message;
	int pending = 0;
	socklen_t n = sizeof(pending);

	for (int i = 0; i < DRAIN_MAX; i++) {
		if (socket_receive(&message, run->fd, MSG_ERRQUEUE))
			icmp_take_error(run, &message, clock_boot_us());
		else if (socket_receive(&message, run->fd, 0))
			icmp_take_reply(run, &message, clock_boot_us());
		else if (errno == EAGAIN)
			break;
	}
	(void)getsockopt(run->fd, SOL_SOCKET, SO_ERROR, &pending, &n);
	icmp_tell(run);
}

static void
icmp_wait(struct icmp_run *run, int64_t until_us, bool stop_when_settled)
{
	while (!stop_when_settled || run->settled < run->result->sent) {
		if (socket_wait(run->fd, until_us))
			icmp_drain(run);
		else if (clock_boot_us() >= until_us)
			return;
	}
}

static void
icmp_send(struct icmp_run *run)
{
	struct icmp_result *r = run->result;
	uint8_t echo[ECHO_BYTES] = {run->v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO};

	echo[7] = r->sent;
	crypto_random(run->nonces[r->sent], NONCE_BYTES);
	memcpy(echo + 8, run->nonces[r->sent], NONCE_BYTES);
	icmp_drain(run);
	run->sent_us[r->sent] = clock_boot_us();
	if (send(run->fd, echo, sizeof(echo), 0) < 0) {
		if (r->received == 0) {
			r->os_error = errno;
			r->outcome = socket_outcome(r->os_error);
			r->reason = socket_reason(r->os_error);
		}
		return;
	}
	r->sent++;
	r->wire_bytes += icmp_header_bytes(run) + ECHO_BYTES;
}

static void
icmp_send_all(struct icmp_run *run)
{
	const struct icmp_plan *plan = run->plan;
	struct icmp_result *r = run->result;
	int64_t next_us = clock_boot_us(), end_us = next_us + plan->longest_us;
	int64_t linger_end_us;
	unsigned count = plan->count;

	if (count > ICMP_COUNT_MAX)
		count = ICMP_COUNT_MAX;
	for (unsigned i = 0; i < count || i == 0; i++) {
		if (next_us > end_us)
			break;
		icmp_wait(run, next_us, false);
		icmp_step(run, STAGE_send);
		icmp_send(run);
		/* Also where we were held up: no two come closer. */
		next_us = clock_boot_us() + plan->pace_us;
		if (r->sent)
			icmp_step(run, STAGE_reply);
	}
	linger_end_us = clock_boot_us() + plan->linger_us;
	icmp_wait(run, linger_end_us < end_us ? linger_end_us : end_us, true);
}

void
icmp_ping(struct icmp_result *result, const struct icmp_plan *plan,
	icmp_watch_fn *watch, void *arg)
{
	struct icmp_run run = {.result = result,
		.plan = plan,
		.watch = watch,
		.arg = arg,
		.v6 = plan->to.any.sa_family == AF_INET6};
	int error;

	*result = (struct icmp_result){.stage = STAGE_send,
		.outcome = OUTCOME_generic_timeout_error,
		.reply_ttl = -1,
		.icmp_type = -1,
		.icmp_code = -1};
	icmp_tell(&run);
	error = socket_open_datagram(&run.fd, &plan->to,
		run.v6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP, plan->ttl);
	if (error) {
		result->os_error = error;
		result->outcome = socket_outcome(error);
		result->reason = socket_reason(error);
		if (run.fd < 0 && (error == EACCES || error == EPROTONOSUPPORT)) {
			result->outcome = OUTCOME_unmeasured;
			result->reason = REASON_no_permission;
		}
	} else {
		icmp_send_all(&run);
	}
	if (run.fd >= 0)
		close(run.fd);
}

void
icmp_note(struct measurement *m, const struct icmp_result *result)
{
	SET(m, sent, result->sent);
	SET(m, received, result->received);
	if (result->reply_ttl >= 0)
		SET(m, reply_ttl, result->reply_ttl);
	if (result->icmp_type >= 0 && result->received == 0) {
		SET(m, icmp_type, result->icmp_type);
		SET(m, icmp_code, result->icmp_code);
	}
	if (!result->answered)
		return;
	SET(m, rtt_min_us, result->rtt_us[0]);
	SET(m, rtt_us, result->rtt_us[result->answered / 2]);
	SET(m, rtt_max_us, result->rtt_us[result->answered - 1]);
}
