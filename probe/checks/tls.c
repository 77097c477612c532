#include <strings.h>

#include "probe/check.h"
#include "probe/doors/capture.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/handshake.h"

#define PORT 443
/* With the search for the address (3 s) all under the deadline of checks.def. The first
 * has time for the slowest lines; the others compare, on a line that has just answered. */
#define LONGEST_US INT64_C(8000000)
#define COMPARED_US INT64_C(5000000)

struct tls_run {
	struct attempt *attempt;
	uint32_t before_bytes; /* of what was done before this handshake */
};

static void
tls_count(void *arg, const struct handshake_result *result)
{
	struct tls_run *run = arg;

	run->attempt->bytes = run->before_bytes + (uint32_t)result->wire_bytes;
}

static void
tls_watch(void *arg, const struct handshake_result *result)
{
	struct tls_run *run = arg;

	tls_count(arg, result);
	check_step(run->attempt, result->stage);
	handshake_note(&run->attempt->m, result);
}

/* At once and on the same address, with another name or none: when those pass, it is the
 * name that somebody minds. Some who do mind then block the whole address for a minute
 * or more, so that a failure here says less. */
static enum outcome
tls_compare(
	struct attempt *attempt, const struct handshake_plan *plan, const char *name)
{
	struct tls_run run = {attempt, attempt->bytes};
	struct handshake_plan other = *plan;
	struct handshake_result result;

	other.name = name;
	other.store = NULL;
	other.leaf = NULL;
	other.capture_way = NULL;
	other.longest_us = COMPARED_US;
	handshake_try(&result, &other, tls_count, &run);
	return result.outcome;
}

static void
tls_compare_all(struct attempt *attempt, const struct handshake_plan *plan)
{
	const char *control = attempt->job.control;

	if (control[0] && strcasecmp(control, plan->name))
		SET(&attempt->m, control_outcome, tls_compare(attempt, plan, control));
	if (plan->name[0])
		SET(&attempt->m, bare_outcome, tls_compare(attempt, plan, ""));
}

static void
tls_try(struct attempt *attempt, const struct endpoint *endpoint)
{
	const struct inherited *inherited = attempt->job.inherited;
	struct tls_run run = {attempt, attempt->bytes};
	struct handshake_result result;
	struct handshake_leaf leaf;
	struct capture capture = {.fd = -1};
	struct handshake_plan plan = {.to = endpoint->address,
		.address = endpoint->text,
		.name = attempt->job.target.host,
		.store = inherited ? inherited->store : NULL,
		.longest_us = LONGEST_US,
		.leaf = &leaf,
		.capture = &capture,
		.capture_way = check_capture_way(attempt)};

	leaf.n = 0;
	handshake_try(&result, &plan, tls_watch, &run);
	handshake_note(&attempt->m, &result);
	check_end_capture(attempt, &capture, result.outcome);
	if (leaf.n && handshake_is_another(&result))
		check_show(attempt, EXHIBIT_KIND_certificate,
			(struct span){(const char *)leaf.der, leaf.n});
	if (result.connected && result.outcome != OUTCOME_ok &&
		result.outcome != OUTCOME_unmeasured)
		tls_compare_all(attempt, &plan);
	check_end_with(attempt, result.outcome, result.reason, result.os_error);
}

void
check_tls(struct attempt *attempt)
{
	struct endpoint endpoint;

	if (check_find(&endpoint, attempt, PORT))
		tls_try(attempt, &endpoint);
}
