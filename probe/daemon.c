#include "probe/daemon.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

static void
keep_of(struct daemon *d, struct recorder *r)
{
	uint8_t id[HASH_BYTES];
	struct buf segment = {0};

	while (recorder_count(r) > 0) {
		size_t before = recorder_count(r), lost;
		enum err err = recorder_seal(&segment, id, r, d->keys, clock_boot_us());

		if (err == OK)
			err = spool_put(d->spool, id, buf_span(&segment));
		lost = err == OK ? 0 : before - recorder_count(r);
		recorder_dropped(r, lost);
		d->health.dropped += (int64_t)lost;
		d->health.segments += err == OK;
		buf_clear(&segment);
		/* What could not be numbered waits in memory, and is said once a segment. */
		if (err != OK) {
			d->keep_after_us =
				clock_boot_us() +
				config_profile(&d->program->config)->segment_us;
			break;
		}
	}
	buf_free(&segment);
}

bool
daemon_keep(struct daemon *d)
{
	bool all = true;

	for (size_t i = 0; i < UPLINKS_MAX; i++) {
		keep_of(d, d->recorders[i]);
		all &= recorder_count(d->recorders[i]) == 0;
	}
	return all;
}

/* A number means another interface now: what was kept was of the old one, and so is what is
 * known of its place. */
static void
follow_uplinks(struct daemon *d)
{
	if (d->moves == d->schedule.uplinks.moves)
		return;
	d->moves = d->schedule.uplinks.moves;
	daemon_keep(d);
	for (size_t i = 0; i < UPLINKS_MAX; i++)
		recorder_move(d->recorders[i]);
	batches_forget(d->batches);
}

/* Each ladder to its own recorder; the soonest closing of all. */
static enum closing
record(struct daemon *d, const struct climb *climb)
{
	const struct ladder *ladders[UPLINKS_MAX] = {
		&climb->ladder, climb->has_second ? &climb->second : NULL};
	enum closing closing = CLOSE_NOT_YET;

	for (size_t i = 0; i < UPLINKS_MAX; i++) {
		enum closing one = CLOSE_NOT_YET;

		if (i == 0 || climb->has_second)
			one = recorder_add(d->recorders[i], climb->ms, climb->n,
				climb->due == DUE_ROUND ? ladders[i] : NULL,
				clock_boot_us());
		if (one > closing)
			closing = one;
	}
	return closing;
}

/* What the modem says, for a person; a technology that lasts for a round is a change. */
static void
see_modem(struct health *h, const struct climb *climb)
{
	bool before = h->modem;

	h->modem = 0;
	for (size_t i = 0; i < climb->n; i++) {
		const struct measurement *m = &climb->ms[i];

		if (m->check != CHECK_modem || !m->has[FIELD_access_tech])
			continue;
		if (!before || h->access_tech != m->access_tech)
			h->access_tech_before =
				before ? h->access_tech : m->access_tech;
		h->modem = 1;
		h->access_tech = m->access_tech;
		h->signal_percent =
			m->has[FIELD_signal_percent] ? m->signal_percent : 0;
	}
}

/* Of the first uplink. */
static void
tell_budget(struct health *h, const struct schedule *s, const struct config *config)
{
	enum medium medium = schedule_expense(s, 0, 0).medium;
	int64_t month_bytes = budget_month_bytes(config, medium);

	h->day_spent_bytes = s->budget.day.spent_bytes[medium];
	h->month_spent_bytes = s->budget.month.spent_bytes[medium];
	h->day_bytes = budget_day_bytes(config, medium);
	h->month_bytes = month_bytes == INT64_MAX ? 0 : month_bytes;
}

void
daemon_tell(struct daemon *d)
{
	struct health *h = &d->health;

	h->updated_utc_us = clock_utc_us() < 0 ? 0 : clock_utc_us();
	h->spooled = (int64_t)spool_count(d->spool);
	h->rounds = d->schedule.round;
	tell_budget(h, &d->schedule, &d->program->config);
	/* A disk that is full says so itself; the probe goes on. */
	if (status_write(h, d->program->options.state) != OK)
		log_detail("the health file was not written");
}

/* After each climb, and about once a minute. */
static void
tell_alive(struct daemon *d)
{
	int64_t now_us = clock_boot_us();
	struct alive alive = {
		keys_boot(d->keys), now_us - keys_boot_origin_us(d->keys)};

	if (now_us < d->next_alive_us || alive.us < 0)
		return;
	alive_write(d->alive, &alive);
	d->next_alive_us = now_us + ALIVE_EVERY_US / d->program->config.time_scale;
}

void
daemon_climb(struct daemon *d)
{
	const struct climber climber = {.config = &d->program->config,
		.enrolment = &d->program->enrolment,
		.targets = &d->program->targets,
		.schedule = &d->schedule,
		.runner = d->runner,
		.head = d->head,
		.batches = d->batches,
		.exhibits = d->exhibits,
		.stop = d->stop,
		.origin_us = keys_boot_origin_us(d->keys),
		.unclean_stop = d->unclean_stop,
		.alive = d->before,
		.inherited = &d->program->inherited};
	const struct ladder *ladder;
	enum closing closing;
	struct climb climb;

	climb_run(&climb, &climber);
	ladder = climb.due == DUE_ROUND ? &climb.ladder : NULL;
	schedule_learn(&d->schedule, &d->program->config, climb.ms, climb.n, ladder,
		clock_boot_us());
	follow_uplinks(d);
	closing = record(d, &climb);
	exhibits_forget(d->exhibits);
	if (closing != CLOSE_NOT_YET && clock_boot_us() >= d->keep_after_us)
		daemon_keep(d);
	if (closing == CLOSE_CHANGE)
		daemon_ship_soon(d);
	if (climb.due == DUE_ROUND) {
		for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
			d->health.rung[rung] = climb.ladder.rung[rung].state;
		see_modem(&d->health, &climb);
		daemon_tell(d);
	}
	tell_alive(d);
	climb_free(&climb);
}

/* What the run before left: its spending goes on, a cut is told. */
static void
resume(struct daemon *d)
{
	int64_t now_us = clock_boot_us();
	struct health before;
	uint64_t seed;

	crypto_random(&seed, sizeof(seed));
	schedule_start(&d->schedule, now_us, seed);
	d->schedule.budget.medium = (enum medium)d->program->enrolment.medium;
	head_restore(&d->schedule.budget, d->head);
	d->next_ship_us = d->next_list_us = now_us;
	if (!alive_read(&d->before, d->program->options.state))
		d->before.us = -1;
	d->alive = alive_open(d->program->options.state);
	/* None, or a damaged one, costs the word on the cut, never the probe. */
	if (status_read(&before, d->program->options.state) == OK)
		d->unclean_stop = before.running;
}

enum err
daemon_open(struct daemon *d, struct program *program)
{
	const char *state = program->options.state;
	enum err err;

	*d = (struct daemon){
		.program = program, .stop = program_stop(), .lock = -1, .alive = -1};
	err = program_lock(&d->lock, state);
	if (err == OK) {
		err = keys_open(&d->keys, state);
		if (err == ERR_NOT_FOUND)
			log_error("%s: the key is gone; enroll again", state);
	}
	if (err == OK)
		err = spool_open(&d->spool, state);
	d->batches = batches_open();
	exhibits_open(&d->exhibits, &d->program->config);
	if (err == OK)
		err = head_open(&d->head, state, clock_boot_us());
	if (err == OK)
		err = runner_open(&d->runner, (size_t)d->program->config.at_once,
			keys_signer(d->keys));
	if (err == OK)
		runner_shows(d->runner, d->exhibits);
	for (size_t i = 0; err == OK && i < UPLINKS_MAX; i++) {
		recorder_open(&d->recorders[i], &d->program->config,
			&d->program->enrolment, &d->program->targets);
		recorder_over(d->recorders[i], (int64_t)i);
		recorder_shows(d->recorders[i], d->exhibits);
	}
	if (err == OK)
		resume(d);
	return err;
}

void
daemon_close(struct daemon *d)
{
	runner_close(d->runner);
	for (size_t i = 0; i < UPLINKS_MAX; i++)
		recorder_close(d->recorders[i]);
	spool_close(d->spool);
	head_close(d->head);
	batches_close(d->batches);
	exhibits_close(d->exhibits);
	keys_close(d->keys);
	if (d->alive >= 0)
		close(d->alive);
	if (d->lock >= 0)
		close(d->lock);
}
