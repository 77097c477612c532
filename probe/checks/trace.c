#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "probe/check.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/hop.h"

#define PORT 443
#define HOPS_MAX 20
#define SILENT_MAX                                                                     \
	4 /* in a row beyond the last answer; then only the far end is tried */
#define WAIT_US INT64_C(2000000)
/* Where only one packet is in flight: every silent hop costs this. Under the second after which the
 * kernel would send a SYN once more. */
#define WAIT_ONE_US INT64_C(950000)
#define LONGEST_US INT64_C(14000000) /* under the deadline of checks.def */

struct trace_run {
	struct attempt *attempt;
	struct hop_path *path;
	uint32_t asked_bytes; /* for the address */
	int64_t end_us;
	int64_t last_us; /* when the newest packet left, 0 none */
	uint8_t newest; /* place of that packet */
	uint8_t tried; /* greatest TTL sent; the place of the packet with it */
	uint8_t last; /* farthest place of a router that answered */
	uint8_t end; /* nearest place at which the path ends, 0: not known yet */
	struct hop_answer ending; /* what was answered there */
	int64_t sent_us[HOPS_MAX + 2];
	struct hop_answer routers[HOPS_MAX + 2]; /* by place; family 0: silent */
};

/* How long an answer is waited for. */
static int64_t
trace_wait_us(const struct trace_run *run)
{
	return run->path && hop_one_in_flight(run->path) ? WAIT_ONE_US : WAIT_US;
}

/* ---- what is written down ---- */

/* The network alone, /24 or /48, whoever the router is. */
static void
trace_put_network(struct buf *text, const union socket_address *router)
{
	char word[INET6_ADDRSTRLEN];
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (router->any.sa_family == AF_INET6) {
		memcpy(&v6, router, sizeof(v6));
		memset(v6.sin6_addr.s6_addr + 6, 0, 10);
		inet_ntop(AF_INET6, &v6.sin6_addr, word, sizeof(word));
		buf_printf(text, "%s/48", word);
	} else if (router->any.sa_family == AF_INET) {
		memcpy(&v4, router, sizeof(v4));
		v4.sin_addr.s_addr &= htonl(UINT32_C(0xffffff00));
		inet_ntop(AF_INET, &v4.sin_addr, word, sizeof(word));
		buf_printf(text, "%s/24", word);
	} else {
		buf_puts(text, "*");
	}
}

/* Places that can be spoken of: those that answered, and those between, and beyond them
 * the ones that have had their time. */
static uint8_t
trace_known(const struct trace_run *run)
{
	uint8_t n = run->tried;

	if (run->end && run->end <= run->tried)
		return run->last < run->end ? (uint8_t)(run->end - 1) : run->end;
	while (n > run->last && clock_boot_us() - run->sent_us[n] < trace_wait_us(run))
		n--;
	return n;
}

/* Into the shared page, so that a trace that is cut off has told how far it came. */
static void
trace_note(struct trace_run *run)
{
	struct measurement *m = &run->attempt->m;
	struct buf hops = {0};
	uint8_t known = trace_known(run);

	run->attempt->bytes = run->asked_bytes;
	if (run->path)
		run->attempt->bytes += (uint32_t)hop_wire_bytes(run->path);
	for (uint8_t place = 1; place <= known; place++) {
		buf_puts(&hops, place > 1 ? " " : "");
		trace_put_network(&hops, &run->routers[place].from);
		m->hop_rtt_us[place - 1] = run->routers[place].rtt_us;
	}
	if (known > 0) {
		m->has[FIELD_hop_rtt_us] = true;
		m->hop_rtt_us_n = known;
		if (measurement_set_text(m, FIELD_hops, hops.data) != OK)
			bug("a path that does not fit");
	}
	buf_free(&hops);
}

/* ---- what is heard ---- */

static void
trace_take(struct trace_run *run, const struct hop_answer *answer)
{
	uint8_t place = answer->place;
	bool ends = answer->outcome != OUTCOME_ttl_exceeded;

	if ((run->end && place >= run->end) || answer->outcome == OUTCOME_unmeasured)
		return;
	if (ends) {
		run->end = place;
		run->ending = *answer;
	}
	if (run->last >= place)
		run->last = ends ? (uint8_t)(place - 1) : run->last;
	if (place > run->tried || answer->far ||
		answer->from.any.sa_family == AF_UNSPEC)
		return;
	run->routers[place] = *answer;
	if (place > run->last)
		run->last = place;
}

/* Listens until then, or until ${done} says that nothing more is worth it. */
typedef bool trace_done_fn(const struct trace_run *run);

static void
trace_listen(struct trace_run *run, int64_t until_us, trace_done_fn *done)
{
	struct hop_answer answer;

	if (until_us > run->end_us)
		until_us = run->end_us;
	while (!(done && done(run)) && hop_wait(&answer, run->path, until_us)) {
		trace_take(run, &answer);
		trace_note(run);
	}
	trace_note(run);
}

static bool
trace_has_end(const struct trace_run *run)
{
	return run->end > 0;
}

/* Is the newest packet answered, so that the next one may leave? */
static bool
trace_newest_answered(const struct trace_run *run)
{
	return run->end || run->routers[run->newest].from.any.sa_family != AF_UNSPEC;
}

static bool
trace_window_open(const struct trace_run *run)
{
	return run->end || run->newest - run->last < SILENT_MAX;
}

/* When the last of the routers before the end has had its time; 0: all have answered. */
static int64_t
trace_due_us(const struct trace_run *run)
{
	int64_t due_us = 0;

	for (uint8_t place = 1; place < run->end; place++)
		if (run->routers[place].from.any.sa_family == AF_UNSPEC)
			due_us = run->sent_us[place] + trace_wait_us(run);
	return due_us;
}

static bool
trace_complete(const struct trace_run *run)
{
	return trace_due_us(run) == 0;
}

/* ---- what is sent ---- */

static bool
trace_send(struct trace_run *run, uint8_t place, uint8_t ttl)
{
	int error;

	check_step(run->attempt, STAGE_send);
	run->sent_us[place] = clock_boot_us();
	error = hop_send(run->path, place, ttl);
	run->last_us = clock_boot_us();
	if (error) {
		trace_note(run);
		check_end_errno(run->attempt, error);
		return false;
	}
	run->newest = place;
	run->tried = ttl ? ttl : run->tried;
	check_step(run->attempt, STAGE_reply);
	trace_note(run);
	return true;
}

/* Waits until the next packet may leave; false when none is to. */
static bool
trace_may_go_on(struct trace_run *run)
{
	trace_listen(run, run->last_us + run->attempt->job.pace_us, trace_has_end);
	if (run->newest && hop_one_in_flight(run->path))
		trace_listen(
			run, run->last_us + trace_wait_us(run), trace_newest_answered);
	if (!trace_window_open(run))
		trace_listen(run, run->last_us + trace_wait_us(run), trace_window_open);
	return !run->end && trace_window_open(run) && clock_boot_us() < run->end_us;
}

/* False: it could not be sent, and the attempt says why. */
static bool
trace_climb(struct trace_run *run)
{
	for (uint8_t place = 1; place <= HOPS_MAX && trace_may_go_on(run); place++)
		if (!trace_send(run, place, place))
			return false;
	if (!run->end)
		trace_listen(run, run->last_us + trace_wait_us(run), trace_has_end);
	trace_listen(run, run->last_us + run->attempt->job.pace_us, trace_has_end);
	if (!run->end && clock_boot_us() < run->end_us) {
		if (!trace_send(run, HOPS_MAX + 1, 0))
			return false;
		trace_listen(run, run->last_us + trace_wait_us(run), trace_has_end);
	} else {
		trace_listen(run, trace_due_us(run), trace_complete);
	}
	return true;
}

static void
trace_end(struct trace_run *run)
{
	struct measurement *m = &run->attempt->m;
	const struct hop_answer *ending = &run->ending;

	if (!run->end) {
		check_end(run->attempt, OUTCOME_generic_timeout_error);
		return;
	}
	if (ending->icmp_type >= 0) {
		SET(m, icmp_type, ending->icmp_type);
		SET(m, icmp_code, ending->icmp_code);
	}
	if (ending->far) {
		SET(m, rtt_us, ending->rtt_us);
		if (ending->ttl >= 0)
			SET(m, reply_ttl, ending->ttl);
		if (run->end <= HOPS_MAX)
			SET(m, ttl, run->end);
	}
	check_end_with(run->attempt, ending->outcome, REASON_internal, ending->error);
}

static void
trace_open_end(struct attempt *attempt, int error)
{
	if (attempt->job.protocol == PROTOCOL_icmp &&
		(error == EACCES || error == EPROTONOSUPPORT))
		check_unmeasured(attempt, REASON_no_permission);
	else
		check_end_errno(attempt, error);
}

void
check_trace(struct attempt *attempt)
{
	const struct job *job = &attempt->job;
	struct trace_run run = {
		.attempt = attempt, .end_us = clock_boot_us() + LONGEST_US};
	struct endpoint endpoint;
	int error;

	SET(&attempt->m, protocol, job->protocol);
	if (!check_find(&endpoint, attempt, PORT))
		return;
	run.asked_bytes = attempt->bytes;
	if (endpoint.wire_bytes)
		run.last_us = clock_boot_us(); /* the question was a packet */
	check_step(attempt, STAGE_send);
	error = hop_open(&run.path, &endpoint.address, job->protocol);
	if (error) {
		trace_open_end(attempt, error);
		return;
	}
	if (trace_climb(&run)) {
		trace_end(&run);
		/* Whoever sends next finds the pace kept. */
		trace_listen(&run, run.last_us + job->pace_us, NULL);
	}
	hop_close(run.path);
}
