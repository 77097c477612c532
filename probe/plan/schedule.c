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

bool
schedule_afford(struct schedule *s, const struct config *config, int64_t now_us,
	int64_t bytes, int64_t percent)
{
	return budget_afford(&s->budget, config, now_us, bytes, percent);
}

void
schedule_spend(
	struct schedule *s, const struct config *config, int64_t now_us, uint32_t bytes)
{
	budget_spend(&s->budget, config, now_us, bytes);
}

int64_t
schedule_pace_us(struct schedule *s, const struct config *config, const struct job *job)
{
	int64_t us = cost_packets(job) * config->pace_us;

	return us + draw_below(&s->random, us / 5 + 1);
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

/* What rounds like this one and pulses will cost until the day is over: nothing else may
 * touch it, so that the ladder outlives every other job. */
static int64_t
reserve(const struct plan *p, int64_t now_us, int64_t round_bytes)
{
	const struct profile_settings *profile = config_profile(p->config);
	int64_t left_us = p->config->day_us - (now_us - p->s->budget.day.start_us);

	return left_us / profile->ladder_us * round_bytes +
	       left_us / pulse_us(p->s, p->config) * cost_check_bytes(CHECK_dns);
}

/* Marks what the day's budget does not carry; the ladder is counted first. */
static void
mark_unaffordable(bool *out, struct plan *p, int64_t now_us, enum due due)
{
	int64_t sum = 0, reserved = 0;

	budget_turn(&p->s->budget, p->config, now_us);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < p->n; i++) {
			int64_t bytes = cost_job_bytes(&p->jobs[i]);

			if (bytes == 0 || (pass == 0) != is_ladder(&p->jobs[i], due))
				continue;
			if (schedule_afford(p->s, p->config, now_us,
				    sum + bytes + reserved, BUDGET_JOBS))
				sum += bytes;
			else
				out[i] = true;
		}
		reserved = reserve(p, now_us, sum);
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
	job->warm = true;
	return p.n == 1;
}
