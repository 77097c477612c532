#include "common/clock.h"
#include "probe/check.h"
#include "probe/doors/nameserver.h"
#include "probe/doors/resolve.h"
#include "probe/doors/resolve_chain.h"

#define PORT 53
#define WAIT_US                                                                        \
	INT64_C(9000000) /* for all questions, under the deadline of checks.def */

struct dnssec_run {
	struct attempt *attempt;
	struct stream *stream;
};

static void
dnssec_watch(void *arg, const struct resolve_result *result)
{
	struct dnssec_run *run = arg;

	check_step(run->attempt, result->stage);
	run->attempt->bytes = (uint32_t)result->wire_bytes;
	resolve_note(&run->attempt->m, result);
}

static bool
dnssec_hear(void *arg, struct buf *answer, struct span message)
{
	struct dnssec_run *run = arg;
	bool heard = resolve_exchange(answer, run->stream, message);
	struct socket_tcp tcp;

	if (socket_read_tcp(&tcp, run->stream->fd) && tcp.wire_bytes > 0)
		run->attempt->bytes = (uint32_t)tcp.wire_bytes;
	return heard;
}

/* Signatures are for some weeks: who does not know the day calls nothing false. */
static void
dnssec_follow(void *arg, struct stream *stream)
{
	struct dnssec_run *run = arg;
	const struct job *job = &run->attempt->job;
	const struct resolve_anchors *anchors =
		job->inherited ? job->inherited->anchors : NULL;

	if (!anchors || !job->clock_known)
		return;
	run->stream = stream;
	switch (resolve_chain(
		anchors, job->target.host, clock_utc_us(), dnssec_hear, run)) {
	case RESOLVE_AUTHENTIC:
		SET(&run->attempt->m, authentic, 1);
		break;
	case RESOLVE_BOGUS:
		SET(&run->attempt->m, authentic, 0);
		break;
	case RESOLVE_UNSAID:
		break;
	}
}

void
check_dnssec(struct attempt *attempt)
{
	const struct target *target = &attempt->job.target;
	struct dnssec_run run = {.attempt = attempt};
	struct resolve_plan plan = {.question = {target->host, RESOLVE_A, false},
		.wait_us = WAIT_US,
		.watch = dnssec_watch,
		.then = dnssec_follow,
		.arg = &run};
	union socket_address server;
	struct resolve_result result;
	enum reason reason;

	check_step(attempt, STAGE_read);
	if (!nameserver_choose(&server, &reason, target->address, PORT)) {
		check_unmeasured(attempt, reason);
		return;
	}
	if (!check_lead(attempt, &server))
		return;
	SET(&attempt->m, carriage, CARRIAGE_tcp);
	resolve_ask_tcp(&result, &server, &plan);
	dnssec_watch(&run, &result);
	check_end_with(attempt, result.outcome, result.reason, result.os_error);
}
