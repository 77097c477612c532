#include <strings.h>

#include "common/clock.h"
#include "probe/check.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/handshake.h"
#include "probe/doors/limited.h"
#include "probe/doors/stream.h"

/*
 * How many hops away is whoever minds a name in a ClientHello? The same hello again and again,
 * each time on a connection of its own and one hop farther, until its connection fares
 * otherwise than that of a hello with the control name that went as far (limited.h says how
 * one fares; Raman et al., "Network measurement methods for locating and examining
 * censorship devices", CoNEXT 2022, do it with ICMP errors). From the nearest hop on, so that
 * who blocks an address for a while after a name does so only when he is found.
 */
#define PORT 443
#define HOPS_MAX 16
#define HELLO_BYTES 2048
#define NOT_TRIED 4
/* Between the beginnings of two connections, of six packets each: no more than two packets a
 * second from us. */
#define PACKETS 6
#define LONGEST_US INT64_C(58000000) /* under the deadline of checks.def */
#define TRY_US INT64_C(4000000) /* one, at the longest */

struct locate_run {
	struct attempt *attempt;
	struct endpoint endpoint;
	int64_t next_us, end_us;
	struct limited_result result;
};

static bool
locate_wait(struct locate_run *run)
{
	if (run->next_us + TRY_US > run->end_us)
		return false;
	(void)stream_wait(-1, 0, run->next_us);
	run->next_us = clock_boot_us() + PACKETS * run->attempt->job.pace_us;
	return true;
}

/* One hello with this name, so far; false: time is over, or there was no connection. */
static bool
locate_try(struct locate_run *run, const char *name, uint8_t ttl)
{
	const struct handshake_plan plan = {.name = name};
	uint8_t hello[HELLO_BYTES];
	size_t n = handshake_hello(hello, sizeof(hello), &plan);

	if (n == 0) {
		check_unmeasured(run->attempt, REASON_no_endpoint);
		return false;
	}
	if (!locate_wait(run)) {
		check_end(run->attempt, OUTCOME_generic_timeout_error);
		return false;
	}
	check_step(run->attempt, STAGE_connect);
	limited_try(&run->result, &run->endpoint.address,
		(struct span){(const char *)hello, n}, ttl);
	run->attempt->bytes += (uint32_t)run->result.wire_bytes;
	if (run->result.outcome != OUTCOME_ok)
		check_end_with(run->attempt, run->result.outcome, run->result.reason,
			run->result.os_error);
	return run->result.outcome == OUTCOME_ok;
}

/* How a connection fared, by TTL; false: as above. */
static bool
locate_fare(struct locate_run *run, uint8_t ttl, bool control)
{
	struct attempt *attempt = run->attempt;
	struct measurement *m = &attempt->m;
	const char *name = control ? attempt->job.control : attempt->job.target.host;
	int64_t *signs = control ? m->control_signs : m->ttl_signs;
	uint32_t *n = control ? &m->control_signs_n : &m->ttl_signs_n;

	if (!locate_try(run, name, ttl))
		return false;
	while (*n < ttl)
		signs[(*n)++] = NOT_TRIED;
	signs[ttl - 1] = run->result.sign;
	m->has[control ? FIELD_control_signs : FIELD_ttl_signs] = true;
	return true;
}

enum locate_step { LOCATE_FARTHER, LOCATE_END };

/* The connection with the control name fared otherwise: so it does, or a packet was lost. */
static enum locate_step
locate_again(struct locate_run *run, uint8_t ttl)
{
	struct measurement *m = &run->attempt->m;
	int64_t before = m->ttl_signs[ttl - 1];

	if (!locate_fare(run, ttl, false))
		return LOCATE_END;
	if (m->ttl_signs[ttl - 1] != before)
		return LOCATE_FARTHER;
	SET(m, ttl, ttl);
	if (run->result.sign_us >= 0)
		SET(m, rtt_us, run->result.sign_us);
	check_end(run->attempt, OUTCOME_ok);
	return LOCATE_END;
}

static enum locate_step
locate_at(struct locate_run *run, uint8_t ttl)
{
	struct measurement *m = &run->attempt->m;
	int64_t sign;

	if (!locate_fare(run, ttl, false))
		return LOCATE_END;
	sign = m->ttl_signs[ttl - 1];
	if (sign == LIMITED_LIVED)
		return LOCATE_FARTHER;
	if (!locate_fare(run, ttl, true))
		return LOCATE_END;
	if (m->control_signs[ttl - 1] != sign)
		return locate_again(run, ttl);
	/* Both lost: packets are, and whoever blocks an address for a while after a name. */
	if (sign == LIMITED_NOTHING)
		return LOCATE_FARTHER;
	check_end(
		run->attempt, OUTCOME_ok); /* the far end, or somebody who minds both */
	return LOCATE_END;
}

void
check_locate(struct attempt *attempt)
{
	struct locate_run run = {
		.attempt = attempt, .end_us = clock_boot_us() + LONGEST_US};
	const char *name = attempt->job.target.host, *control = attempt->job.control;

	if (!name[0] || !control[0] || !strcasecmp(name, control)) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	if (!check_find(&run.endpoint, attempt, PORT))
		return;
	run.next_us = clock_boot_us() + attempt->job.pace_us;
	for (uint8_t ttl = 1; ttl <= HOPS_MAX; ttl++)
		if (locate_at(&run, ttl) == LOCATE_END)
			return;
	check_end(attempt, OUTCOME_ok);
}
