#include "probe/doors/pages.h"

#include "common/buf.h"
#include "common/clock.h"
#include "probe/doors/answer.h"
#include "probe/doors/handshake_session.h"

#define PIECE_BYTES 16384
/* The last asks for the end, so that whoever has answered all of them says so. */
#define REQUEST                                                                        \
	"GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n"     \
	"Accept-Encoding: identity\r\nConnection: %s\r\n\r\n"

struct pages_run {
	struct pages_result *result;
	const struct pages_plan *plan;
	pages_watch_fn *watch;
	void *arg;
	struct answer answer;
	struct arrival arrival;
	int64_t before_bytes; /* received by TCP until the request */
	int64_t until_us;
};

static void
pages_step(struct pages_run *run, enum stage stage)
{
	run->result->stage = stage;
	run->watch(run->arg, run->result);
}

static void
pages_watch_handshake(void *arg, const struct handshake_result *handshake)
{
	struct pages_run *run = arg;
	struct pages_result *r = run->result;

	/* The last call comes after the talk, whose steps are further. */
	if (handshake->stage > r->stage)
		r->stage = handshake->stage;
	r->wire_bytes = handshake->wire_bytes;
	run->watch(run->arg, r);
}

static bool
pages_ask(struct pages_run *run, struct handshake_session *session)
{
	const struct pages_plan *plan = run->plan;
	struct buf requests = {0};
	bool sent;

	for (int64_t i = 1; i <= plan->pages; i++)
		buf_printf(&requests, REQUEST, plan->host,
			i == plan->pages ? "close" : "keep-alive");
	sent = handshake_write(session, requests.data, requests.len, run->until_us,
		&run->result->outcome, &run->result->os_error);
	buf_free(&requests);
	return sent;
}

static void
pages_look(struct pages_run *run, const struct handshake_session *session)
{
	struct pages_result *r = run->result;
	struct flow_look look;
	struct socket_tcp tcp;

	if (!handshake_counters(&tcp, session))
		return;
	r->connection_bytes = tcp.bytes_received;
	r->received_bytes = tcp.bytes_received - run->before_bytes;
	if (tcp.wire_bytes > 0)
		r->wire_bytes = tcp.wire_bytes;
	arrival_look(&run->arrival, clock_boot_us(), r->received_bytes);
	if (run->plan->looks) {
		socket_look(&look, &tcp, FLOW_AT_RECEIVER, clock_boot_us());
		flow_looks_add(run->plan->looks, &look);
	}
}

static void
pages_begin(struct flow_looks *looks, const struct socket_tcp *tcp)
{
	struct flow_look look;

	if (!looks)
		return;
	socket_look(&look, tcp, FLOW_AT_RECEIVER, clock_boot_us());
	flow_looks_start(looks, FLOW_AT_RECEIVER, tcp->head_bytes, &look);
}

static void
pages_take(struct pages_run *run, const char *bytes, size_t n)
{
	struct pages_result *r = run->result;

	if (r->first_byte_us < 0)
		r->first_byte_us = clock_boot_us() - run->arrival.asked_us;
	answer_take(&run->answer, bytes, n);
	r->answer_bytes = run->answer.bytes;
	r->status = answer_status(&run->answer);
	pages_step(run, STAGE_body);
}

/* Is it over, and how? BROKEN: it goes on. */
static enum pages_end
pages_over(const struct pages_run *run, int64_t now_us)
{
	const struct arrival *a = &run->arrival;

	if (run->result->received_bytes >= run->plan->enough_bytes)
		return PAGES_ENOUGH;
	if (run->plan->pages == 1 && answer_is_whole(&run->answer))
		return PAGES_WHOLE;
	if (now_us >= run->until_us)
		return PAGES_LATE;
	if (a->n && now_us - a->last_us >= run->plan->stall_us)
		return PAGES_STALLED;
	return PAGES_BROKEN;
}

/* The other end closed: after all it had to say? Of several pages it may leave some out. */
static enum pages_end
pages_closed(const struct pages_run *run)
{
	bool cut = run->plan->pages == 1 && answer_is_cut(&run->answer);

	return run->result->outcome == OUTCOME_eof_error && run->answer.bytes && !cut
		       ? PAGES_CLOSED
		       : PAGES_BROKEN;
}

static enum pages_end
pages_receive(struct pages_run *run, struct handshake_session *session)
{
	struct pages_result *r = run->result;
	char piece[PIECE_BYTES];

	for (;;) {
		const struct arrival *a = &run->arrival;
		int n = handshake_read(
			session, piece, sizeof(piece), &r->outcome, &r->os_error);
		enum pages_end over;
		int64_t stall_us;

		pages_look(run, session);
		if (n > 0)
			pages_take(run, piece, (size_t)n);
		over = pages_over(run, clock_boot_us());
		if (over != PAGES_BROKEN)
			return over;
		if (n < 0)
			return pages_closed(run);
		if (n > 0)
			continue;
		stall_us = a->n ? a->last_us + run->plan->stall_us : run->until_us;
		handshake_await(
			session, stall_us < run->until_us ? stall_us : run->until_us);
	}
}

static bool
pages_talk(void *arg, struct handshake_session *session)
{
	struct pages_run *run = arg;
	struct pages_result *r = run->result;
	struct socket_tcp tcp = {0};

	pages_step(run, STAGE_request);
	if (handshake_counters(&tcp, session)) {
		run->before_bytes = tcp.bytes_received;
		pages_begin(run->plan->looks, &tcp);
	}
	run->until_us = clock_boot_us() + run->plan->transfer_us;
	arrival_start(&run->arrival, clock_boot_us(), 0);
	if (!pages_ask(run, session))
		return false;
	pages_step(run, STAGE_first_byte);
	r->end = pages_receive(run, session);
	r->cut = answer_is_cut(&run->answer);
	if (r->end == PAGES_BROKEN)
		return false;
	/* Silence at the end is a part of how slow it was. */
	r->rate_bps = arrival_rate_bps(&run->arrival,
		r->end == PAGES_STALLED || r->end == PAGES_LATE ? clock_boot_us()
								: run->arrival.last_us);
	r->outcome = r->end == PAGES_STALLED || !r->received_bytes
			     ? OUTCOME_generic_timeout_error
			     : OUTCOME_ok;
	return r->end == PAGES_WHOLE || r->end == PAGES_CLOSED;
}

void
pages_fetch(struct pages_result *result, const struct pages_plan *plan,
	pages_watch_fn *watch, void *arg)
{
	struct pages_run run = {
		.result = result, .plan = plan, .watch = watch, .arg = arg};
	struct handshake_plan handshake = {.to = plan->to,
		.address = plan->address,
		.name = plan->name,
		.longest_us = plan->handshakes_us,
		.talk = pages_talk,
		.talk_arg = &run};

	*result = (struct pages_result){.outcome = OUTCOME_generic_timeout_error,
		.status = -1,
		.first_byte_us = -1,
		.rate_bps = -1};
	answer_start(&run.answer);
	handshake_try(&result->handshake, &handshake, pages_watch_handshake, &run);
	if (result->handshake.outcome == OUTCOME_ok)
		return;
	result->outcome = result->handshake.outcome;
	result->reason = result->handshake.reason;
	result->os_error = result->handshake.os_error;
}

int64_t
pages_for(int64_t bytes, int64_t page_bytes)
{
	int64_t pages = page_bytes > 0 ? bytes / page_bytes + 2 : PAGES_MAX;

	return pages < PAGES_MAX ? pages : PAGES_MAX;
}
