#include <string.h>

#include "probe/check.h"
#include "probe/doors/route.h"

#define ADDRESSES_MAX 255 /* as the schema has it */

void
check_link(struct attempt *attempt)
{
	const char *uplink = attempt->job.uplink;
	struct measurement *m = &attempt->m;
	struct route route = {0};
	struct route_link link;
	bool has_route;

	check_step(attempt, STAGE_read);
	if (attempt->job.medium != MEDIUM_unknown)
		SET(m, medium, attempt->job.medium);
	has_route = route_default(&route, uplink);
	link = route_link(uplink[0] ? uplink : route.interface);
	if (uplink[0] && !link.exists) {
		check_unmeasured(attempt, REASON_no_interface);
		return;
	}
	SET(m, route, has_route);
	SET(m, carrier, link.carrier);
	SET(m, addr4, link.addr4 < ADDRESSES_MAX ? link.addr4 : ADDRESSES_MAX);
	SET(m, addr6, link.addr6 < ADDRESSES_MAX ? link.addr6 : ADDRESSES_MAX);
	if (has_route && link.carrier && link.addr4 + link.addr6 > 0)
		check_end(attempt, OUTCOME_ok);
	else
		check_end(attempt, OUTCOME_link_down);
}
