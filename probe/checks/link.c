#include <string.h>

#include "probe/check.h"
#include "probe/doors/device.h"
#include "probe/doors/route.h"
#include "probe/doors/way.h"

#define ADDRESSES_MAX 255 /* as the schema has it */

/* The line itself: the one that was asked for, else the preferred way out that is no
 * tunnel. "": none of them. */
static void
link_choose(char uplink[static IF_NAMESIZE], const struct job *job)
{
	char names[1][IF_NAMESIZE] = {{0}};

	if (job->uplink[0])
		memcpy(names[0], job->uplink, sizeof(job->uplink));
	else
		(void)way_uplinks(names, 1);
	memcpy(uplink, names[0], IF_NAMESIZE);
}

static void
link_note(struct measurement *m, const struct job *job, const struct route_link *link,
	const char *uplink)
{
	struct device device;

	device_read(&device, DEVICE_TREE, uplink);
	/* What was said at enrolment was said of the first uplink, and of the line that it was
	 * then: another may have taken its place. */
	if (device.mobile)
		SET(m, medium, MEDIUM_mobile);
	else if (job->uplink_number == 0 && job->medium != MEDIUM_unknown)
		SET(m, medium, job->medium);
	if (device.operstate != OPERSTATE_unknown)
		SET(m, operstate, device.operstate);
	/* Its carrier is the association: the kernel gives a station none before
	 * (cfg80211's netif_carrier_on()). */
	if (device.wireless)
		SET(m, associated, link->carrier);
	SET(m, carrier, link->carrier);
	SET(m, addr4, link->addr4 < ADDRESSES_MAX ? link->addr4 : ADDRESSES_MAX);
	SET(m, addr6, link->addr6 < ADDRESSES_MAX ? link->addr6 : ADDRESSES_MAX);
}

void
check_link(struct attempt *attempt)
{
	const struct job *job = &attempt->job;
	struct measurement *m = &attempt->m;
	char uplink[IF_NAMESIZE];
	struct route route = {0};
	struct route_link link;
	struct way way;
	bool has_route;

	check_step(attempt, STAGE_read);
	link_choose(uplink, job);
	link = route_link(uplink);
	if (job->uplink[0] && !link.exists) {
		check_unmeasured(attempt, REASON_no_interface);
		return;
	}
	has_route = route_default(&route, uplink);
	SET(m, route, has_route);
	if (job->uplink_number == 0 && way_find_out(&way))
		SET(m, tunnel, way.tunnel);
	link_note(m, job, &link, uplink);
	if (has_route && link.carrier && link.addr4 + link.addr6 > 0)
		check_end(attempt, OUTCOME_ok);
	else
		check_end(attempt, OUTCOME_link_down);
}
