#include "common/flow.h"

#include <stdlib.h>

#include "common/log.h"

/*
 * Seen at the receiver, what was lost never goes by. It shows as numbers left out: of the
 * sender's IP identification where that counts its packets (one series a connection, as
 * Linux does it; then a retransmission that was lost as well shows too), else of the
 * sequence, and what fills such a hole later had been sent again, or had only been
 * overtaken, as its timestamp tells. When packets were sent is told by their timestamps
 * (RFC 7323), so that it can be seen how long they waited on their way.
 */

#define HOLES 256
#define STEP_MAX 1000 /* a larger leap of the identification is none of its series */
#define LOST_MAX 50000 /* that one hole may stand for */
#define SPAN_LEAST_US 200000 /* of timestamps, before their tick can be told */

struct hole {
	int64_t start, end;
	uint32_t ts_value; /* of the packet that showed it */
	int64_t time_us; /* and when that came */
	size_t first, n; /* what it stands for in the list */
};

struct receiver {
	struct flow *flow;
	const struct flow_view *view;
	int64_t tick_us; /* of the sender's timestamps; 0 not known */
	uint32_t first_stamp; /* of 32 bits: they may go round within a transfer */
	int64_t quickest_us; /* least that came of arrival_less_sent() */
	int64_t gap_us; /* usual distance of two packets */
	bool ids; /* the sender's identification counts its packets */
	int64_t end; /* the highest byte that came */
	uint32_t origin;
	uint16_t id;
	bool begun, id_begun;
	int64_t before_us;
	uint64_t came; /* bytes, also those that came twice */
	struct hole holes[HOLES];
	size_t holes_n;
};

static bool
is_sent(const struct flow_view *view, const struct flow_packet *p)
{
	return p->from_first == view->sender_first && !(p->flags & FLOW_RST);
}

static uint32_t
pieces_of(const struct flow_view *view, const struct flow_packet *p)
{
	if (p->payload_bytes == 0)
		return 1;
	return (p->payload_bytes + view->piece_bytes - 1) / view->piece_bytes;
}

/* ---- what the sender's numbers are worth ---- */

/* Nearly all steps small, and most of them those of packets that follow each other. */
static bool
ids_count(const struct flow_view *view)
{
	size_t steps = 0, small = 0, next = 0;
	const struct flow_packet *last = NULL;

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];
		uint16_t step;

		if (!is_sent(view, p) || !p->has_id || (p->flags & FLOW_SYN))
			continue;
		if (last) {
			step = (uint16_t)(p->ip_id - last->ip_id);
			steps++;
			small += step > 0 && step < STEP_MAX;
			next += step == pieces_of(view, last);
		}
		last = p;
	}
	return steps >= 10 && small * 20 >= steps * 19 && next * 2 >= steps;
}

/* Ticks that senders use; the one whose pace is within a sixteenth of what was seen. */
static int64_t
tick_of(const struct flow_view *view)
{
	static const int64_t ticks_us[] = {1, 1000, 2000, 4000, 10000, 100000};
	const struct flow_packet *first = NULL, *last = NULL;
	int64_t span_us, ticks;

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];

		if (!is_sent(view, p) || !p->has_ts || p->payload_bytes == 0)
			continue;
		first = first ? first : p;
		last = p;
	}
	if (!first || last->time_us - first->time_us < SPAN_LEAST_US)
		return 0;
	span_us = last->time_us - first->time_us;
	ticks = (int32_t)(last->ts_value - first->ts_value);
	for (size_t i = 0; i < sizeof ticks_us / sizeof ticks_us[0]; i++) {
		int64_t off_us = ticks * ticks_us[i] - span_us;

		/* What queues has the later one arrive later still. */
		if (off_us < span_us / 16 && off_us > -span_us / 3)
			return ticks_us[i];
	}
	return 0;
}

/* By the sender's clock: only differences mean anything. */
static int64_t
arrival_less_sent(const struct receiver *r, const struct flow_packet *p)
{
	return p->time_us - r->view->packets[0].time_us -
	       (int64_t)(int32_t)(p->ts_value - r->first_stamp) * r->tick_us;
}

static bool
has_stamp(const struct flow_view *view, const struct flow_packet *p)
{
	return is_sent(view, p) && p->has_ts && p->payload_bytes > 0;
}

static void
read_stamps(struct receiver *r)
{
	const struct flow_view *view = r->view;
	bool begun = false;

	r->tick_us = tick_of(view);
	r->quickest_us = INT64_MAX;
	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];
		int64_t us;

		if (!has_stamp(view, p))
			continue;
		if (!begun)
			r->first_stamp = p->ts_value;
		begun = true;
		us = arrival_less_sent(r, p);
		r->quickest_us = us < r->quickest_us ? us : r->quickest_us;
	}
}

static int64_t
usual_gap(const struct flow_view *view)
{
	int64_t *gaps = calloc(view->n ? view->n : 1, sizeof *gaps), before_us = -1, us;
	size_t n = 0;

	if (!gaps)
		bug("no memory");
	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];

		if (!is_sent(view, p) || p->payload_bytes == 0)
			continue;
		if (before_us >= 0)
			gaps[n++] = p->time_us - before_us;
		before_us = p->time_us;
	}
	us = flow_quantile(gaps, n, 500);
	free(gaps);
	return us;
}

/* ---- what was lost ---- */

/* ${n} packets between the one before and this one. They left right behind the one
 * before: had they been held up, a meter would have had time to fill. */
static void
lose(struct receiver *r, size_t n, int64_t now_us)
{
	int64_t room_us = (now_us - r->before_us) / ((int64_t)n + 1);
	int64_t step_us = room_us < r->gap_us ? room_us : r->gap_us;
	/* Headers of the usual size: 20 of IP, 32 of TCP. */
	uint32_t bytes = r->view->piece_bytes + 52;

	for (size_t i = 1; i <= n; i++) {
		struct flow_sent *sent = flow_append(
			r->flow, r->before_us + (int64_t)i * step_us, bytes);

		if (!sent)
			return;
		sent->lost = true;
	}
}

/* One that was taken for lost had only been overtaken. */
static void
find_again(struct receiver *r, size_t first, size_t n)
{
	for (size_t i = first + n; i > first; i--) {
		struct flow_sent *sent = &r->flow->sent[i - 1];

		if (sent->lost) {
			sent->lost = false;
			sent->bytes = 0; /* left out at the end */
			return;
		}
	}
}

static void
follow_id(struct receiver *r, const struct flow_packet *p)
{
	uint16_t step = (uint16_t)(p->ip_id - r->id);
	size_t back = r->flow->n < HOLES ? r->flow->n : HOLES;

	if (r->id_begun && step >= 0x8000) {
		find_again(r, r->flow->n - back, back);
		return;
	}
	if (r->id_begun && step > 1 && step < STEP_MAX)
		lose(r, (size_t)step - 1, p->time_us);
	r->id = (uint16_t)(p->ip_id + pieces_of(r->view, p) - 1);
	r->id_begun = true;
}

static void
open_hole(struct receiver *r, const struct flow_packet *p, int64_t start, int64_t end)
{
	uint32_t piece = r->view->piece_bytes;
	int64_t n = (end - start + piece - 1) / piece;
	size_t first = r->flow->n;

	if (n > LOST_MAX)
		return;
	lose(r, (size_t)n, p->time_us);
	if (r->holes_n == HOLES) {
		for (size_t i = 1; i < HOLES; i++)
			r->holes[i - 1] = r->holes[i];
		r->holes_n--;
	}
	r->holes[r->holes_n++] = (struct hole){
		start, end, p->ts_value, p->time_us, first, r->flow->n - first};
}

static bool
was_overtaken(
	const struct receiver *r, const struct hole *hole, const struct flow_packet *p)
{
	if (p->has_ts)
		return (int32_t)(p->ts_value - hole->ts_value) <= 0;
	return p->time_us - hole->time_us < r->flow->rtt_min_us / 2;
}

static void
fill_holes(struct receiver *r, const struct flow_packet *p, int64_t start, int64_t end)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->holes_n; i++) {
		struct hole *hole = &r->holes[i];

		if (start < hole->end && end > hole->start) {
			if (was_overtaken(r, hole, p))
				find_again(r, hole->first, hole->n);
			if (start <= hole->start)
				hole->start = end;
			else if (end >= hole->end)
				hole->end = start;
		}
		if (hole->start < hole->end)
			r->holes[kept++] = *hole;
	}
	r->holes_n = kept;
}

/* ---- what arrived ---- */

static void
arrive(struct receiver *r, const struct flow_packet *p)
{
	uint32_t left = p->payload_bytes, piece;
	int64_t wait_us = -1;

	if (r->tick_us > 0 && p->has_ts)
		wait_us = arrival_less_sent(r, p) - r->quickest_us;
	for (; left > 0; left -= piece) {
		struct flow_sent *sent;

		piece = left < r->view->piece_bytes ? left : r->view->piece_bytes;
		sent = flow_append(r->flow, p->time_us, piece + p->head_bytes);
		if (!sent)
			return;
		sent->arrived_us = p->time_us;
		sent->wait_us = (int32_t)(wait_us < INT32_MAX ? wait_us : INT32_MAX);
	}
}

static void
take_data(struct receiver *r, const struct flow_packet *p)
{
	int64_t start, end;

	if (!r->begun) {
		r->begun = true;
		r->origin = p->seq;
		r->before_us = p->time_us;
	}
	start = r->end + (int32_t)(p->seq - (r->origin + (uint32_t)r->end));
	end = start + p->payload_bytes;
	if (r->ids)
		follow_id(r, p);
	else if (start > r->end)
		open_hole(r, p, r->end, start);
	else if (start < r->end)
		fill_holes(r, p, start, end);
	r->end = end > r->end ? end : r->end;
	arrive(r, p);
	r->came += p->payload_bytes;
	r->before_us = p->time_us;
}

void
flow_receiver_read(struct flow *flow, const struct flow_view *view)
{
	struct receiver r = {.flow = flow, .view = view};
	size_t kept = 0;

	read_stamps(&r);
	r.gap_us = usual_gap(view);
	r.ids = ids_count(view);
	for (size_t i = 0; i < view->n && !flow->cut; i++) {
		const struct flow_packet *p = &view->packets[i];

		if (!is_sent(view, p) || (p->flags & FLOW_SYN))
			continue;
		if (p->payload_bytes > 0)
			take_data(&r, p);
		else if (r.begun && r.ids)
			follow_id(&r, p);
	}
	flow->payload_bytes = (uint64_t)r.end < r.came ? (uint64_t)r.end : r.came;
	for (size_t i = 0; i < flow->n; i++)
		if (flow->sent[i].bytes > 0)
			flow->sent[kept++] = flow->sent[i];
	flow->n = kept;
}
