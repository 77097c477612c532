#include <string.h>

#include "common/address.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/log.h"
#include "probe/check.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/resolve.h"
#include "probe/doors/route.h"
#include "probe/doors/sntp.h"
#include "probe/doors/stream.h"

#define TIME_PORT 123
#define NAME_PORT 53
#define ROOTS_TRIED 2 /* one that is silent does not hide what lies below it */
/* All of them together stay under the deadline of checks.def. */
#define ROOT_WAIT_US INT64_C(1500000)
#define RETRY_US INT64_C(1500000)
#define WAIT_US INT64_C(3500000)

struct core_run {
	struct attempt *attempt;
	bool finding; /* whom to ask: all of it is the stage resolve */
	uint32_t spent_bytes; /* by the questions before this one */
	struct resolve_result result;
};

/* ---- time ---- */

static void
core_watch_time(void *arg, const struct sntp_result *result)
{
	struct core_run *run = arg;

	check_step(run->attempt, result->stage);
	run->attempt->bytes = run->spent_bytes + (uint32_t)result->wire_bytes;
}

static void
core_note_time(struct measurement *m, const struct sntp_result *r)
{
	if (r->icmp_type >= 0 && !r->answered) {
		SET(m, icmp_type, r->icmp_type);
		SET(m, icmp_code, r->icmp_code);
	}
	if (!r->answered)
		return;
	SET(m, stratum, r->answer.stratum);
	SET(m, rtt_us, r->rtt_us);
	if (r->reply_ttl >= 0)
		SET(m, reply_ttl, r->reply_ttl);
	if (r->answer.tells_time)
		SET(m, clock_offset_us, r->offset_us);
}

static void
core_ask_time(struct attempt *attempt)
{
	struct core_run run = {.attempt = attempt};
	struct endpoint endpoint;
	struct sntp_result result;

	if (!check_find(&endpoint, attempt, 0))
		return;
	run.spent_bytes = attempt->bytes;
	sntp_ask(&result, &endpoint.address, WAIT_US, core_watch_time, &run);
	core_watch_time(&run, &result);
	core_note_time(&attempt->m, &result);
	check_end_with(attempt, result.outcome, result.reason, result.os_error);
}

/* ---- names ---- */

static void
core_watch(void *arg, const struct resolve_result *result)
{
	struct core_run *run = arg;

	check_step(run->attempt, run->finding ? STAGE_resolve : result->stage);
	run->attempt->bytes = run->spent_bytes + (uint32_t)result->wire_bytes;
}

static void
core_note_nsid(struct measurement *m, const struct resolve_answer *answer)
{
	struct buf text = {0};

	if (!answer->nsid_n)
		return;
	crypto_base64(&text, answer->nsid, answer->nsid_n);
	if (measurement_set_text(m, FIELD_nsid, text.data) != OK)
		bug("an id of %zu characters", text.len);
	buf_free(&text);
}

static void
core_note(struct measurement *m, const struct resolve_result *r)
{
	resolve_note_end(m, r);
	if (!r->answered)
		return;
	if (r->answer.serial >= 0)
		SET(m, serial, r->answer.serial);
	core_note_nsid(m, &r->answer);
}

static void
core_end(struct core_run *run)
{
	const struct resolve_result *r = &run->result;

	core_note(&run->attempt->m, r);
	check_end_with(run->attempt, r->outcome, r->reason, r->os_error);
}

/* One question about the target's zone; what came of it lies in the run. False: the address
 * is none that may be asked, and the end was said. */
static bool
core_ask(struct core_run *run, const char *address, enum resolve_type type,
	int64_t retry_us, int64_t wait_us)
{
	const struct target *target = &run->attempt->job.target;
	struct resolve_plan plan = {.question = {target->host, type, true},
		.retry_us = retry_us,
		.wait_us = wait_us,
		.watch = core_watch,
		.arg = run};
	union socket_address server;

	if (!socket_parse(&server, address, target->port ? target->port : NAME_PORT)) {
		check_unmeasured(run->attempt, REASON_no_endpoint);
		return false;
	}
	if (!address_is_public(&server.any)) {
		check_unmeasured(run->attempt, REASON_not_public);
		return false;
	}
	if (!check_lead(run->attempt, &server))
		return false;
	run->spent_bytes = run->attempt->bytes;
	resolve_ask(&run->result, &server, &plan);
	core_watch(run, &run->result);
	return true;
}

/* Another one with each turn, of the family that leads out of here. */
static const char *
core_pick(const char (*addresses)[INET6_ADDRSTRLEN], size_t n, uint64_t turn)
{
	bool v4 = route_leads_out(AF_INET), v6 = route_leads_out(AF_INET6);
	const char *address = resolve_pick(addresses, n, v6 && !v4, turn);

	return address || !v4 || !v6 ? address : resolve_pick(addresses, n, true, turn);
}

static const char *
core_pick_root(const struct job *job, uint64_t more_turns)
{
	const struct resolve_roots *roots =
		job->inherited ? job->inherited->roots : NULL;

	return roots ? core_pick(roots->addresses, roots->n,
			       (uint64_t)job->round + more_turns)
		     : NULL;
}

/* A server of the top-level domain, as a root server names it; NULL: the end was said. */
static const char *
core_find_tld(struct core_run *run)
{
	const struct job *job = &run->attempt->job;
	const struct resolve_answer *answer = &run->result.answer;
	const char *root, *address;

	run->finding = true;
	check_step(run->attempt, STAGE_resolve);
	for (unsigned i = 0; i < ROOTS_TRIED; i++) {
		root = core_pick_root(job, i);
		if (!root) {
			check_unmeasured(run->attempt, REASON_no_endpoint);
			return NULL;
		}
		if (!core_ask(run, root, RESOLVE_NS, ROOT_WAIT_US, ROOT_WAIT_US))
			return NULL;
		if (run->result.answered)
			break;
	}
	address =
		run->result.outcome == OUTCOME_ok
			? core_pick(answer->addresses, answer->n, (uint64_t)job->round)
			: NULL;
	if (!address) {
		if (run->result.outcome == OUTCOME_ok)
			run->result.outcome = OUTCOME_dns_no_answer;
		core_end(run);
	}
	run->finding = false;
	/* An answer comes sooner than the next packet may leave. */
	if (address)
		(void)stream_wait(-1, 0, clock_boot_us() + job->pace_us);
	return address;
}

static void
core_ask_names(struct attempt *attempt)
{
	const struct target *target = &attempt->job.target;
	struct core_run run = {.attempt = attempt};
	char address[INET6_ADDRSTRLEN] = "";
	const char *found = target->address;

	check_step(attempt, STAGE_read);
	if (!strcmp(target->address, "tld"))
		found = core_find_tld(&run);
	else if (!strcmp(target->address, "root") &&
		 !(found = core_pick_root(&attempt->job, 0)))
		check_unmeasured(attempt, REASON_no_endpoint);
	if (!found)
		return;
	/* The next answer takes the place of the one it stands in. */
	memcpy(address, found, strnlen(found, sizeof(address) - 1));
	if (core_ask(&run, address, RESOLVE_SOA, RETRY_US, WAIT_US))
		core_end(&run);
}

void
check_core(struct attempt *attempt)
{
	if (attempt->job.target.port == TIME_PORT)
		core_ask_time(attempt);
	else
		core_ask_names(attempt);
}
