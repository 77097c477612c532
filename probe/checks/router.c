#include "probe/check.h"
#include "probe/doors/icmp.h"
#include "probe/doors/route.h"
#include "probe/doors/way.h"

#define LONGEST_US INT64_C(2500000) /* under the deadline of checks.def */

static void
router_watch(void *arg, const struct icmp_result *result)
{
	struct attempt *attempt = arg;

	check_step(attempt, result->stage);
	icmp_note(&attempt->m, result);
	attempt->bytes = (uint32_t)result->wire_bytes;
}

/* The default router is the one private address that a check may talk to, besides the
 * resolver of this machine: it is the kernel's routing table that names it. */
void
check_router(struct attempt *attempt)
{
	struct route route = {0};
	struct icmp_result result;
	struct icmp_plan plan = {
		.count = 1, .linger_us = LONGEST_US, .longest_us = LONGEST_US};
	struct way way;
	bool has_route;

	check_step(attempt, STAGE_read);
	has_route = route_default(&route, attempt->job.uplink);
	SET(&attempt->m, route, has_route);
	if (!attempt->job.bound && way_find_out(&way) && way.tunnel) {
		check_unmeasured(attempt, REASON_tunnel);
		return;
	}
	if (!has_route) {
		check_unmeasured(attempt, REASON_no_route);
		return;
	}
	if (!route.gateway.any.sa_family) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	plan.to = route.gateway;
	if (attempt->job.bound)
		socket_lead(&plan.to, attempt->job.uplink);
	icmp_ping(&result, &plan, router_watch, attempt);
	router_watch(attempt, &result);
	check_end_with(attempt, result.outcome, result.reason, result.os_error);
}
