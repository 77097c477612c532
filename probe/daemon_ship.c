#include "probe/daemon.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

/* Of one shipment; a child that takes longer is ended, what it has left counts. */
#define SHIP_DEADLINE_US INT64_C(300000000)
/* Segments of the largest size that the budget is asked for at once: what a power cut in the
 * middle makes it count too much. The next shipment follows at once. */
#define SHIP_CLAIMED 4

void
daemon_ship_soon(struct daemon *d)
{
	int64_t soon_us = clock_boot_us();

	if (d->failures > 0)
		soon_us +=
			draw_back_off_us(&d->schedule.random, &d->program->config, 1);
	if (d->next_ship_us > soon_us)
		d->next_ship_us = soon_us;
	/* What is under way has not got the change with it. */
	if (runner_aside_busy(d->runner))
		d->soon_us = soon_us;
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
	if (!daemon_keep(d) || agenda_take(&p->agenda, &p->targets, p->options.state,
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
		daemon_keep(d);
	free(ms);
}

/* Has it carried all that it was allowed to? Then there may be more. */
static bool
was_full(const struct shipment *shipment, const struct shipped *shipped, size_t freed)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < UPLINKS_MAX; i++)
		bytes += shipped->bytes[i];
	return freed == shipment->most ||
	       bytes + SEGMENT_FILE_MAX > shipment->most_bytes;
}

/* Takes up what the newest shipment brought. */
static void
end_shipment(struct daemon *d, const void *page, size_t page_bytes)
{
	static const int64_t nothing[MEDIUM_COUNT] = {0};
	const struct config *config = &d->program->config;
	int64_t now_us = clock_boot_us(), wait_us;
	struct budget *b = &d->schedule.budget;
	struct shipped shipped = {0};
	size_t freed;

	/* The numbers of the uplinks are not those any more under which it was asked. */
	if (d->shipment.uplinks.moves != d->schedule.uplinks.moves)
		d->shipment.places = false;
	freed = ship_finish(
		&shipped, page, page_bytes, &d->shipment, d->recorders[0], now_us);

	for (uint8_t i = 0; i < UPLINKS_MAX; i++)
		budget_spend(b, config, now_us,
			(struct expense){
				uplinks_medium(&d->shipment.uplinks, i, b->medium),
				shipped.bytes[i]});
	head_hold(d->head, nothing);
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
		if (freed > 0 && was_full(&d->shipment, &shipped, freed))
			wait_us = 0;
	} else {
		d->failures++;
		wait_us = draw_back_off_us(&d->schedule.random, config, d->failures);
	}
	d->next_ship_us = now_us + wait_us;
	if (d->soon_us > 0 && d->soon_us < d->next_ship_us)
		d->next_ship_us = d->soon_us;
	d->soon_us = 0;
	daemon_tell(d);
}

/* By which uplinks so much may go, each paid from its own budget; false: by none. */
static bool
claim_segments(struct daemon *d, int64_t segments, int64_t now_us)
{
	static const int64_t nothing[MEDIUM_COUNT] = {0};
	const struct config *config = &d->program->config;
	int64_t bytes[MEDIUM_COUNT] = {0};
	int64_t list_bytes = d->shipment.tag != NULL ? MANDATE_BYTES_MAX : 0;
	bool any = false;

	d->shipment.most_bytes = segments * SEGMENT_FILE_MAX;
	for (uint8_t i = 0; i < ship_ways(&d->shipment); i++) {
		struct expense expense = schedule_expense(&d->schedule, i,
			SHIP_HANDSHAKE_BYTES + list_bytes + d->shipment.most_bytes);
		bool may = budget_afford(
			&d->schedule.budget, config, now_us, expense, BUDGET_SHIP);

		d->shipment.may[i] = may;
		any |= may;
		bytes[expense.medium] += may ? expense.bytes : 0;
	}
	if (any) {
		head_hold(d->head, bytes);
		head_claim(d->head, &d->schedule.budget, config, nothing, now_us);
	}
	return any;
}

/* As many segments as the budget carries. */
static bool
claim(struct daemon *d, int64_t now_us)
{
	int64_t segments = (int64_t)spool_count(d->spool);

	if (segments > SHIP_CLAIMED)
		segments = SHIP_CLAIMED;
	for (; segments > 0; segments /= 2)
		if (claim_segments(d, segments, now_us))
			return true;
	return false;
}

/* Starts a shipment aside: it never holds up a round. */
static void
start_shipment(struct daemon *d)
{
	const struct config *config = &d->program->config;
	int64_t now_us = clock_boot_us();

	d->next_ship_us = now_us + draw_jitter_us(&d->schedule.random,
					   config_profile(config)->ship_us);
	if (spool_count(d->spool) == 0)
		return;
	ship_start(&d->shipment, &d->program->enrolment, d->spool, now_us);
	d->shipment.uplinks = d->schedule.uplinks;
	/* Whoever names a list in the settings wants that one. */
	if (config->targets[0] == '\0' &&
		(now_us >= d->next_list_us || d->program->agenda.serial == 0))
		d->shipment.tag = d->program->agenda.tag;
	if (!claim(d, now_us))
		return;
	d->shipment.second = d->recorders[1];
	d->shipment.places_second =
		!recorder_placed(d->recorders[1], now_us - config->hour_us);
	batches_ask(d->shipment.batches, d->batches);
	if (runner_aside(d->runner, ship_child, &d->shipment, SHIP_DEADLINE_US) != OK)
		d->failures++;
}

void
daemon_ship(struct daemon *d)
{
	const void *page;
	size_t page_bytes;

	if (runner_aside_done(d->runner, &page, &page_bytes))
		end_shipment(d, page, page_bytes);
	if (!runner_aside_busy(d->runner) && clock_boot_us() >= d->next_ship_us)
		start_shipment(d);
}

void
daemon_ship_end(struct daemon *d)
{
	const void *page;
	size_t page_bytes;

	runner_aside_end(d->runner);
	if (runner_aside_done(d->runner, &page, &page_bytes))
		end_shipment(d, page, page_bytes);
}
