#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "probe/check.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/pages.h"

/*
 * The same pages from the same address, in turn under the target's name and under a control
 * name: only the name in the clear differs, so that whoever meters a name shows, and
 * neither a busy server nor a long way does. Who goes first in a pair is drawn for each
 * (Wehe, SIGCOMM 2019, and Xue et al., IMC 2021, compare in the same way). Four pairs; as
 * many more where the target's name was slower, so that chance has less of a part in it.
 * The first fetch of each name warms the line and tells how long a page is: not counted.
 *
 * A control name that the server does not answer to, or pages too short for a rate, leave
 * nothing to compare: no_endpoint. What is inside TLS asks for the target's page both times.
 */
#define PORT 443
#define PAIRS 4
#define RATES_MAX 8 /* the schema's */
/* Each transfer; a meter's bucket and the sender's first flights are its first half. */
#define TRANSFER_US INT64_C(3500000)
#define HANDSHAKES_US INT64_C(6000000)
/* No further pair after this, and none that could pass these bytes: the deadline of
 * checks.def is 60 s, and a decision costs under 2 MB. */
#define LAST_PAIR_US INT64_C(48000000)
#define END_US                                                                         \
	INT64_C(57000000) /* no pair goes on beyond it: that of checks.def, and some */
#define DECISION_BYTES 1900000
/* The target's name is slower, it seems: its rates are less than so much of the others. */
#define SLOWER_PERCENT 80

struct compare_side {
	const char *name;
	int64_t page_bytes;
	int64_t sum_bps;
	size_t n;
	int64_t tls_us[RATES_MAX];
};

struct compare_run {
	struct attempt *attempt;
	const struct endpoint *endpoint;
	uint32_t before_bytes; /* of what was done before this transfer */
	bool tells; /* its steps are the check's */
	struct compare_side target, control;
	struct pages_result result; /* of the newest transfer */
	int64_t longest_us; /* of a pair so far */
};

static void
compare_watch(void *arg, const struct pages_result *result)
{
	struct compare_run *run = arg;

	run->attempt->bytes = run->before_bytes + (uint32_t)result->wire_bytes;
	if (run->tells)
		check_step(run->attempt, result->stage);
}

static void
compare_fetch(struct compare_run *run, const struct compare_side *side, int64_t pages)
{
	const struct job *job = &run->attempt->job;
	struct pages_plan plan = {.to = run->endpoint->address,
		.address = run->endpoint->text,
		.name = side->name,
		.host = job->target.host,
		.pages = pages,
		.enough_bytes = job->bytes,
		.handshakes_us = HANDSHAKES_US,
		.transfer_us = TRANSFER_US,
		.stall_us = TRANSFER_US};

	run->before_bytes = run->attempt->bytes;
	run->tells = side == &run->target;
	pages_fetch(&run->result, &plan, compare_watch, run);
}

/* Warms the line, and learns what one page brings. */
static bool
compare_warm(struct compare_run *run, struct compare_side *side)
{
	compare_fetch(run, side, 1);
	side->page_bytes = run->result.answer_bytes;
	return run->result.outcome == OUTCOME_ok || run->result.end == PAGES_STALLED;
}

/* Of what began well, whatever came of it: slow is what is looked for. */
static bool
compare_counts(const struct compare_run *run)
{
	const struct pages_result *r = &run->result;

	if (r->end == PAGES_STALLED || r->end == PAGES_LATE)
		return true;
	return r->end != PAGES_BROKEN &&
	       r->received_bytes >= run->attempt->job.bytes / 4;
}

static bool
compare_one(struct compare_run *run, struct compare_side *side)
{
	struct measurement *m = &run->attempt->m;
	bool control = side == &run->control;
	int64_t rate_bps;

	compare_fetch(run, side, pages_for(run->attempt->job.bytes, side->page_bytes));
	if (!compare_counts(run))
		return false;
	rate_bps = run->result.rate_bps;
	side->tls_us[side->n++] = run->result.handshake.tls_us;
	side->sum_bps += rate_bps;
	if (control) {
		m->has[FIELD_control_rates_bps] = true;
		m->control_rates_bps[m->control_rates_bps_n++] = rate_bps;
	} else {
		m->has[FIELD_rates_bps] = true;
		m->rates_bps[m->rates_bps_n++] = rate_bps;
	}
	return true;
}

static bool
compare_pair(struct compare_run *run, size_t i)
{
	bool control_first = run->attempt->job.order >> i & 1;
	struct compare_side *first = control_first ? &run->control : &run->target;
	struct compare_side *second = control_first ? &run->target : &run->control;

	return compare_one(run, first) && compare_one(run, second);
}

static bool
compare_goes_on(const struct compare_run *run, int64_t start_us)
{
	const struct job *job = &run->attempt->job;
	size_t done = run->target.n;

	/* The next takes as long as the longest so far, as far as anybody knows. */
	if (clock_boot_us() - start_us + run->longest_us > END_US)
		return false;
	if (done < PAIRS)
		return true;
	return done < job->count && done < RATES_MAX &&
	       run->target.sum_bps * 100 < run->control.sum_bps * SLOWER_PERCENT &&
	       clock_boot_us() - start_us < LAST_PAIR_US &&
	       run->attempt->bytes + INT64_C(3) * job->bytes < DECISION_BYTES;
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t left, right;

	memcpy(&left, a, sizeof(left));
	memcpy(&right, b, sizeof(right));
	return (left > right) - (left < right);
}

static int64_t
compare_median(struct compare_side *side)
{
	qsort(side->tls_us, side->n, sizeof(*side->tls_us), compare_numbers);
	return side->tls_us[side->n / 2];
}

/* How the pairs ended: the last transfer tells where one of them failed. */
static void
compare_end(struct compare_run *run, bool failed)
{
	const struct pages_result *r = &run->result;
	struct measurement *m = &run->attempt->m;

	if (run->target.n)
		SET(m, tls_us, compare_median(&run->target));
	if (run->control.n)
		SET(m, control_tls_us, compare_median(&run->control));
	if (!failed && !run->target.sum_bps && !run->control.sum_bps)
		check_end(run->attempt, OUTCOME_generic_timeout_error);
	else if (!failed)
		check_end(run->attempt, OUTCOME_ok);
	else if (run->tells && r->end == PAGES_BROKEN)
		check_end_with(run->attempt, r->outcome, r->reason, r->os_error);
	else {
		if (r->end == PAGES_BROKEN)
			SET(m, control_outcome, r->outcome);
		check_unmeasured(run->attempt, REASON_no_endpoint);
	}
}

static void
compare_run(struct compare_run *run)
{
	int64_t start_us = clock_boot_us();
	bool failed =
		!compare_warm(run, &run->target) || !compare_warm(run, &run->control);

	for (size_t i = 0; !failed && compare_goes_on(run, start_us); i++) {
		int64_t pair_us = clock_boot_us();

		failed = !compare_pair(run, i);
		pair_us = clock_boot_us() - pair_us;
		run->longest_us = pair_us > run->longest_us ? pair_us : run->longest_us;
		/* Nothing more comes under either name: that is no matter of names. */
		if (!run->target.sum_bps && !run->control.sum_bps)
			break;
	}
	compare_end(run, failed);
}

void
check_compare(struct attempt *attempt)
{
	const struct job *job = &attempt->job;
	struct endpoint endpoint;
	struct compare_run run = {.attempt = attempt,
		.endpoint = &endpoint,
		.target.name = job->target.host,
		.control.name = job->control};

	check_step(attempt, STAGE_start);
	if (!job->control[0] || !job->target.host[0] ||
		!strcasecmp(job->control, job->target.host)) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	if (check_find(&endpoint, attempt, PORT))
		compare_run(&run);
}
