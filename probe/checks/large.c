#include "probe/check.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/pages.h"

/*
 * Does a connection carry some dozen kilobytes? Caps of 14 to 20 kB a connection have been in
 * use on whole address ranges (Russia, since June 2025). The front page, and where that is
 * shorter, as many of them over one connection as make up for it. What froze is tried a
 * second time: it is frozen when it is so twice, at the larger of both numbers, as what was
 * lost on the way is never sent again. They are TCP's count of what it received, a
 * handshake's certificates and all: it is what whoever counts has counted.
 */
#define PORT 443
#define LARGE_BYTES 65536 /* where nobody says how many */
#define HANDSHAKES_US INT64_C(8000000)
#define TRANSFER_US INT64_C(12000000)
/* Six seconds without a byte on a connection that was under way: a line that loses the same
 * segment that often carries nothing at all. */
#define STALL_US INT64_C(6000000)
/* By this differ a page that is the last of its connection and one that is not: a word of
 * its head, and the end of TLS. */
#define LAST_BYTES 64

struct large_run {
	int64_t bytes; /* that are enough */
	struct attempt *attempt;
	const struct endpoint *endpoint;
	uint32_t before_bytes;
	struct pages_result result;
	struct flow_looks looks; /* at the newest of them */
};

static void
large_watch(void *arg, const struct pages_result *result)
{
	struct large_run *run = arg;
	struct measurement *m = &run->attempt->m;

	check_step(run->attempt, result->stage);
	run->attempt->bytes = run->before_bytes + (uint32_t)result->wire_bytes;
	handshake_note(m, &result->handshake);
	if (result->first_byte_us >= 0)
		SET(m, first_byte_us, result->first_byte_us);
	if (result->status >= 0)
		SET(m, status, result->status);
	if (result->answer_bytes > 0)
		SET(m, body_bytes, result->answer_bytes);
}

static void
large_fetch(struct large_run *run, int64_t pages)
{
	struct pages_plan plan = {.to = run->endpoint->address,
		.address = run->endpoint->text,
		.name = run->attempt->job.target.host,
		.host = run->attempt->job.target.host,
		.pages = pages,
		.enough_bytes = run->bytes,
		.handshakes_us = HANDSHAKES_US,
		.transfer_us = TRANSFER_US,
		.stall_us = STALL_US,
		.looks = &run->looks};

	run->before_bytes = run->attempt->bytes;
	pages_fetch(&run->result, &plan, large_watch, run);
	large_watch(run, &run->result);
	flow_note_looks(&run->attempt->m, &run->looks);
}

static void
large_end(struct large_run *run)
{
	const struct pages_result *r = &run->result;
	bool froze = r->end == PAGES_STALLED;

	/* A reset in the middle of a page is another way to say: no more. */
	if (froze || (r->stage == STAGE_body && r->outcome == OUTCOME_connection_reset))
		SET(&run->attempt->m, frozen_bytes, r->connection_bytes);
	/* Slow, and not yet whole. */
	if (r->end == PAGES_LATE)
		check_end(run->attempt, OUTCOME_generic_timeout_error);
	else
		check_end_with(run->attempt, r->outcome, r->reason, r->os_error);
}

/* A server that answers once and then keeps still has not frozen. */
static bool
large_froze(const struct large_run *run, const struct pages_result *first)
{
	const struct pages_result *r = &run->result;

	return r->end == PAGES_STALLED &&
	       (!first || r->cut ||
		       r->received_bytes > first->received_bytes + LAST_BYTES);
}

static void
large_run(struct large_run *run)
{
	struct pages_result one = {0};
	const struct pages_result *first = NULL;
	int64_t pages = 1, froze_bytes;

	large_fetch(run, pages);
	if ((run->result.end == PAGES_WHOLE || run->result.end == PAGES_CLOSED) &&
		run->result.received_bytes < run->bytes) {
		one = run->result;
		first = &one;
		pages = pages_for(run->bytes, one.answer_bytes);
		large_fetch(run, pages);
	}
	if (large_froze(run, first)) {
		froze_bytes = run->result.connection_bytes;
		large_fetch(run, pages);
		if (large_froze(run, first) &&
			run->result.connection_bytes < froze_bytes)
			run->result.connection_bytes = froze_bytes;
	}
	if (run->result.end == PAGES_STALLED && !large_froze(run, first)) {
		run->result = one;
		large_watch(run, &one);
	}
	large_end(run);
}

void
check_large(struct attempt *attempt)
{
	struct endpoint endpoint;
	struct large_run run = {.attempt = attempt,
		.endpoint = &endpoint,
		.bytes = attempt->job.bytes > 0 ? attempt->job.bytes : LARGE_BYTES};

	if (!attempt->job.target.host[0]) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	if (check_find(&endpoint, attempt, PORT))
		large_run(&run);
}
