#include "probe/steps.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "probe/doors/device.h"
#include "probe/doors/way.h"

/* The part of a transfer by which it may be smaller. */
#define SIZE_PART 8

/* Drops the jobs that were not asked for; the left-out ones behind them too. */
static size_t
keep_asked(struct job *jobs, size_t n, uint32_t checks)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (checks == 0 || (checks & (UINT32_C(1) << jobs[i].check)))
			jobs[kept++] = jobs[i];
	return kept;
}

static void
complete_oneway(struct job *job, const struct enrolment *enrolment)
{
	crypto_random(job->batch, sizeof(job->batch));
	if (enrolment == NULL)
		return;
	crypto_sha256(job->proof, enrolment->token, strlen(enrolment->token));
}

/* A little less than was planned, another time another size: who sends exactly as many bytes
 * every hour is known by their number. */
static void
complete_speed(struct job *job)
{
	uint32_t draw;

	crypto_random(&draw, sizeof(draw));
	job->bytes -= draw % (job->bytes / SIZE_PART + 1);
}

static void
complete(struct job *jobs, size_t n, const struct climber *climber)
{
	const struct enrolment *e = climber->enrolment;
	bool clock_known = clock_state_read().state != 0;
	bool shows = climber->exhibits != NULL && e != NULL &&
		     budget_afford(&climber->schedule->budget, climber->config,
			     clock_boot_us(),
			     schedule_expense(climber->schedule, 0, EXHIBIT_SEALED_MAX),
			     BUDGET_JOBS);

	for (size_t i = 0; i < n; i++) {
		jobs[i].clock_known = clock_known;
		jobs[i].origin_us = climber->origin_us;
		jobs[i].unclean_stop = climber->unclean_stop;
		jobs[i].alive_boot = climber->alive.boot;
		jobs[i].alive_us = climber->alive.us;
		jobs[i].inherited = climber->inherited;
		if (e != NULL)
			memcpy(jobs[i].analyzer_key, e->analyzer_key,
				sizeof(jobs[i].analyzer_key));
		if (shows)
			exhibits_ask(&jobs[i], climber->exhibits, clock_boot_us());
		if (jobs[i].check == CHECK_oneway)
			complete_oneway(&jobs[i], climber->enrolment);
		if (jobs[i].check == CHECK_speed)
			complete_speed(&jobs[i]);
	}
}

static void
scatter(struct job *jobs, size_t n)
{
	uint64_t random;

	crypto_random(&random, sizeof(random));
	scatter_jobs(jobs, n, random);
}

static bool
link_is_down(const struct measurement *ms, size_t n, uint8_t uplink)
{
	for (size_t i = 0; i < n; i++)
		if (ms[i].check == CHECK_link && ms[i].outcome == OUTCOME_link_down &&
			ladder_uplink(&ms[i]) == uplink)
			return true;
	return false;
}

static bool
is_alone(const struct job *job)
{
	const struct costly *row = costly_row(job->check);

	return row != NULL && row->alone;
}

/* Parts of a climb, one after the other: what lies at home, what lies beyond it, and each
 * job that wants the line for itself. Inside a part jobs overlap: in the dark each takes as
 * long as its deadline, and a round must not last the sum of them. */
static size_t
jobs_of_part(const struct job *jobs, size_t n)
{
	bool beyond = jobs[0].rung > RUNG_router;
	size_t same = 1;

	if (is_alone(&jobs[0]))
		return 1;
	while (same < n && !is_alone(&jobs[same]) &&
		(jobs[same].rung > RUNG_router) == beyond)
		same++;
	return same;
}

static enum rung
highest_rung(const struct job *jobs, size_t n)
{
	enum rung highest = 0;

	for (size_t i = 0; i < n; i++)
		if (jobs[i].rung > highest)
			highest = jobs[i].rung;
	return highest;
}

/* Was every host abroad that was tried silent? Then a transfer would only wait. */
static bool
abroad_is_dark(const struct measurement *ms, size_t n, const struct job *job)
{
	struct ladder ladder;

	ladder_climb_over(&ladder, ms, n, job->uplink_number);
	return ladder.rung[RUNG_international].state == RUNG_DOWN;
}

/* Has a job like this one, of the same host, not got as far as its request in this climb?
 * Then the next would only wait for the same. */
static bool
found_nobody(const struct measurement *ms, size_t n, const struct job *job)
{
	for (size_t i = 0; i < n; i++)
		if (ms[i].check == job->check && ms[i].stage < STAGE_request &&
			!strcmp(ms[i].target, job->target.id) &&
			ladder_uplink(&ms[i]) == job->uplink_number)
			return true;
	return false;
}

/* Has a transfer of this climb met no way out at all, or lost the line its carrier since the
 * climb looked? Whoever wants the line for himself then waits for nothing, while the rungs at
 * home are what there is to tell. */
static bool
way_is_gone(const struct measurement *ms, size_t n, const struct job *job,
	const struct way *way)
{
	bool own = way != NULL && job->uplink_number == 0 &&
		   (!job->bound || !strcmp(way->interface, job->uplink));

	if (own && !way->carrier)
		return true;
	for (size_t i = 0; i < n; i++)
		if (ms[i].check == CHECK_speed && ms[i].stage < STAGE_request &&
			(ms[i].outcome == OUTCOME_host_unreachable ||
				ms[i].outcome == OUTCOME_network_unreachable) &&
			ladder_uplink(&ms[i]) == job->uplink_number)
			return true;
	return false;
}

/* Would who wants the line for himself wait for nothing? */
static bool
has_no_line(const struct climb *climb, size_t n, const struct job *job,
	const struct way *way)
{
	return is_alone(job) &&
	       (abroad_is_dark(climb->ms, n, job) || found_nobody(climb->ms, n, job) ||
		       way_is_gone(climb->ms, n, job, way));
}

/* What a tunnel carries tells of the network at its other end. */
static bool
leads_into_tunnel(void)
{
	struct way way;

	return way_find_out(&way) && way.tunnel;
}

static void
leave_out(struct measurement *ms, const struct job *jobs, size_t n, enum reason reason)
{
	for (size_t i = 0; i < n; i++)
		runner_unmeasured(&ms[i], &jobs[i], reason, clock_boot_us());
}

static void
warm_up(uint64_t bytes[static UPLINKS_MAX], const struct climber *c)
{
	struct measurement answer;
	struct job job;

	if (!schedule_warm(&job, c->schedule, c->config, c->enrolment, c->targets))
		return;
	complete(&job, 1, c);
	runner_run(&answer, bytes, c->runner, &job, 1, c->schedule, c->config, c->stop);
}

/* A part that lies beyond the router. The way out may turn into a tunnel while it runs: then
 * nobody can say of what it spoke. */
static void
run_beyond(struct climb *climb, const struct climber *c, const struct job *jobs,
	size_t at, size_t n, uint64_t bytes[static UPLINKS_MAX])
{
	struct measurement *ms = climb->ms + at;
	struct way way;
	bool found = way_find_out(&way);

	if (found && way.tunnel) {
		leave_out(ms, jobs, n, REASON_tunnel);
		return;
	}
	if (has_no_line(climb, at, &jobs[0], found ? &way : NULL)) {
		leave_out(ms, jobs, n, REASON_lower_rung);
		return;
	}
	if (costly_tells_nothing(&jobs[0], climb->ms, at)) {
		leave_out(ms, jobs, n, REASON_slow_line);
		return;
	}
	if (climb->due == DUE_ROUND && !is_alone(&jobs[0]))
		warm_up(bytes, c);
	runner_run(ms, bytes, c->runner, jobs, n, c->schedule, c->config, c->stop);
	if (leads_into_tunnel())
		leave_out(ms, jobs, n, REASON_tunnel);
}

/* Drops the jobs beyond a router whose link is down: nothing can leave there, and the link's
 * own line says why. Returns how many are left. */
static size_t
drop_unlinked(struct job *jobs, size_t at, size_t n, const struct measurement *ms)
{
	size_t kept = at;

	for (size_t i = at; i < n; i++)
		if (jobs[i].rung <= RUNG_router ||
			!link_is_down(ms, at, jobs[i].uplink_number))
			jobs[kept++] = jobs[i];
	return kept;
}

/* Runs the jobs part by part; returns how many measurements there are. */
static size_t
run_parts(struct climb *climb, const struct climber *c, struct job *jobs, size_t n)
{
	uint64_t bytes[UPLINKS_MAX] = {0};
	size_t at = 0;

	while ((n = drop_unlinked(jobs, at, n, climb->ms)) > at) {
		size_t part = jobs_of_part(jobs + at, n - at);

		costly_fit(&jobs[at], climb->ms, at);
		if (jobs[at].rung > RUNG_router)
			run_beyond(climb, c, jobs + at, at, part, bytes);
		else
			runner_run(climb->ms + at, bytes, c->runner, jobs + at, part,
				c->schedule, c->config, c->stop);
		if (c->climbed != NULL)
			c->climbed(highest_rung(jobs + at, part));
		at += part;
	}
	for (uint8_t i = 0; i < UPLINKS_MAX; i++)
		budget_spend(&c->schedule->budget, c->config, clock_boot_us(),
			schedule_expense(c->schedule, i, (int64_t)bytes[i]));
	return at;
}

/* Which ways out there are now, and of which kind; the one of the settings is the only
 * one. */
static void
look_for_uplinks(const struct climber *c)
{
	struct uplinks *u = &c->schedule->uplinks;
	char found[UPLINKS_MAX][IF_NAMESIZE] = {{0}};
	size_t n = 0;

	if (c->config->uplink[0] != '\0')
		memcpy(found[n++], c->config->uplink, sizeof(c->config->uplink));
	else
		n = way_uplinks(found, UPLINKS_MAX);
	uplinks_take(u, (const char(*)[IF_NAMESIZE])found, n, clock_boot_us(),
		c->config->hour_us);
	for (uint8_t i = 0; i < u->n; i++) {
		struct device device;

		device_read(&device, DEVICE_TREE, u->names[i]);
		u->mobile[i] = device.mobile;
	}
}

/* Before any of it is spent. */
static void
claim(const struct climber *c, const struct job *jobs, size_t n)
{
	int64_t bytes[MEDIUM_COUNT] = {0};

	for (size_t i = 0; i < n; i++) {
		struct expense expense = schedule_expense(
			c->schedule, jobs[i].uplink_number, cost_job_bytes(&jobs[i]));

		bytes[expense.medium] += expense.bytes;
	}
	if (c->head != NULL)
		head_claim(c->head, &c->schedule->budget, c->config, bytes,
			clock_boot_us());
}

/* The ladder of each uplink. */
static void
sum_up(struct climb *climb)
{
	ladder_climb(&climb->ladder, climb->ms, climb->n);
	ladder_climb_over(&climb->second, climb->ms, climb->n, 1);
	for (size_t i = 0; i < climb->n; i++)
		climb->has_second |= ladder_uplink(&climb->ms[i]) == 1;
}

void
climb_run(struct climb *climb, const struct climber *c)
{
	/* Only the pages that are written to become memory. */
	struct job *jobs = calloc(JOBS_MAX, sizeof(*jobs));
	size_t n, left_out = 0, left_from;

	if (jobs == NULL)
		bug("out of memory");
	memset(climb, 0, sizeof(*climb));
	schedule_next(c->schedule, &climb->due);
	look_for_uplinks(c);
	n = schedule_jobs(jobs, JOBS_MAX, c->schedule, clock_boot_us(), c->config,
		c->enrolment, c->targets, &left_out);
	left_from = n;
	n = keep_asked(jobs, n, c->checks);
	left_out = keep_asked(jobs + left_from, left_out, c->checks);
	scatter(jobs, n);
	complete(jobs, left_from + left_out, c);
	claim(c, jobs, n);
	climb->ms = calloc(n + left_out + 1, sizeof(*climb->ms));
	if (climb->ms == NULL)
		bug("out of memory");
	climb->n = run_parts(climb, c, jobs, n);
	for (size_t i = 0; i < climb->n && c->batches != NULL; i++)
		batches_note(c->batches, &jobs[i], &climb->ms[i]);
	for (size_t i = 0; i < left_out; i++)
		runner_unmeasured(&climb->ms[climb->n++], &jobs[left_from + i],
			REASON_budget, clock_boot_us());
	sum_up(climb);
	free(jobs);
}

void
climb_free(struct climb *climb)
{
	free(climb->ms);
	memset(climb, 0, sizeof(*climb));
	/* A round's memory goes back at once: at rest the probe is small. */
	malloc_trim(0);
}
