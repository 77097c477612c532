#include "probe/doors/endpoint.h"

#include <string.h>

#include "common/address.h"
#include "common/clock.h"
#include "probe/doors/nameserver.h"
#include "probe/doors/resolve.h"
#include "probe/doors/route.h"
#include "probe/doors/way.h"

#define RETRY_US INT64_C(1500000)
#define WAIT_US INT64_C(3000000)

static void
endpoint_fail(struct endpoint *e, enum outcome outcome, enum reason reason)
{
	e->outcome = outcome;
	e->reason = reason;
}

/* One family's question; ends what there is no time left for. */
static bool
endpoint_ask(struct endpoint *e, const union socket_address *server,
	const struct resolve_question *question, int64_t end_us)
{
	struct resolve_plan plan = {.question = *question,
		.retry_us = RETRY_US,
		.wait_us = end_us - clock_boot_us()};
	struct resolve_result result;

	resolve_ask(&result, server, &plan);
	e->wire_bytes += result.wire_bytes;
	e->os_error = result.os_error;
	endpoint_fail(e, result.outcome, result.reason);
	if (result.outcome != OUTCOME_ok)
		return false;
	memcpy(e->text, result.answer.addresses[0], sizeof(e->text));
	return true;
}

/* IPv4 first, unless only IPv6 leads out of here; the other family where the first has no
 * address and the other leads out, too. */
static bool
endpoint_resolve(struct endpoint *e, const char *host, uint16_t port)
{
	bool v4 = route_leads_out(AF_INET), v6 = route_leads_out(AF_INET6);
	struct resolve_question question = {
		host, v6 && !v4 ? RESOLVE_AAAA : RESOLVE_A, false};
	int64_t end_us = clock_boot_us() + WAIT_US;
	union socket_address server;

	if (!nameserver_find(&server)) {
		endpoint_fail(e, OUTCOME_unmeasured, REASON_no_resolver);
		return false;
	}
	if (way_is_tunnel(&server)) {
		endpoint_fail(e, OUTCOME_unmeasured, REASON_tunnel);
		return false;
	}
	if (!endpoint_ask(e, &server, &question, end_us)) {
		if (e->outcome != OUTCOME_dns_no_answer || !v4 || !v6)
			return false;
		question.type = RESOLVE_AAAA;
		if (!endpoint_ask(e, &server, &question, end_us))
			return false;
	}
	return socket_parse(&e->address, e->text, port);
}

bool
endpoint_find(struct endpoint *e, const char *address, const char *host, uint16_t port)
{
	memset(e, 0, sizeof(*e));
	e->outcome = OUTCOME_ok;
	if (address[0]) {
		if (!socket_parse(&e->address, address, port)) {
			endpoint_fail(e, OUTCOME_unmeasured, REASON_no_endpoint);
			return false;
		}
		memcpy(e->text, address, strlen(address) + 1);
	} else if (!host[0]) {
		endpoint_fail(e, OUTCOME_unmeasured, REASON_no_endpoint);
		return false;
	} else if (!endpoint_resolve(e, host, port)) {
		return false;
	}
	if (address_is_public(&e->address.any))
		return true;
	endpoint_fail(e, OUTCOME_unmeasured, REASON_not_public);
	return false;
}
