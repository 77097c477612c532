#include <string.h>

#include "common/address.h"
#include "common/log.h"
#include "probe/check.h"
#include "probe/doors/nameserver.h"
#include "probe/doors/resolve.h"

#define PORT 53
#define RETRY_US INT64_C(2000000)
/* With the listening afterwards under the deadline of checks.def. */
#define WAIT_US INT64_C(4500000)

static void
dns_note_text(struct measurement *m, enum field field, const char *hash)
{
	if (hash[0] && measurement_set_text(m, field, hash) != OK)
		bug("a hash of %zu digits", strlen(hash));
}

static void
dns_note_other(struct measurement *m, const struct resolve_result *r)
{
	SET(m, replies, r->replies);
	if (r->other_after_us < 0)
		return;
	SET(m, other_after_us, r->other_after_us);
	if (r->other_ttl >= 0)
		SET(m, other_ttl, r->other_ttl);
	dns_note_text(m, FIELD_other_sha256, r->other_sha256);
}

static void
dns_note(struct attempt *attempt, const struct resolve_result *r)
{
	struct measurement *m = &attempt->m;

	if (r->icmp_type >= 0 && !r->answered) {
		SET(m, icmp_type, r->icmp_type);
		SET(m, icmp_code, r->icmp_code);
	}
	if (!r->answered)
		return;
	SET(m, rcode, r->answer.rcode);
	SET(m, answers, r->answer.answers);
	SET(m, rtt_us, r->rtt_us);
	if (r->reply_ttl >= 0)
		SET(m, reply_ttl, r->reply_ttl);
	dns_note_text(m, FIELD_answer_sha256, r->answer.sha256);
	if (attempt->job.listen_us > 0)
		dns_note_other(m, r);
}

static void
dns_watch(void *arg, const struct resolve_result *result)
{
	struct attempt *attempt = arg;

	check_step(attempt, result->stage);
	attempt->bytes = (uint32_t)result->wire_bytes;
	dns_note(attempt, result);
}

/* The server to ask: the resolver of this machine, which may have a private address, or
 * a public one. */
static bool
dns_find_server(
	union socket_address *server, enum reason *reason, const struct job *job)
{
	const struct target *target = &job->target;

	if (!target->address[0] || !strcmp(target->address, "resolver")) {
		*reason = REASON_no_resolver;
		return nameserver_find(server);
	}
	*reason = REASON_no_endpoint;
	if (!socket_parse(server, target->address, target->port ? target->port : PORT))
		return false;
	*reason = REASON_not_public;
	return address_is_public(&server->any);
}

void
check_dns(struct attempt *attempt)
{
	struct resolve_plan plan = {
		.question = {attempt->job.target.host, RESOLVE_A, false},
		.retry_us = RETRY_US,
		.wait_us = WAIT_US,
		.listen_us = attempt->job.listen_us,
		.watch = dns_watch,
		.arg = attempt};
	union socket_address server;
	struct resolve_result result;
	enum reason reason;

	check_step(attempt, STAGE_read);
	if (!dns_find_server(&server, &reason, &attempt->job)) {
		check_unmeasured(attempt, reason);
		return;
	}
	if (!attempt->job.target.host[0]) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	if (!check_lead(attempt, &server))
		return;
	resolve_ask(&result, &server, &plan);
	dns_watch(attempt, &result);
	check_end_with(attempt, result.outcome, result.reason, result.os_error);
}
