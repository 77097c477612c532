#include "probe/doors/endpoint.h"

#include <arpa/inet.h>
#include <string.h>

#include "probe/doors/address.h"
#include "probe/doors/resolve.h"

#define RETRY_US INT64_C(1500000)
#define WAIT_US INT64_C(3000000)

static void
endpoint_fail(struct endpoint *e, enum outcome outcome, enum reason reason)
{
	e->outcome = outcome;
	e->reason = reason;
}

static bool
endpoint_resolve(struct endpoint *e, const char *host, uint16_t port)
{
	union socket_address server;
	struct resolve_result result;

	if (!resolve_server(&server)) {
		endpoint_fail(e, OUTCOME_unmeasured, REASON_no_resolver);
		return false;
	}
	resolve_ask(&result, &server, host, RETRY_US, WAIT_US, NULL, NULL);
	e->wire_bytes = result.wire_bytes;
	e->os_error = result.os_error;
	if (result.outcome != OUTCOME_ok) {
		endpoint_fail(e, result.outcome, result.reason);
		return false;
	}
	inet_ntop(AF_INET, &result.answer.addresses[0], e->text, sizeof(e->text));
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
