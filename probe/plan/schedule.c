#include "probe/plan/plan.h"

void
schedule_start(struct schedule *s, int64_t now_us, uint64_t seed)
{
	*s = (struct schedule){
		.next_round_us = now_us,
		.next_pulse_us = now_us,
		.next_wide_us = now_us,
		.budget = {.day = {.start_us = now_us}, .month = {.start_us = now_us}},
		.random = seed,
	};
	for (enum check check = 0; check < CHECK_COUNT; check++)
		s->next_costly_us[check] = now_us;
}

int64_t
schedule_next(const struct schedule *s, enum due *due)
{
	bool round = s->next_round_us <= s->next_pulse_us;

	*due = round ? DUE_ROUND : DUE_PULSE;
	return round ? s->next_round_us : s->next_pulse_us;
}

struct expense
schedule_expense(const struct schedule *s, uint8_t uplink, int64_t bytes)
{
	return (struct expense){
		uplinks_medium(&s->uplinks, uplink, s->budget.medium), bytes};
}

int64_t
schedule_pace_us(struct schedule *s, const struct config *config, const struct job *job)
{
	int64_t us = cost_packets(job) * config->pace_us;

	return us + draw_below(&s->random, us / 2 + 1);
}

static int64_t
pulse_us(const struct schedule *s, const struct config *config)
{
	return config_profile(config)->pulse_us *
	       (s->on_battery ? config->battery_slower : 1);
}

/* The router, echoes and pulses; what this machine knows of itself costs nothing. */
static bool
is_ladder(const struct job *job, enum due due)
{
	return due == DUE_PULSE || job->check == CHECK_router ||
	       job->check == CHECK_ping;
}

/* Has what rounds like this one and pulses will cost until the day is over set aside:
 * nothing else may touch it, so that the ladder outlives every other job. */
static void
reserve(int64_t set_aside[static MEDIUM_COUNT], const struct plan *p, int64_t now_us)
{
	const struct profile_settings *profile = config_profile(p->config);
	int64_t left_us = p->config->day_us - (now_us - p->s->budget.day.start_us);
	int64_t rounds = left_us / profile->ladder_us;
	struct expense pulses = schedule_expense(p->s, 0,
		left_us / pulse_us(p->s, p->config) * cost_check_bytes(CHECK_dns));

	for (enum medium m = 0; m < MEDIUM_COUNT; m++)
		set_aside[m] += rounds * set_aside[m];
	set_aside[pulses.medium] += pulses.bytes;
}

/* Marks what the day's budget does not carry; the ladder is counted first. Each uplink is
 * paid from the budget of its own kind. */
static void
mark_unaffordable(bool *out, struct plan *p, int64_t now_us, enum due due)
{
	int64_t set_aside[MEDIUM_COUNT] = {0};

	budget_turn(&p->s->budget, p->config, now_us);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < p->n; i++) {
			const struct job *job = &p->jobs[i];
			struct expense all = schedule_expense(
				p->s, job->uplink_number, cost_job_bytes(job));

			if (all.bytes == 0 || (pass == 0) != is_ladder(job, due))
				continue;
			all.bytes += set_aside[all.medium];
			if (budget_afford(
				    &p->s->budget, p->config, now_us, all, BUDGET_JOBS))
				set_aside[all.medium] = all.bytes;
			else
				out[i] = true;
		}
		if (pass == 0)
			reserve(set_aside, p, now_us);
	}
}

size_t
schedule_jobs(struct job *jobs, size_t max, struct schedule *s, int64_t now_us,
	const struct config *config, const struct enrolment *enrolment,
	const struct targets *targets, size_t *left_out)
{
	struct plan p = {jobs, 0, max < JOBS_MAX ? max : JOBS_MAX, s, config, enrolment,
		targets};
	bool out[JOBS_MAX] = {false};
	enum due due;
	size_t n = 0;

	schedule_next(s, &due);
	if (due == DUE_ROUND)
		jobs_of_round(&p, now_us);
	else
		jobs_of_pulse(&p);
	uplinks_lead(jobs, p.n, &s->uplinks);
	if (due == DUE_ROUND)
		p.n = uplinks_add(jobs, p.n, p.max, &s->uplinks,
			(uint32_t)config->profiles[PROFILE_2G].speed_bytes);
	s->next_pulse_us = now_us + draw_jitter_us(&s->random, pulse_us(s, config));
	mark_unaffordable(out, &p, now_us, due);
	for (size_t i = 0; i < p.n; i++) {
		struct job job = jobs[i];

		if (out[i])
			continue;
		jobs[i] = jobs[n];
		jobs[n++] = job;
	}
	*left_out = p.n - n;
	return n;
}

bool
schedule_warm(struct job *job, struct schedule *s, const struct config *config,
	const struct enrolment *enrolment, const struct targets *targets)
{
	struct plan p = {job, 0, 1, s, config, enrolment, targets};

	if (enrolment == NULL || enrolment->medium != MEDIUM_mobile)
		return false;
	jobs_of_pulse(&p);
	uplinks_lead(job, p.n, &s->uplinks);
	job->warm = true;
	return p.n == 1;
}
