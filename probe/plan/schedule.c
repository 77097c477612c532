#include "probe/steps.h"

#include <string.h>

/* Row of checks.def, as far as planning needs it. */
static const struct cost {
	enum level level;
	uint32_t bytes, packets;
} costs[CHECK_COUNT] = {
#undef CHECK
#define LEVEL_OF_low LEVEL_LOW
#define LEVEL_OF_normal LEVEL_NORMAL
#define LEVEL_OF_high LEVEL_HIGH
#define CHECK(name, level, bytes, packets, deadline_s, sentence)                       \
	[CHECK_##name] = {LEVEL_OF_##level, bytes, packets},
#include "probe/checks.def"
};

/* For a second answer to a question: of injected ones 99 of 100 are at most 364 ms ahead of
 * the true one, and a line that is far from everything doubles that. */
#define LISTEN_US INT64_C(1000000)
/* Transfers of a comparison. */
#define COMPARED 10

#define SET_MOST 2

/* Where a plan is put together. */
struct plan {
	struct job *jobs;
	size_t n, max;
	struct schedule *s;
	const struct config *config;
	const struct enrolment *enrolment;
	const struct targets *targets;
};

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do, and the state is one word. */
static uint64_t
draw(struct schedule *s)
{
	uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Another number for each check, and the generator stays where it is: what a rare check is
 * planned by does not move what all others are. */
static uint64_t
draw_aside(const struct schedule *s, enum check check)
{
	struct schedule aside = {.random = s->random ^ (uint64_t)(check + 1) << 32};

	return draw(&aside);
}

/* 0 ... below; the bias of the remainder is under 2^-20 for what we draw. */
static int64_t
draw_below(struct schedule *s, int64_t below)
{
	return below <= 0 ? 0 : (int64_t)(draw(s) % (uint64_t)below);
}

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

int64_t
schedule_jitter_us(struct schedule *s, int64_t interval_us)
{
	return interval_us - interval_us / 10 + draw_below(s, interval_us / 5 + 1);
}

int64_t
schedule_back_off_us(struct schedule *s, const struct config *config, int64_t failures)
{
	int64_t most = config->back_off_us;

	while (failures-- > 1 && most < config->back_off_max_us)
		most *= 2;
	if (most > config->back_off_max_us)
		most = config->back_off_max_us;
	return 1 + draw_below(s, most);
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

/* Headers and acknowledgements are a fifth, and there is a handshake. */
static int64_t
transfer_bytes(int64_t bytes)
{
	return bytes * 6 / 5 + 6000;
}

/* The row that says what a job costs: a question inside TLS is a handshake first. */
static const struct cost *
cost_of(const struct job *job)
{
	bool secure = job->check == CHECK_dns && job->target.port != 53;

	return &costs[secure ? CHECK_tls : job->check];
}

/* What a job costs at most in the usual case. */
static int64_t
job_bytes(const struct job *job)
{
	int64_t bytes = cost_of(job)->bytes;

	if (job->check == CHECK_ping)
		return bytes * job->count;
	/* Of a comparison the usual case: four pairs, and two pages before them. */
	if (job->check == CHECK_compare)
		return transfer_bytes(job->bytes) * COMPARED;
	if (job->bytes > 0)
		return transfer_bytes(job->bytes);
	return bytes;
}

int64_t
schedule_bytes(const struct job *jobs, size_t n)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += job_bytes(&jobs[i]);
	return bytes;
}

int64_t
schedule_pace_us(struct schedule *s, const struct config *config, const struct job *job)
{
	int64_t packets = cost_of(job)->packets;

	if (job->check == CHECK_ping)
		packets = job->count;
	return packets * config->pace_us +
	       draw_below(s, packets * config->pace_us / 5 + 1);
}

/* Did the volunteer agree to so much risk? */
static bool
may_run(const struct plan *p, enum check check, const struct target *target)
{
	return (int64_t)costs[check].level <= p->config->level &&
	       (target == NULL || (int64_t)target->level <= p->config->level);
}

static void
plan_add(struct plan *p, enum check check, enum rung rung, const struct target *target)
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

		plan_add(p, CHECK_ping, RUNG_access, target);
		if (p->n > before) {
			p->jobs[before].ttl = ttl;
			p->jobs[before].count = 1;
		}
	}
}

static void
shuffle(struct schedule *s, uint16_t *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)draw_below(s, (int64_t)i);
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
	shuffle(p->s, order, p->targets->n);
	lead_with_name(p, order);
	choose(p, checks, order, wide);
	for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
		for (size_t i = 0; i < p->targets->n; i++) {
			const struct target *target = &p->targets->rows[order[i]];

			for (enum check c = 0; target->rung == rung && c < CHECK_COUNT;
				c++)
				if (checks[order[i]] & (UINT32_C(1) << c))
					plan_add(p, c, rung, target);
		}
}

/* Any of those of that rung that ask for the check; RUNG_COUNT: of any rung. */
static const struct target *
draw_target(struct plan *p, enum check check, enum rung rung)
{
	const struct target *target = NULL;
	int64_t seen = 0;

	for (size_t i = 0; i < p->targets->n; i++)
		if ((p->targets->rows[i].checks & (UINT32_C(1) << check)) &&
			(rung == RUNG_COUNT || p->targets->rows[i].rung == rung) &&
			draw_below(p->s, ++seen) == 0)
			target = &p->targets->rows[i];
	return target;
}

static void
plan_costly(struct plan *p, const struct costly *row, bool room)
{
	struct turn turn = {.profile = config_profile(p->config),
		.count = p->s->turns[row->check]++,
		.change = p->s->on_change[row->check],
		.room = room};
	const struct target *target = NULL;

	if (row->whom == WHOM_TARGET)
		target = draw_target(p, row->check, RUNG_COUNT);
	if (row->whom == WHOM_ANALYZER &&
		(p->enrolment == NULL || p->enrolment->endpoint[0] == '\0'))
		return;
	for (; turn.at < row->jobs; turn.at++) {
		size_t before = p->n;

		if (row->whom == WHOM_BOTH)
			target = draw_target(p, row->check,
				turn.at ? RUNG_international : RUNG_domestic);
		if (row->whom != WHOM_ANALYZER && target == NULL)
			continue;
		turn.random = draw_aside(p->s, row->check);
		plan_add(p, row->check,
			row->whom == WHOM_BOTH ? target->rung : row->rung, target);
		if (p->n > before && row->set != NULL)
			row->set(&p->jobs[before], &turn);
	}
}

/* Rounds after a change are faster. */
static int64_t
often_us(const struct plan *p, int64_t now_us, int64_t interval_us)
{
	bool faster = now_us < p->s->watch.until_us;

	return interval_us / (faster ? config_profile(p->config)->faster : 1);
}

/* Half a round early, so that the round nearest to the time takes it. */
static int64_t
later(struct plan *p, int64_t now_us, int64_t interval_us)
{
	return now_us + schedule_jitter_us(p->s, interval_us) -
	       often_us(p, now_us, config_profile(p->config)->ladder_us) / 2;
}

static bool
room_for_full(struct plan *p, const struct costly *row, int64_t now_us)
{
	int64_t full = config_profile(p->config)->full_bytes;

	return schedule_afford(
		p->s, p->config, now_us, row->jobs * transfer_bytes(full), BUDGET_FULL);
}

/* Has its time come? A rare one's first lies anywhere in its interval: who starts anew, and
 * again, is not measured dearly each time. */
static bool
is_due(struct plan *p, const struct costly *row, int64_t now_us, bool wide)
{
	struct schedule *s = p->s;
	int64_t interval_us = costly_interval_us(row, config_profile(p->config));

	if (row->rare && (int64_t)costs[row->check].level > p->config->level)
		return false;
	if ((s->asked & UINT32_C(1) << row->check) || s->on_change[row->check])
		return true;
	if (row->rare && interval_us > 0 && !s->begun[row->check])
		s->next_costly_us[row->check] =
			now_us +
			(int64_t)(draw_aside(s, row->check) % (uint64_t)interval_us);
	s->begun[row->check] = true;
	return now_us >= s->next_costly_us[row->check] && (wide || !row->wide) &&
	       (interval_us > 0 || !row->rare);
}

static void
plan_all_costly(struct plan *p, int64_t now_us, bool wide)
{
	size_t n;
	const struct costly *rows = costly_rows(&n);

	for (size_t i = 0; i < n; i++) {
		int64_t interval_us =
			costly_interval_us(&rows[i], config_profile(p->config));
		uint64_t random = p->s->random;

		if (!is_due(p, &rows[i], now_us, wide))
			continue;
		if (rows[i].rare)
			p->s->random = draw_aside(p->s, rows[i].check);
		plan_costly(p, &rows[i], room_for_full(p, &rows[i], now_us));
		p->s->on_change[rows[i].check] = false;
		if (interval_us > 0)
			p->s->next_costly_us[rows[i].check] =
				later(p, now_us, interval_us);
		if (rows[i].rare)
			p->s->random = random;
	}
	p->s->asked = 0;
}

static void
plan_round(struct plan *p, int64_t now_us)
{
	const struct profile_settings *profile = config_profile(p->config);
	struct schedule *s = p->s;
	bool wide = now_us >= s->next_wide_us;

	s->round++;
	plan_add(p, CHECK_power, RUNG_power, NULL);
	plan_add(p, CHECK_link, RUNG_link, NULL);
	plan_add(p, CHECK_modem, RUNG_link, NULL);
	plan_add(p, CHECK_router, RUNG_router, NULL);
	plan_access(p);
	plan_targets(p, wide);
	plan_all_costly(p, now_us, wide);
	s->next_round_us =
		now_us + schedule_jitter_us(s, often_us(p, now_us, profile->ladder_us));
	if (wide)
		s->next_wide_us =
			later(p, now_us, often_us(p, now_us, profile->wide_us));
}

/* Those that a change makes due, each once a day at most. */
static void
make_due(struct schedule *s, const struct config *config, int64_t now_us)
{
	size_t n;
	const struct costly *rows = costly_rows(&n);

	for (size_t i = 0; i < n; i++) {
		enum check check = rows[i].check;

		if (!rows[i].on_change || now_us < s->next_on_change_us[check])
			continue;
		s->on_change[check] = true;
		s->next_costly_us[check] = now_us;
		s->next_on_change_us[check] = now_us + config->day_us;
	}
}

/* What a change made due and then found no line to measure has not had its turn: the line
 * that comes back is a change, too. */
static void
learn_what_was_left_out(struct schedule *s, const struct measurement *ms, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct costly *row = costly_row((enum check)ms[i].check);

		if (row != NULL && row->on_change && ms[i].has[FIELD_reason] &&
			ms[i].reason == REASON_lower_rung)
			s->next_on_change_us[row->check] = 0;
	}
}

static void
learn_supply(struct schedule *s, const struct measurement *ms, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ms[i].check == CHECK_power && ms[i].has[FIELD_supply])
			s->on_battery = ms[i].supply == SUPPLY_battery;
}

static int64_t
pulse_us(const struct schedule *s, const struct config *config)
{
	return config_profile(config)->pulse_us *
	       (s->on_battery ? config->battery_slower : 1);
}

/* Others see the same and do not all look in the same moment. */
static void
round_soon(struct schedule *s, int64_t now_us, int64_t within_us)
{
	int64_t soon_us = now_us + draw_below(s, within_us);

	if (s->next_round_us > soon_us)
		s->next_round_us = soon_us;
}

void
schedule_learn(struct schedule *s, const struct config *config,
	const struct measurement *ms, size_t n, const struct ladder *ladder,
	int64_t now_us)
{
	const struct profile_settings *profile = config_profile(config);
	int ok = n > 0 ? measurement_success(&ms[0]) : -1;

	if (ladder == NULL) {
		if (ok >= 0 && watch_pulse(&s->watch, config, ok == 1, now_us))
			round_soon(s, now_us, profile->pulse_us / 4);
		return;
	}
	learn_supply(s, ms, n);
	learn_what_was_left_out(s, ms, n);
	if (!watch_round(&s->watch, ladder))
		return;
	s->watch.until_us = now_us + config->watch_us;
	s->next_wide_us = now_us;
	make_due(s, config, now_us);
	round_soon(s, now_us, 2 * profile->ladder_us / profile->faster);
}

/* One small question to a resolver abroad; the first answer is its end. */
static void
plan_pulse(struct plan *p)
{
	size_t before = p->n;
	const struct target *target =
		first_target(p->targets, RUNG_international, CHECK_dns);

	if (target != NULL)
		plan_add(p, CHECK_dns, RUNG_international, target);
	if (p->n > before)
		p->jobs[before].listen_us = 0;
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
	       left_us / pulse_us(p->s, p->config) * costs[CHECK_dns].bytes;
}

/* Marks what the day's budget does not carry; the ladder is counted first. */
static void
mark_unaffordable(bool *out, struct plan *p, int64_t now_us, enum due due)
{
	int64_t sum = 0, reserved = 0;

	budget_turn(&p->s->budget, p->config, now_us);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < p->n; i++) {
			int64_t bytes = job_bytes(&p->jobs[i]);

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
		plan_round(&p, now_us);
	else
		plan_pulse(&p);
	uplinks_lead(jobs, p.n, &s->uplinks);
	if (due == DUE_ROUND)
		p.n = uplinks_add(jobs, p.n, p.max, &s->uplinks,
			(uint32_t)config->profiles[PROFILE_2G].speed_bytes);
	s->next_pulse_us = now_us + schedule_jitter_us(s, pulse_us(s, config));
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
	plan_pulse(&p);
	job->warm = true;
	return p.n == 1;
}
