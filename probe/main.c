#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "probe/doors/fingerprint.h"
#include "probe/program.h"

#define SHIP_DEADLINE_US INT64_C(300000000)

/* The daemon. */
struct daemon {
	struct program *program;
	const volatile sig_atomic_t *stop;
	int lock;
	struct keys *keys;
	struct runner *runner;
	struct recorder *recorders[UPLINKS_MAX]; /* one for each uplink */
	uint32_t moves; /* of the uplinks, that the recorders know of */
	struct spool *spool;
	struct head *head;
	struct batches *batches;
	struct schedule schedule;
	struct shipment shipment;
	int64_t next_ship_us, failures;
	int64_t next_list_us; /* the analyzer is asked for its list again */
	int64_t keep_after_us; /* the disk was full: not before */
	bool unclean_stop;
	struct alive before; /* the last sign of life of the run before; us -1 none */
	int alive; /* where this run's is written */
	int64_t next_alive_us;
	struct health health;
};

/* Seals what waits of one uplink and spools it. What cannot be kept is counted. */
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

static void
tell_budget(struct health *h, const struct budget *b, const struct config *config)
{
	int64_t month_bytes = budget_month_bytes(config, b->medium);

	h->day_spent_bytes = b->day.spent_bytes[b->medium];
	h->month_spent_bytes = b->month.spent_bytes[b->medium];
	h->day_bytes = budget_day_bytes(config, b->medium);
	h->month_bytes = month_bytes == INT64_MAX ? 0 : month_bytes;
}

static void
keep(struct daemon *d)
{
	for (size_t i = 0; i < UPLINKS_MAX; i++)
		keep_of(d, d->recorders[i]);
}

static bool
all_is_kept(const struct daemon *d)
{
	for (size_t i = 0; i < UPLINKS_MAX; i++)
		if (recorder_count(d->recorders[i]) > 0)
			return false;
	return true;
}

/* A number means another interface now: what was kept was of the old one, and so is what is
 * known of its place. */
static void
follow_uplinks(struct daemon *d)
{
	if (d->moves == d->schedule.uplinks.moves)
		return;
	d->moves = d->schedule.uplinks.moves;
	keep(d);
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

static void
tell_health(struct daemon *d)
{
	struct health *h = &d->health;

	h->updated_utc_us = clock_utc_us() < 0 ? 0 : clock_utc_us();
	h->spooled = (int64_t)spool_count(d->spool);
	h->rounds = d->schedule.round;
	tell_budget(h, &d->schedule.budget, &d->program->config);
	/* A disk that is full says so itself; the probe goes on. */
	if (status_write(h, d->program->options.state) != OK)
		log_detail("the health file was not written");
}

/* At a change of the ladder. It may be the end of an outage, which others see too: those
 * who failed before do not all come back in one moment. */
static void
ship_soon(struct daemon *d)
{
	int64_t soon_us = clock_boot_us();

	if (d->failures > 0)
		soon_us +=
			draw_back_off_us(&d->schedule.random, &d->program->config, 1);
	if (d->next_ship_us > soon_us)
		d->next_ship_us = soon_us;
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

/* One round or pulse: climb, record, seal when due. */
static void
climb(struct daemon *d)
{
	const struct climber climber = {.config = &d->program->config,
		.enrolment = &d->program->enrolment,
		.targets = &d->program->targets,
		.schedule = &d->schedule,
		.runner = d->runner,
		.head = d->head,
		.batches = d->batches,
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
	if (closing != CLOSE_NOT_YET && clock_boot_us() >= d->keep_after_us)
		keep(d);
	if (closing == CLOSE_CHANGE)
		ship_soon(d);
	if (climb.due == DUE_ROUND) {
		for (enum rung rung = 0; rung < RUNG_COUNT; rung++)
			d->health.rung[rung] = climb.ladder.rung[rung].state;
		see_modem(&d->health, &climb);
		tell_health(d);
	}
	tell_alive(d);
	climb_free(&climb);
}

/* A new list is in force from the next round on. What was measured by the old one is
 * sealed first: a segment names one list. */
static void
take_list(struct daemon *d, const struct shipped *shipped, int64_t now_us)
{
	struct program *p = d->program;

	if (!shipped->list_known)
		return;
	d->next_list_us =
		now_us + draw_jitter_us(&d->schedule.random, p->config.day_us);
	if (shipped->list.len == 0)
		return;
	keep(d);
	if (!all_is_kept(d) || agenda_take(&p->agenda, &p->targets, p->options.state,
				       &p->enrolment, buf_span(&shipped->list)) != OK)
		log_note("the target list stays as it was");
}

/* The analyzer's time, for what the budget's day and month are counted by. */
static void
take_time(struct daemon *d)
{
	int64_t utc_us, boot_us;

	if (recorder_anchor(&utc_us, &boot_us, d->recorders[0]))
		head_anchor(d->head, &d->schedule.budget, utc_us, boot_us);
}

/* What the analyzer has counted of datagrams that nobody answered: lines said in full. */
static void
take_counts(struct daemon *d, struct span counts, int64_t now_us)
{
	struct measurement *ms = calloc(ONEWAY_ASKED_MOST, sizeof(*ms));
	bool closes = false;
	size_t n;

	if (ms == NULL)
		bug("out of memory");
	n = batches_told(ms, d->batches, counts, keys_boot_origin_us(d->keys), now_us);
	/* Each takes those of its own uplink. */
	for (size_t i = 0; n > 0 && i < UPLINKS_MAX; i++)
		closes |= recorder_add(d->recorders[i], ms, n, NULL, now_us) !=
			  CLOSE_NOT_YET;
	if (closes && now_us >= d->keep_after_us)
		keep(d);
	free(ms);
}

/* Takes up what the newest shipment brought. */
static void
end_shipment(struct daemon *d, const void *page, size_t page_bytes)
{
	const struct config *config = &d->program->config;
	int64_t now_us = clock_boot_us(), wait_us;
	struct shipped shipped = {0};
	size_t freed;

	/* The numbers of the uplinks are not those any more under which it was asked. */
	if (d->shipment.uplinks.moves != d->schedule.uplinks.moves)
		d->shipment.places = false;
	freed = ship_finish(
		&shipped, page, page_bytes, &d->shipment, d->recorders[0], now_us);

	schedule_spend(&d->schedule, config, now_us, shipped.bytes);
	take_time(d);
	take_list(d, &shipped, now_us);
	buf_free(&shipped.list);
	if (shipped.counts.len > 0)
		take_counts(d, buf_span(&shipped.counts), now_us);
	buf_free(&shipped.counts);
	d->health.accepted += (int64_t)freed;
	d->health.analyzer_reached = shipped.reached;
	if (shipped.reached && (freed > 0 || spool_count(d->spool) == 0)) {
		d->failures = 0;
		wait_us = draw_jitter_us(
			&d->schedule.random, config_profile(config)->ship_us);
		if (freed == d->shipment.most)
			wait_us = 0;
	} else {
		d->failures++;
		wait_us = draw_back_off_us(&d->schedule.random, config, d->failures);
	}
	d->next_ship_us = now_us + wait_us;
	tell_health(d);
}

/* Starts a shipment aside: it never holds up a round. */
static void
start_shipment(struct daemon *d)
{
	const struct config *config = &d->program->config;
	int64_t now_us = clock_boot_us();

	d->next_ship_us = now_us + draw_jitter_us(&d->schedule.random,
					   config_profile(config)->ship_us);
	if (spool_count(d->spool) == 0 ||
		!schedule_afford(&d->schedule, config, now_us,
			SHIP_HANDSHAKE_BYTES + SEGMENT_FILE_MAX, BUDGET_SHIP))
		return;
	head_claim(d->head, &d->schedule.budget, config,
		SHIP_HANDSHAKE_BYTES + SEGMENT_FILE_MAX, now_us);
	ship_start(&d->shipment, &d->program->enrolment, d->spool, now_us);
	d->shipment.uplinks = d->schedule.uplinks;
	d->shipment.second = d->recorders[1];
	d->shipment.places_second =
		!recorder_placed(d->recorders[1], now_us - config->hour_us);
	batches_ask(d->shipment.batches, d->batches);
	/* Whoever names a list in the settings wants that one. */
	if (config->targets[0] == '\0' &&
		(now_us >= d->next_list_us || d->program->agenda.serial == 0))
		d->shipment.tag = d->program->agenda.tag;
	if (runner_aside(d->runner, ship_child, &d->shipment, SHIP_DEADLINE_US) != OK)
		d->failures++;
}

static void
ship(struct daemon *d)
{
	const void *page;
	size_t page_bytes;

	if (runner_aside_done(d->runner, &page, &page_bytes))
		end_shipment(d, page, page_bytes);
	if (!runner_aside_busy(d->runner) && clock_boot_us() >= d->next_ship_us)
		start_shipment(d);
}

static void
loop(struct daemon *d)
{
	while (!*d->stop) {
		enum due due;
		int64_t climb_us = schedule_next(&d->schedule, &due);
		bool shipping = runner_aside_busy(d->runner);

		runner_wait(d->runner, shipping || climb_us < d->next_ship_us
					       ? climb_us
					       : d->next_ship_us);
		ship(d);
		if (!*d->stop && clock_boot_us() >= climb_us)
			climb(d);
	}
	keep(d);
	head_settle(d->head, &d->schedule.budget, clock_boot_us());
	d->health.running = 0;
	tell_health(d);
	log_note("stopped; %zu segments wait for the analyzer", spool_count(d->spool));
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

static enum err
open_daemon(struct daemon *d)
{
	const char *state = d->program->options.state;
	enum err err = program_lock(&d->lock, state);

	if (err == OK) {
		err = keys_open(&d->keys, state);
		if (err == ERR_NOT_FOUND)
			log_error("%s: the key is gone; enroll again", state);
	}
	if (err == OK)
		err = spool_open(&d->spool, state);
	d->batches = batches_open();
	if (err == OK)
		err = head_open(&d->head, state, clock_boot_us());
	if (err == OK)
		err = runner_open(&d->runner, (size_t)d->program->config.at_once,
			keys_signer(d->keys));
	for (size_t i = 0; err == OK && i < UPLINKS_MAX; i++) {
		recorder_open(&d->recorders[i], &d->program->config,
			&d->program->enrolment, &d->program->targets);
		recorder_over(d->recorders[i], (int64_t)i);
	}
	if (err == OK)
		resume(d);
	return err;
}

static enum err
command_run(struct program *p)
{
	struct daemon d = {
		.program = p, .stop = program_stop(), .lock = -1, .alive = -1};
	enum err err;

	if (!p->enrolled) {
		log_error("%s: not enrolled yet; `faultline-probe enroll CODE` does it",
			p->options.state);
		return ERR_CONFIG;
	}
	err = consent_ask(p->options.state, false);
	program_catch_signals();
	program_read_inherited(p);
	if (p->targets.n == 0)
		log_note("there is no target list yet: it comes with a shipment");
	if (err == OK)
		err = open_daemon(&d);
	if (err == OK) {
		d.health.running = 1;
		tell_health(&d);
		loop(&d);
	}
	runner_close(d.runner);
	for (size_t i = 0; i < UPLINKS_MAX; i++)
		recorder_close(d.recorders[i]);
	spool_close(d.spool);
	head_close(d.head);
	batches_close(d.batches);
	keys_close(d.keys);
	if (d.alive >= 0)
		close(d.alive);
	if (d.lock >= 0)
		close(d.lock);
	return err;
}

static const struct command commands[] = {
	{"once", command_once, true, true, "cf", "",
		"One round now: the ladder, where it breaks, and whether it is you."
		"\vFor example:\n  faultline-probe once --checks link,router,dns"},
	{"run", command_run, true, true, "", "",
		"Measures until it is stopped (Ctrl-C, or systemd)."
		"\vFor example:\n  faultline-probe run --state ~/faultline --config "
		"~/probe.conf"},
	{"enroll", command_enroll, true, true, "FamRpl", "[CODE]",
		"Makes a key and joins the analyzer of an invite; consent first."
		"\vFor example:\n  faultline-probe enroll --from invite-1.txt --medium "
		"mobile --profile 2g"},
	{"status", command_status, true, false, "f", "",
		"What the running probe sees."
		"\vFor example:\n  faultline-probe status --state ~/faultline"},
	{"checks", command_checks, false, false, "f", "",
		"What can be measured, and what each check costs."
		"\vFor example:\n  faultline-probe checks --format json"},
};

static void
say_fine(const struct program *program)
{
	const char *config = program->options.config, *list = program->config.targets;

	if (list[0] == '\0')
		printf("%s: fine; the targets are those of the analyzer's list\n",
			config);
	else
		printf("%s: fine, and so is %s with %u targets\n", config, list,
			program->targets.n);
}

int
main(int argc, char **argv)
{
	struct program *program = calloc(1, sizeof(*program));
	const struct options *o;
	const struct setting *rows;
	enum err err;
	size_t n;

	if (program == NULL)
		bug("out of memory");
	o = &program->options;
	options_parse(&program->options, commands,
		sizeof(commands) / sizeof(commands[0]), argc, argv);
	rows = config_rows(&n);
	err = program_read_config(program);
	if (err == OK && o->print_config) {
		conf_print(stdout, &program->config, rows, n);
		goto done;
	}
	if (err == OK)
		err = program_read_invite(program);
	if (err == OK && o->command != NULL && o->command->needs_state)
		err = program_read_state(program);
	if (err == OK && (o->check_config || o->command->needs_targets))
		err = program_read_targets(program);
	if (err == OK && o->check_config)
		say_fine(program);
	else if (err == OK)
		err = o->command->run(program);
done:
	fingerprint_free(program->fingerprints);
	buf_free(&program->invite);
	free(program);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write to standard output: %s", strerror(errno));
		err = ERR_IO;
	}
	return err == OK ? 0 : 1;
}
