#include "probe/check.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/icmp.h"

/* Under the deadline of checks.def, so that an answer that never comes ends here, with
 * its counts, and not there. */
#define LINGER_US INT64_C(3000000)
#define LONGEST_US INT64_C(3700000)

static void
ping_watch(void *arg, const struct icmp_result *result)
{
	struct attempt *attempt = arg;

	check_step(attempt, result->stage);
	icmp_note(&attempt->m, result);
	attempt->bytes = (uint32_t)result->wire_bytes;
}

void
check_ping(struct attempt *attempt)
{
	const struct job *job = &attempt->job;
	struct endpoint endpoint;
	struct icmp_result result;
	struct icmp_plan plan = {.ttl = job->ttl,
		.count = job->count,
		.pace_us = job->pace_us,
		.linger_us = LINGER_US,
		.longest_us = LONGEST_US};

	if (job->ttl)
		SET(&attempt->m, ttl, job->ttl);
	if (!check_find(&endpoint, attempt, 0))
		return;
	plan.to = endpoint.address;
	icmp_ping(&result, &plan, ping_watch, attempt);
	ping_watch(attempt, &result);
	attempt->bytes += (uint32_t)endpoint.wire_bytes;
	check_end_with(attempt, result.outcome, result.reason, result.os_error);
}
