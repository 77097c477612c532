#include "tests/world/round_flow.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define BYTES 262144
#define SEGMENT_BYTES 1280
#define FIRST_WINDOW_BYTES (10. * SEGMENT_BYTES)
#define CONNECT_US 8000000
#define STALL_US 8000000
#define DEADLINE_S 30.
#define STEP_S .01
#define STEPS_A_CHUNK 10
#define CHUNKS 100
#define HTTP_OK 200

/* One transfer as the line, a meter and a queue let it run. */
struct flow {
	double line_bps, meter_bps, burst_bytes; /* meter 0: none */
	double rtt_s, queue_s; /* of an idle line; what the own packets add */
	double loss; /* share of what is sent that must be sent again */
	double stops_at; /* bytes, at which it stands still; 0: never */
	bool policed;
};

static void
meter_flow(struct flow *f, struct climb *c)
{
	const struct weather *w = c->weather;

	if (w->meter == METER_NONE || w->meter_bps >= f->line_bps)
		return;
	f->meter_bps = w->meter_bps * chance_between(c->chance, .97, 1.01);
	f->policed = w->meter == METER_POLICED;
	f->burst_bytes = f->policed ? w->burst_bytes : 0;
	/* What comes too fast is dropped: policed flows lose 20 to 28 of 100 where the line
	 * is much faster (Flach et al., SIGCOMM 2016); a queue drops only when it is full. */
	if (f->policed && BYTES > f->burst_bytes)
		f->loss += f->line_bps > 2 * f->meter_bps
				   ? chance_between(c->chance, .16, .27)
				   : chance_between(c->chance, .11, .16);
	if (f->policed)
		return;
	f->queue_s = w->queue_ms / 1000 * chance_between(c->chance, .85, 1);
	if (w->queue_ms < 100)
		f->loss += chance_between(c->chance, .015, .04);
}

static struct flow
flow_of(struct climb *c, const struct path *path, enum direction direction)
{
	const struct weather *w = c->weather;
	double spread = w->queue_ms > 100 && w->meter == METER_NONE ? .35 : .12;
	struct flow f = {.line_bps = w->rate_bps *
				     (direction == DIRECTION_up ? .4 : 1) *
				     chance_between(c->chance, 1 - spread, 1 + spread),
		.rtt_s = (double)climb_rtt_us(c, path) / 1e6,
		.loss = path->loss * chance_between(c->chance, .5, 1.5),
		.stops_at = w->freeze_bytes * chance_between(c->chance, .94, 1.06)};

	/* Others' packets stand in the queue, too. */
	f.queue_s = w->meter == METER_NONE
			    ? w->queue_ms / 1000 * chance_between(c->chance, .3, 1)
			    : 0;
	meter_flow(&f, c);
	/* Losses at random hold a flow under this (Mathis et al., CCR 1997); what is in
	 * use today recovers somewhat faster. */
	if (!f.meter_bps && f.loss > .01) {
		double most = 1.6 * 8 * SEGMENT_BYTES / f.rtt_s / sqrt(f.loss);

		f.line_bps = f.line_bps < most ? f.line_bps : most;
	}
	return f;
}

/* Runs it; what arrived in each 100 ms into the line. Returns the seconds it took. */
static double
run(struct measurement *m, const struct flow *f)
{
	double most = f->stops_at > 0 && f->stops_at < BYTES ? f->stops_at : BYTES;
	double at_s = 0, sent = 0, window = FIRST_WINDOW_BYTES;
	double chunks[CHUNKS] = {0};
	int n = 0;

	for (int step = 0; sent < most && at_s < DEADLINE_S; step++) {
		bool metered = f->meter_bps > 0 && sent >= f->burst_bytes;
		double bps = metered ? f->meter_bps : f->line_bps, piece;

		if (window * 8 / f->rtt_s < bps)
			bps = window * 8 / f->rtt_s;
		piece = bps / 8 * STEP_S;
		window *= 1 + .7 * STEP_S / f->rtt_s;
		if (window > 4e6)
			window = 4e6;
		at_s += piece > most - sent ? STEP_S * (most - sent) / piece : STEP_S;
		piece = piece > most - sent ? most - sent : piece;
		sent += piece;
		n = step / STEPS_A_CHUNK;
		if (n < CHUNKS)
			chunks[n] += piece;
	}
	m->has[FIELD_chunks] = true;
	m->chunks_n = n < CHUNKS ? (uint32_t)n + 1 : CHUNKS;
	for (uint32_t i = 0; i < m->chunks_n; i++)
		m->chunks[i] = (int64_t)chunks[i];
	SET(m, body_bytes, (int64_t)sent);
	SET(m, transfer_us, (int64_t)(at_s * 1e6) + 1);
	return at_s;
}

static void
say_sender(struct measurement *m, const struct flow *f, struct climb *c)
{
	double bytes = (double)m->body_bytes * 1.03 / (1 - f->loss);

	SET(m, sndr_bytes_sent, (int64_t)bytes);
	SET(m, sndr_bytes_retrans, (int64_t)(bytes * f->loss));
	SET(m, sndr_segs_out, (int64_t)(bytes / SEGMENT_BYTES) + 2);
	SET(m, sndr_retrans, m->sndr_bytes_retrans / SEGMENT_BYTES);
	SET(m, sndr_min_rtt_us, (int64_t)(f->rtt_s * 1e6));
	SET(m, sndr_rtt_us,
		m->sndr_min_rtt_us + (int64_t)(f->queue_s * 1e6) +
			(int64_t)chance_between(c->chance, 500, 12000));
}

static void
say_ends(struct climb *c, const struct flow *f, enum direction direction)
{
	struct measurement *m = &c->out[c->n];

	say_sender(m, f, c);
	if (direction == DIRECTION_down) {
		SET(m, transfer_rtt_us, m->sndr_rtt_us);
		return;
	}
	SET(m, rcvr_bytes, m->body_bytes);
	SET(m, rcvr_us, m->transfer_us);
	SET(m, rcvr_rtt_us, m->sndr_rtt_us);
	SET(m, rcvr_segs_in, m->sndr_segs_out - m->sndr_retrans);
}

/* False: nobody was found, and the other way would only wait for the same. */
static bool
transfer(struct climb *c, enum direction direction)
{
	struct path path = climb_path(c, NULL, PASS_TCP);
	bool passes = climb_passes(c, NULL, PASS_TLS) && !c->weather->portal;
	struct measurement *m = climb_begin(c, CHECK_speed, RUNG_quality, NULL);
	struct flow f;
	double s;

	SET(m, direction, direction);
	if (!path.alive || !passes) {
		path.told = path.told && !path.alive;
		if (!path.told) {
			SET(m, os_error, ETIMEDOUT);
			SET(m, retrans, 3);
		}
		climb_fail(c, &path, STAGE_connect, CONNECT_US);
		return false;
	}
	f = flow_of(c, &path, direction);
	SET(m, connect_us, 2 * climb_rtt_us(c, &path));
	SET(m, rtt_us, (int64_t)(f.rtt_s * 1e6));
	SET(m, retrans, 0);
	SET(m, first_byte_us, climb_rtt_us(c, &path) + 1500);
	SET(m, status, HTTP_OK);
	s = run(m, &f);
	if (m->body_bytes < BYTES) {
		bool stood = s < DEADLINE_S;

		climb_end(c, STAGE_body, OUTCOME_generic_timeout_error,
			(int64_t)(s * 1e6) + (stood ? STALL_US : 0));
		return true;
	}
	say_ends(c, &f, direction);
	climb_end(c, STAGE_done, OUTCOME_ok,
		m->connect_us + m->first_byte_us + m->transfer_us);
	c->at_us += m->took_us;
	return true;
}

void
round_flow_measure(struct climb *c)
{
	bool dark = c->abroad_tried > 0 && c->abroad_ok == 0;
	bool found = !dark;

	for (int d = DIRECTION_down; d <= DIRECTION_up; d++) {
		if (found) {
			found = transfer(c, (enum direction)d);
			continue;
		}
		climb_begin(c, CHECK_speed, RUNG_quality, NULL);
		climb_unmeasured(c, REASON_lower_rung);
	}
}
