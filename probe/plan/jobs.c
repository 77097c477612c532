#include "probe/plan/plan.h"

#include <string.h>

/* For a second answer to a question: of injected ones 99 of 100 are at most 364 ms ahead of
 * the true one, and a line that is far from everything doubles that. */
#define LISTEN_US INT64_C(1000000)

#define SET_MOST 2

/* Did the volunteer agree to so much risk? */
static bool
may_run(const struct plan *p, enum check check, const struct target *target)
{
	return (int64_t)cost_level(check) <= p->config->level &&
	       (target == NULL || (int64_t)target->level <= p->config->level);
}

void
jobs_add(struct plan *p, enum check check, enum rung rung, const struct target *target)
{
	const struct profile_settings *profile = config_profile(p->config);
	struct job *job = &p->jobs[p->n];

	if (p->n == p->max || !may_run(p, check, target))
		return;
	memset(job, 0, sizeof(*job));
	job->check = check;
	job->rung = rung;
	job->round = p->s->round;
	if (target != NULL) {
		job->target = *target;
		strcpy(job->control, targets_control(p->targets));
	}
	job->count = check == CHECK_ping ? (uint8_t)profile->pings : 0;
	job->listen_us = check == CHECK_dns ? LISTEN_US : 0;
	job->pace_us = p->config->pace_us;
	memcpy(job->uplink, p->config->uplink, sizeof(job->uplink));
	if (p->enrolment != NULL) {
		memcpy(job->endpoint, p->enrolment->endpoint, sizeof(job->endpoint));
		memcpy(job->pin, p->enrolment->pin, sizeof(job->pin));
		job->medium = p->enrolment->medium;
	}
	p->n++;
}

static const struct target *
first_target(const struct targets *targets, enum rung rung, enum check check)
{
	for (size_t i = 0; i < targets->n; i++)
		if (targets->rows[i].rung == rung &&
			(targets->rows[i].checks & (UINT32_C(1) << check)))
			return &targets->rows[i];
	return NULL;
}

/* The routers behind the first one answer when a TTL runs out there. */
static void
plan_access(struct plan *p)
{
	const struct target *target =
		first_target(p->targets, RUNG_international, CHECK_ping);

	if (target == NULL)
		return;
	for (uint8_t ttl = 2; ttl <= 3; ttl++) {
		size_t before = p->n;

		jobs_add(p, CHECK_ping, RUNG_access, target);
		if (p->n > before) {
			p->jobs[before].ttl = ttl;
			p->jobs[before].count = 1;
		}
	}
}

static void
shuffle(uint64_t *random, uint16_t *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)draw_below(random, (int64_t)i);
		uint16_t swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

/* Everything but an echo belongs to names, transport or service. */
static bool
is_wide(enum check check)
{
	return check != CHECK_ping;
}

/* Sets of which a few at a time are enough: each tells for itself, and all of them together
 * would cost more than the rest of a list. */
static bool
is_of_a_set(const struct target *target)
{
	return target->role == ROLE_messenger ||
	       (target->role == ROLE_names && target->port != 53);
}

/* The first to take part is a name to ask for: nothing else looks at that rung, and the few of
 * the profile could all be servers of other rungs, whom the same check asks. */
static void
lead_with_name(const struct plan *p, uint16_t *order)
{
	for (size_t i = 0; i < p->targets->n; i++) {
		const struct target *target = &p->targets->rows[order[i]];
		uint16_t swap = order[i];

		if (target->role != ROLE_names || is_of_a_set(target))
			continue;
		order[i] = order[0];
		order[0] = swap;
		return;
	}
}

/* Which targets take part, bit by bit: all for echoes; for each wide check as many as
 * the profile has, and of a set SET_MOST, others every time. */
static void
choose(struct plan *p, uint32_t *checks, const uint16_t *order, bool wide)
{
	const struct profile_settings *profile = config_profile(p->config);
	int64_t chosen[CHECK_COUNT] = {0}, of_set[ROLE_COUNT] = {0};

	for (size_t i = 0; i < p->targets->n; i++) {
		uint16_t at = order[i];
		const struct target *target = &p->targets->rows[at];

		if (is_of_a_set(target) && of_set[target->role]++ >= SET_MOST)
			continue;
		for (enum check c = 0; c < CHECK_COUNT; c++) {
			if (costly_row(c) != NULL || !may_run(p, c, target) ||
				!(target->checks & (UINT32_C(1) << c)))
				continue;
			if (is_wide(c) &&
				(!wide || (profile->wide_targets > 0 &&
						  chosen[c] == profile->wide_targets)))
				continue;
			chosen[c]++;
			checks[at] |= UINT32_C(1) << c;
		}
	}
}

static void
plan_targets(struct plan *p, bool wide)
{
	uint16_t order[TARGETS_MAX];
	uint32_t checks[TARGETS_MAX] = {0};

	for (size_t i = 0; i < p->targets->n; i++)
		order[i] = (uint16_t)i;
	shuffle(&p->s->random, order, p->targets->n);
	lead_with_name(p, order);
	choose(p, checks, order, wide);
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
		for (size_t i = 0; i < p->targets->n; i++) {
			const struct target *target = &p->targets->rows[order[i]];

			for (enum check c = 0; target->rung == rung && c < CHECK_COUNT;
				c++)
				if (checks[order[i]] & (UINT32_C(1) << c))
					jobs_add(p, c, rung, target);
		}
}

/* An interval of rounds: shorter after a change. */
static int64_t
often_us(const struct plan *p, int64_t now_us, int64_t interval_us)
{
	bool faster = now_us < p->s->watch.until_us;

	return interval_us / (faster ? config_profile(p->config)->faster : 1);
}

int64_t
jobs_later_us(struct plan *p, int64_t now_us, int64_t interval_us)
{
	return now_us + draw_jitter_us(&p->s->random, interval_us) -
	       often_us(p, now_us, config_profile(p->config)->ladder_us) / 2;
}

void
jobs_of_round(struct plan *p, int64_t now_us)
{
	const struct profile_settings *profile = config_profile(p->config);
	struct schedule *s = p->s;
	bool wide = now_us >= s->next_wide_us;

	s->round++;
	jobs_add(p, CHECK_power, RUNG_power, NULL);
	jobs_add(p, CHECK_link, RUNG_link, NULL);
	jobs_add(p, CHECK_modem, RUNG_link, NULL);
	jobs_add(p, CHECK_router, RUNG_router, NULL);
	plan_access(p);
	plan_targets(p, wide);
	turns_add(p, now_us, wide);
	s->next_round_us = now_us + draw_jitter_us(&s->random,
					    often_us(p, now_us, profile->ladder_us));
	if (wide)
		s->next_wide_us =
			jobs_later_us(p, now_us, often_us(p, now_us, profile->wide_us));
}

void
jobs_of_pulse(struct plan *p)
{
	size_t before = p->n;
	const struct target *target =
		first_target(p->targets, RUNG_international, CHECK_dns);

	if (target != NULL)
		jobs_add(p, CHECK_dns, RUNG_international, target);
	if (p->n > before)
		p->jobs[before].listen_us = 0;
}
