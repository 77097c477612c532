#include "probe/check.h"

#include "common/log.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/reset.h"
#include "probe/doors/socket.h"
#include "probe/doors/way.h"

static const struct check_row check_rows[CHECK_COUNT] = {
#define level_low LEVEL_LOW
#define level_normal LEVEL_NORMAL
#define level_high LEVEL_HIGH
#define CHECK(name, level, bytes, packets, deadline_s, sentence)                       \
	[CHECK_##name] = {#name, check_##name, level_##level, bytes, packets,          \
		deadline_s * INT64_C(1000000), sentence},
#include "probe/checks.def"
};

const struct check_row *
check_row(enum check check)
{
	if ((size_t)check >= CHECK_COUNT)
		bug("check %d is none of the schema", (int)check);
	return check_rows[check].run ? &check_rows[check] : NULL;
}

void
check_step(struct attempt *attempt, enum stage stage)
{
	SET(&attempt->m, stage, stage);
}

void
check_end(struct attempt *attempt, enum outcome outcome)
{
	if (outcome == OUTCOME_ok || outcome == OUTCOME_ttl_exceeded)
		check_step(attempt, STAGE_done);
	SET(&attempt->m, outcome, outcome);
}

void
check_unmeasured(struct attempt *attempt, enum reason reason)
{
	SET(&attempt->m, reason, reason);
	check_end(attempt, OUTCOME_unmeasured);
}

void
check_end_errno(struct attempt *attempt, int error)
{
	check_end_with(attempt, socket_outcome(error), socket_reason(error), error);
}

void
check_end_with(
	struct attempt *attempt, enum outcome outcome, enum reason reason, int error)
{
	if (error > 0)
		SET(&attempt->m, os_error, error);
	if (outcome == OUTCOME_unmeasured)
		check_unmeasured(attempt, reason);
	else
		check_end(attempt, outcome);
}

void
check_show(struct attempt *attempt, enum exhibit_kind kind, struct span bytes)
{
	if (attempt->job.shows && exhibit_seal(&attempt->exhibit, kind, bytes,
					  attempt->job.analyzer_key) != OK)
		log_detail("an answer is too long to be shown, or there is no key");
}

const struct capture_way *
check_capture_way(const struct attempt *attempt)
{
	const struct job *job = &attempt->job;

	return job->captures && job->inherited ? job->inherited->capture : NULL;
}

void
check_end_capture(
	struct attempt *attempt, struct capture *capture, enum outcome outcome)
{
	uint8_t shown[CAPTURE_HEADERS_BYTES];
	size_t n;

	if (!capture_end(capture))
		return;
	capture_note_resets(&attempt->m, capture);
	n = reset_hide(shown, &capture->result.reset);
	if (outcome == OUTCOME_connection_reset && n > 0)
		check_show(attempt, EXHIBIT_KIND_reset,
			(struct span){(const char *)shown, n});
}

bool
check_find(struct endpoint *endpoint, struct attempt *attempt, uint16_t port)
{
	const struct target *target = &attempt->job.target;
	bool found;

	check_step(attempt, STAGE_resolve);
	found = endpoint_find(endpoint, target->address, target->host,
		target->port ? target->port : port);
	attempt->bytes = (uint32_t)endpoint->wire_bytes;
	if (!found)
		check_end_with(attempt, endpoint->outcome, endpoint->reason,
			endpoint->os_error);
	return found && check_lead(attempt, &endpoint->address);
}

bool
check_lead(struct attempt *attempt, union socket_address *to)
{
	bool tunnel = false;

	if (attempt->job.bound)
		socket_lead(to, attempt->job.uplink);
	else
		tunnel = way_is_tunnel(to);
	if (tunnel)
		check_unmeasured(attempt, REASON_tunnel);
	return !tunnel;
}
