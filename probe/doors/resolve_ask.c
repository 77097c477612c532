#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "probe/doors/resolve.h"

#define UDP4_BYTES (20 + 8)
#define UDP6_BYTES (40 + 8)
#define TRIES 2
#define REPLIES_MAX 64 /* that are listened to: who sends more wants our time */

enum { RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5 }; /* RFC 1035 4.1.1 */

enum outcome
resolve_outcome(const struct resolve_answer *answer)
{
	switch (answer->rcode) {
	case RCODE_NOERROR:
		return answer->answers ? OUTCOME_ok : OUTCOME_dns_no_answer;
	case RCODE_NXDOMAIN:
		return OUTCOME_dns_nxdomain_error;
	case RCODE_REFUSED:
		return OUTCOME_dns_refused_error;
	default:
		return OUTCOME_dns_server_failure;
	}
}

struct resolve_run {
	struct resolve_result *result;
	const struct resolve_plan *plan;
	int fd;
	bool v6;
	int64_t header_bytes;
	uint16_t ids
		[TRIES]; /* each question has its own: a round trip is never guessed */
	int64_t sent_us[TRIES];
	unsigned tries;
	unsigned answered; /* which of them was, first */
	int64_t answered_us, answered_stamp_us;
};

static void
resolve_step(struct resolve_run *run, enum stage stage)
{
	run->result->stage = stage;
	if (run->plan->watch)
		run->plan->watch(run->plan->arg, run->result);
}

static bool
resolve_send(struct resolve_run *run)
{
	struct buf question = {0};
	bool sent = false;

	resolve_step(run, STAGE_send);
	crypto_random(&run->ids[run->tries], sizeof(run->ids[0]));
	if (!resolve_write(&question, run->ids[run->tries], &run->plan->question)) {
		run->result->outcome = OUTCOME_unmeasured;
		run->result->reason = REASON_no_endpoint;
		goto done;
	}
	run->sent_us[run->tries] = clock_boot_us();
	if (send(run->fd, question.data, question.len, 0) < 0) {
		run->result->os_error = errno;
		run->result->outcome = socket_outcome(run->result->os_error);
		run->result->reason = socket_reason(run->result->os_error);
		goto done;
	}
	run->tries++;
	run->result->wire_bytes += run->header_bytes + (int64_t)question.len;
	resolve_step(run, STAGE_reply);
	sent = true;
done:
	buf_free(&question);
	return sent;
}

static void
resolve_keep(struct resolve_run *run, const struct socket_message *message,
	const struct resolve_answer *answer)
{
	struct resolve_result *r = run->result;

	r->answer = *answer;
	r->answered = true;
	r->rtt_us = run->answered_us - run->sent_us[run->answered];
	r->reply_ttl = message->ttl;
	r->outcome = resolve_outcome(answer);
}

/* True when the question is settled. */
static bool
resolve_take(struct resolve_run *run, const struct socket_message *message)
{
	struct resolve_result *r = run->result;
	int64_t now_us = clock_boot_us();

	for (unsigned i = 0; i < run->tries; i++) {
		struct resolve_answer answer;

		switch (resolve_read(&answer, message->bytes, message->n, run->ids[i],
			&run->plan->question)) {
		case RESOLVE_ANSWERED:
			run->answered = i;
			run->answered_us = now_us;
			run->answered_stamp_us = message->stamp_us;
			resolve_keep(run, message, &answer);
			return true;
		case RESOLVE_MALFORMED:
			r->outcome = OUTCOME_dns_malformed; /* until a better comes */
			break;
		case RESOLVE_IGNORED:
			break;
		}
	}
	return false;
}

/* False when nothing settled the question by then. */
static bool
resolve_wait(struct resolve_run *run, int64_t until_us)
{
	struct resolve_result *r = run->result;
	struct socket_message message;

	while (socket_next(&message, run->fd, until_us)) {
		r->wire_bytes += run->header_bytes + (int64_t)message.n;
		if (message.icmp_error) {
			r->icmp_type = message.icmp_type;
			r->icmp_code = message.icmp_code;
			r->os_error = message.icmp_error;
			r->outcome = socket_icmp_outcome(run->v6, message.icmp_type,
				message.icmp_code, message.icmp_error);
			return true;
		}
		if (resolve_take(run, &message))
			return true;
	}
	return false;
}

/* Between two arrivals as the kernel saw them, unless the wall clock was set between. */
static int64_t
resolve_after_us(const struct resolve_run *run, const struct socket_message *message)
{
	int64_t after_us = message->stamp_us - run->answered_stamp_us;
	int64_t at_most_us = clock_boot_us() - run->answered_us;

	if (!message->stamp_us || !run->answered_stamp_us || after_us < 0 ||
		after_us > run->plan->listen_us)
		return at_most_us;
	return after_us;
}

/* Another answer to the question that was answered. To the one before or after it a server
 * may say something else without any harm. */
static void
resolve_take_other(struct resolve_run *run, const struct socket_message *message)
{
	struct resolve_result *r = run->result;
	struct resolve_answer answer;

	if (resolve_read(&answer, message->bytes, message->n, run->ids[run->answered],
		    &run->plan->question) != RESOLVE_ANSWERED)
		return;
	r->replies++;
	if (r->other_after_us >= 0 || (answer.rcode == r->answer.rcode &&
					      !strcmp(answer.sha256, r->answer.sha256)))
		return;
	r->other_after_us = resolve_after_us(run, message);
	r->other_ttl = message->ttl;
	memcpy(r->other_sha256, answer.sha256, sizeof(r->other_sha256));
}

static void
resolve_listen(struct resolve_run *run)
{
	int64_t until_us = clock_boot_us() + run->plan->listen_us;
	struct socket_message message;

	run->result->replies = 1;
	resolve_step(run, STAGE_reply); /* what has come is safe now */
	for (int n = 0; n < REPLIES_MAX && socket_next(&message, run->fd, until_us);
		n++) {
		run->result->wire_bytes += run->header_bytes + (int64_t)message.n;
		if (!message.icmp_error)
			resolve_take_other(run, &message);
		resolve_step(run, STAGE_reply);
	}
}

struct resolve_result
resolve_nothing(enum stage stage)
{
	return (struct resolve_result){.stage = stage,
		.outcome = OUTCOME_generic_timeout_error,
		.reply_ttl = -1,
		.other_after_us = -1,
		.other_ttl = -1,
		.icmp_type = -1,
		.icmp_code = -1,
		.connect_us = -1,
		.retrans = -1};
}

void
resolve_ask(struct resolve_result *result, const union socket_address *server,
	const struct resolve_plan *plan)
{
	int64_t start_us = clock_boot_us(), end_us = start_us + plan->wait_us;
	bool again = plan->retry_us < plan->wait_us;
	struct resolve_run run = {.result = result,
		.plan = plan,
		.v6 = server->any.sa_family == AF_INET6};
	int error;

	run.header_bytes = run.v6 ? UDP6_BYTES : UDP4_BYTES;
	*result = resolve_nothing(STAGE_send);
	resolve_step(&run, STAGE_send);
	error = socket_open_datagram(&run.fd, server, IPPROTO_UDP, 0);
	if (error) {
		result->os_error = error;
		result->outcome = socket_outcome(error);
		result->reason = socket_reason(error);
	} else if (resolve_send(&run) &&
		   !resolve_wait(&run, again ? start_us + plan->retry_us : end_us) &&
		   again && resolve_send(&run)) {
		(void)resolve_wait(&run, end_us);
	}
	if (result->answered && plan->listen_us > 0)
		resolve_listen(&run);
	if (run.fd >= 0)
		close(run.fd);
}
