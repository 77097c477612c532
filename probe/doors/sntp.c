#include "probe/doors/sntp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"

#define UDP4_BYTES (20 + 8)
#define UDP6_BYTES (40 + 8)

/* RFC 5905 section 7.3: leap indicator (2 bits), version (3), mode (3) */
#define VERSION 4
#define MODE_CLIENT 3
#define MODE_SERVER 4
#define LEAP_UNKNOWN 3
#define STRATUM_MAX 15
/* where in the packet */
#define ORIGINATE 24
#define RECEIVE 32
#define TRANSMIT 40

#define SECOND_US INT64_C(1000000)
#define UNIX_FROM_1900_S INT64_C(2208988800)

void
sntp_write(uint8_t packet[static SNTP_BYTES],
	const uint8_t cookie[static SNTP_COOKIE_BYTES])
{
	memset(packet, 0, SNTP_BYTES);
	packet[0] = VERSION << 3 | MODE_CLIENT;
	memcpy(packet + TRANSMIT, cookie, SNTP_COOKIE_BYTES);
}

static uint32_t
sntp_number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
	       at[3];
}

/* 64 bits in fixed point. RFC 4330 section 3: with the first bit set the time lies between
 * 1968 and 2036, without it between 2036 and 2104. */
static int64_t
sntp_utc_us(const uint8_t *at)
{
	int64_t seconds = sntp_number(at);

	if (!(at[0] & 0x80))
		seconds += INT64_C(1) << 32;
	return (seconds - UNIX_FROM_1900_S) * SECOND_US +
	       (int64_t)((uint64_t)sntp_number(at + 4) * SECOND_US >> 32);
}

bool
sntp_read(struct sntp_answer *answer, const void *bytes, size_t n,
	const uint8_t cookie[static SNTP_COOKIE_BYTES])
{
	static const uint8_t nothing[8];
	const uint8_t *at = bytes;

	memset(answer, 0, sizeof(*answer));
	if (n != SNTP_BYTES || (at[0] & 7) != MODE_SERVER ||
		(at[0] >> 3 & 7) != VERSION ||
		!crypto_equal(at + ORIGINATE, cookie, SNTP_COOKIE_BYTES))
		return false;
	answer->stratum = at[1];
	/* RFC 4330 section 5: what a client may not take for the time. */
	if (at[0] >> 6 == LEAP_UNKNOWN || !at[1] || at[1] > STRATUM_MAX ||
		!memcmp(at + RECEIVE, nothing, sizeof(nothing)) ||
		!memcmp(at + TRANSMIT, nothing, sizeof(nothing)))
		return true;
	answer->received_utc_us = sntp_utc_us(at + RECEIVE);
	answer->sent_utc_us = sntp_utc_us(at + TRANSMIT);
	answer->tells_time = answer->sent_utc_us >= answer->received_utc_us;
	return true;
}

struct sntp_run {
	struct sntp_result *result;
	sntp_watch_fn *watch;
	void *arg;
	int fd;
	bool v6;
	int64_t header_bytes;
	uint8_t cookie[SNTP_COOKIE_BYTES];
	int64_t sent_us, sent_utc_us;
};

static void
sntp_step(struct sntp_run *run, enum stage stage)
{
	run->result->stage = stage;
	if (run->watch)
		run->watch(run->arg, run->result);
}

static bool
sntp_send(struct sntp_run *run)
{
	struct sntp_result *r = run->result;
	uint8_t packet[SNTP_BYTES];

	crypto_random(run->cookie, sizeof(run->cookie));
	sntp_write(packet, run->cookie);
	run->sent_us = clock_boot_us();
	run->sent_utc_us = clock_utc_us();
	if (send(run->fd, packet, sizeof(packet), 0) < 0) {
		r->os_error = errno;
		r->outcome = socket_outcome(r->os_error);
		r->reason = socket_reason(r->os_error);
		return false;
	}
	r->wire_bytes += run->header_bytes + SNTP_BYTES;
	sntp_step(run, STAGE_reply);
	return true;
}

/* RFC 4330 section 5: how far our clock was from the middle of the server's two times when
 * it stood in the middle of ours. A clock that was set meanwhile plays no part: the second
 * reading is the first and what has passed since. */
static void
sntp_take(struct sntp_run *run, const struct socket_message *message)
{
	struct sntp_result *r = run->result;
	const struct sntp_answer *a = &r->answer;

	r->answered = true;
	r->rtt_us = clock_boot_us() - run->sent_us;
	r->reply_ttl = message->ttl;
	/* It cannot have held the packet for longer than that was away. */
	if (a->sent_utc_us - a->received_utc_us > r->rtt_us)
		r->answer.tells_time = false;
	r->outcome = a->tells_time ? OUTCOME_ok : OUTCOME_ntp_no_time;
	r->offset_us = (a->received_utc_us - run->sent_utc_us + a->sent_utc_us -
			       (run->sent_utc_us + r->rtt_us)) /
		       2;
}

static void
sntp_wait(struct sntp_run *run, int64_t until_us)
{
	struct sntp_result *r = run->result;
	struct socket_message message;

	while (socket_next(&message, run->fd, until_us)) {
		r->wire_bytes += run->header_bytes + (int64_t)message.n;
		if (message.icmp_error) {
			r->icmp_type = message.icmp_type;
			r->icmp_code = message.icmp_code;
			r->os_error = message.icmp_error;
			r->outcome = socket_icmp_outcome(run->v6, message.icmp_type,
				message.icmp_code, message.icmp_error);
			return;
		}
		if (sntp_read(&r->answer, message.bytes, message.n, run->cookie)) {
			sntp_take(run, &message);
			return;
		}
	}
}

void
sntp_ask(struct sntp_result *result, const union socket_address *server,
	int64_t wait_us, sntp_watch_fn *watch, void *arg)
{
	int64_t until_us = clock_boot_us() + wait_us;
	struct sntp_run run = {.result = result,
		.watch = watch,
		.arg = arg,
		.v6 = server->any.sa_family == AF_INET6};
	int error;

	run.header_bytes = run.v6 ? UDP6_BYTES : UDP4_BYTES;
	*result = (struct sntp_result){.stage = STAGE_send,
		.outcome = OUTCOME_generic_timeout_error,
		.reply_ttl = -1,
		.icmp_type = -1,
		.icmp_code = -1};
	sntp_step(&run, STAGE_send);
	error = socket_open_datagram(&run.fd, server, IPPROTO_UDP, 0);
	if (error) {
		result->os_error = error;
		result->outcome = socket_outcome(error);
		result->reason = socket_reason(error);
	} else if (sntp_send(&run)) {
		sntp_wait(&run, until_us);
	}
	if (run.fd >= 0)
		close(run.fd);
}
