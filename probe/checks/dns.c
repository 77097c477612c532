#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "probe/check.h"
#include "probe/doors/fetch.h"
#include "probe/doors/fingerprint.h"
#include "probe/doors/handshake_session.h"
#include "probe/doors/nameserver.h"
#include "probe/doors/resolve.h"

#define PORT 53
#define TLS_PORT 853
#define HTTPS_PORT 443
#define RETRY_US INT64_C(2000000)
/* With the listening afterwards, or TCP after UDP, under the deadline of checks.def. */
#define WAIT_US INT64_C(4500000)
/* Three handshakes' worth of a slow line: TCP, TLS, and the question. */
#define SECURE_WAIT_US INT64_C(8000000)
/* One question is enough where no answer is what is hoped for. */
#define DECOY_US INT64_C(3000000)
#define URL_BYTES 128
#define TYPE "application/dns-message" /* RFC 8484 section 6 */

struct dns_run {
	struct attempt *attempt;
	union socket_address server;
	struct resolve_plan plan;
	struct resolve_result result;
	uint32_t spent_bytes; /* by what was done before */
	int64_t until_us; /* inside TLS: for all of it, CLOCK_BOOTTIME */
};

/* ---- datagrams, and TCP ---- */

static void
dns_watch(void *arg, const struct resolve_result *result)
{
	struct dns_run *run = arg;

	check_step(run->attempt, result->stage);
	run->attempt->bytes = run->spent_bytes + (uint32_t)result->wire_bytes;
	resolve_note(&run->attempt->m, result);
}

/* Is one of the addresses one that somebody has seen before in forged answers? */
static void
dns_recognize(struct dns_run *run)
{
	const struct inherited *inherited = run->attempt->job.inherited;
	const struct resolve_answer *answer = &run->result.answer;
	const char *name = NULL;

	if (!inherited || !inherited->fingerprints || !run->result.answered)
		return;
	for (unsigned i = 0; !name && i < answer->n; i++)
		name = fingerprint_of_address(
			inherited->fingerprints, answer->addresses[i]);
	if (name &&
		measurement_set_text(&run->attempt->m, FIELD_fingerprint, name) != OK)
		bug("a name of %zu bytes", strlen(name));
}

static void
dns_end(struct dns_run *run)
{
	const struct resolve_result *r = &run->result;

	dns_recognize(run);

	resolve_note(&run->attempt->m, r);
	check_end_with(run->attempt, r->outcome, r->reason, r->os_error);
}

static void
dns_over_tcp(struct dns_run *run)
{
	SET(&run->attempt->m, carriage, CARRIAGE_tcp);
	run->spent_bytes = run->attempt->bytes;
	resolve_ask_tcp(&run->result, &run->server, &run->plan);
	dns_watch(run, &run->result);
	dns_end(run);
}

static void
dns_over_udp(struct dns_run *run)
{
	resolve_ask(&run->result, &run->server, &run->plan);
	dns_watch(run, &run->result);
	/* RFC 7766 section 5 */
	if (run->result.answered && run->result.answer.truncated)
		dns_over_tcp(run);
	else
		dns_end(run);
}

/* ---- inside TLS ---- */

static void
dns_watch_handshake(void *arg, const struct handshake_result *shaken)
{
	struct dns_run *run = arg;

	if (run->result.stage == STAGE_start)
		check_step(run->attempt, shaken->stage);
	run->attempt->bytes = (uint32_t)shaken->wire_bytes;
	handshake_note(&run->attempt->m, shaken);
}

static void
dns_watch_talk(void *arg, const struct resolve_result *result)
{
	struct dns_run *run = arg;

	check_step(run->attempt, result->stage);
}

static bool
dns_talk(void *arg, struct handshake_session *session)
{
	struct dns_run *run = arg;
	struct stream stream = handshake_stream(session, run->until_us);

	resolve_talk(&run->result, &stream, &run->plan);
	return true;
}

static const struct handshake_store *
dns_store(const struct job *job)
{
	return job->inherited ? job->inherited->store : NULL;
}

static void
dns_over_tls(struct dns_run *run)
{
	const struct job *job = &run->attempt->job;
	struct handshake_plan plan = {.to = run->server,
		.address = job->target.address,
		.name = job->target.resolver,
		.store = dns_store(job),
		.longest_us = SECURE_WAIT_US,
		.protocol = "dot",
		.talk = dns_talk,
		.talk_arg = run};
	struct handshake_result shaken;

	SET(&run->attempt->m, carriage, CARRIAGE_tls);
	run->plan.watch = dns_watch_talk;
	run->until_us = clock_boot_us() + SECURE_WAIT_US;
	run->result = resolve_nothing(STAGE_start);
	handshake_try(&shaken, &plan, dns_watch_handshake, run);
	dns_watch_handshake(run, &shaken);
	if (shaken.outcome == OUTCOME_ok)
		dns_end(run);
	else
		check_end_with(
			run->attempt, shaken.outcome, shaken.reason, shaken.os_error);
}

/* ---- inside HTTPS ---- */

struct dns_page {
	struct dns_run *run;
	struct handshake_witness witness;
	struct buf body;
};

static void
dns_watch_page(void *arg, const struct fetch_facts *facts)
{
	struct dns_page *page = arg;
	struct attempt *attempt = page->run->attempt;

	check_step(attempt, facts->stage);
	fetch_note(&attempt->m, facts);
	handshake_note_witness(&attempt->m, &page->witness);
	if (facts->wire_bytes >= 0)
		attempt->bytes = (uint32_t)facts->wire_bytes;
}

static void
dns_take_body(void *arg, const void *bytes, size_t n)
{
	struct dns_page *page = arg;

	buf_add(&page->body, bytes, n);
}

/* The id is 0, so that caches know a question again (RFC 8484 section 4.1). */
static void
dns_read_page(struct dns_page *page, const struct fetch_facts *facts)
{
	struct resolve_result *r = &page->run->result;

	r->outcome = OUTCOME_dns_server_failure;
	if (facts->status < 200 || facts->status > 299)
		return;
	r->outcome = OUTCOME_dns_malformed;
	if (resolve_read(&r->answer, page->body.data, page->body.len, 0,
		    &page->run->plan.question) != RESOLVE_ANSWERED)
		return;
	r->answered = true;
	r->rtt_us = facts->first_byte_us < 0 ? 0 : facts->first_byte_us;
	r->outcome = resolve_outcome(&r->answer);
}

static void
dns_fetch(struct dns_page *page, const struct fetch_request *request)
{
	struct dns_run *run = page->run;
	struct fetch_connection *connection = NULL;
	struct fetch_facts facts;
	enum outcome outcome;

	if (fetch_open(&connection) != OK) {
		check_unmeasured(run->attempt, REASON_internal);
		return;
	}
	outcome = fetch_measure(
		&facts, connection, request, dns_watch_page, dns_take_body, page);
	dns_watch_page(page, &facts);
	fetch_close(connection);
	if (outcome != OUTCOME_ok) {
		check_end_with(run->attempt, outcome, facts.reason, facts.os_error);
		return;
	}
	dns_read_page(page, &facts);
	dns_end(run);
}

static void
dns_over_https(struct dns_run *run)
{
	const struct target *target = &run->attempt->job.target;
	struct dns_page page = {.run = run,
		.witness = {.store = dns_store(&run->attempt->job),
			.name = target->resolver,
			.address = target->address,
			.verify_error = -1}};
	struct buf question = {0};
	char url[URL_BYTES];
	struct fetch_request request = {.method = "POST",
		.url = url,
		.address = target->address,
		.interface = run->server.way.interface,
		.type = TYPE,
		.attend = handshake_attend,
		.attend_arg = &page.witness,
		.max_answer = RESOLVE_MESSAGE_BYTES,
		.connect_limit_s = SECURE_WAIT_US / 1000000,
		.stall_limit_s = WAIT_US / 1000000};
	bool v6 = strchr(target->address, ':') != NULL;

	SET(&run->attempt->m, carriage, CARRIAGE_https);
	run->result = resolve_nothing(STAGE_start);
	snprintf(url, sizeof(url),
		target->resolver[0] || !v6 ? "https://%s/dns-query"
					   : "https://[%s]/dns-query",
		target->resolver[0] ? target->resolver : target->address);
	if (!resolve_write(&question, 0, &run->plan.question)) {
		check_unmeasured(run->attempt, REASON_no_endpoint);
		goto done;
	}
	request.body = buf_span(&question);
	dns_fetch(&page, &request);
done:
	buf_free(&question);
	buf_free(&page.body);
}

/* ---- whom to ask, and how ---- */

static void
dns_ask(struct dns_run *run)
{
	const struct job *job = &run->attempt->job;

	if (job->target.port == TLS_PORT)
		dns_over_tls(run);
	else if (job->target.port == HTTPS_PORT)
		dns_over_https(run);
	else
		dns_over_udp(run);
}

void
check_dns(struct attempt *attempt)
{
	const struct target *target = &attempt->job.target;
	struct dns_run run = {.attempt = attempt,
		.plan = {.question = {target->host, RESOLVE_A, false},
			.retry_us = RETRY_US,
			.wait_us = WAIT_US,
			.listen_us = attempt->job.listen_us,
			.watch = dns_watch,
			.arg = &run}};
	enum reason reason;

	check_step(attempt, STAGE_read);
	if (target->role == ROLE_decoy) {
		SET(&attempt->m, decoy, 1);
		run.plan.retry_us = run.plan.wait_us = DECOY_US;
	}
	if (!nameserver_choose(&run.server, &reason, target->address,
		    target->port ? target->port : PORT)) {
		check_unmeasured(attempt, reason);
		return;
	}
	if (!target->host[0]) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	if (check_lead(attempt, &run.server))
		dns_ask(&run);
}
