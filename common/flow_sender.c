#include "common/flow.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

/*
 * Seen at the sender, every packet goes by before anything can happen to it. What became
 * of it is told by the acknowledgements: a piece that was sent again before it was
 * acknowledged was lost, unless the acknowledgement came too soon for the second one, or
 * echoes a timestamp from before it (RFC 3522): then the first one had only been slow.
 */

#define NONE UINT32_MAX
#define RECENT 8
#define TOGETHER 64 /* acknowledged at once */
#define PUT_OFF_US 40000 /* that Linux holds an acknowledgement back */
#define GRAIN_US 1000
#define OLD_RETRY_BYTES 1 /* a keep-alive or a window probe */

struct segment {
	int64_t start, end; /* distance from the first sequence number */
	uint32_t last; /* the latest packet that carried it */
	uint32_t
		next; /* itself while it is open; else where to look for the next open */
};

struct carried {
	uint32_t before; /* the packet that carried the same piece before, or NONE */
	uint32_t ts_value;
};

struct sender {
	struct flow *flow;
	uint32_t piece_bytes;
	struct segment *segments;
	size_t n, room;
	struct carried *carried; /* beside flow->sent */
	size_t carried_room;
	int64_t end, acknowledged;
	uint32_t origin;
	bool begun;
	int64_t recent_us[RECENT];
	int64_t least_us; /* -1 not known */
	size_t recent_n;
};

struct news {
	int64_t time_us;
	uint32_t ts_echo;
	bool has_ts, in_order;
};

static int64_t
distance(const struct sender *s, uint32_t seq)
{
	return s->end + (int32_t)(seq - (s->origin + (uint32_t)s->end));
}

static void *
grown(void *array, size_t *room, size_t n, size_t size)
{
	if (n < *room)
		return array;
	*room = *room ? 2 * *room : 256;
	array = realloc(array, *room * size);
	if (!array)
		bug("no memory");
	return array;
}

/* The first segment that ends behind ${at}. */
static size_t
find_segment(const struct sender *s, int64_t at)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->segments[middle].end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first open segment from ${at} on; s->n: none. Shortens the way it went. */
static size_t
find_open(struct sender *s, size_t at)
{
	while (at < s->n && s->segments[at].next != at) {
		uint32_t next = s->segments[at].next;

		if (next < s->n)
			s->segments[at].next = s->segments[next].next;
		at = next;
	}
	return at;
}

static bool
carry(struct sender *s, const struct flow_packet *p, struct segment *segment)
{
	size_t at = s->flow->n;

	if (!flow_append(s->flow, p->time_us,
		    (uint32_t)(segment->end - segment->start) + p->head_bytes))
		return false;
	s->carried = grown(s->carried, &s->carried_room, at, sizeof *s->carried);
	s->carried[at] = (struct carried){segment->last, p->ts_value};
	segment->last = (uint32_t)at;
	return true;
}

static bool
send_again(struct sender *s, const struct flow_packet *p, int64_t start, int64_t end)
{
	for (size_t i = find_segment(s, start); i < s->n && s->segments[i].start < end;
		i++) {
		struct segment *segment = &s->segments[i];

		/* Cut otherwise than the first time: its last bytes alone, and more behind. */
		if (segment->start < start && segment->end < end)
			continue;
		/* Already there: it goes onto the wire all the same. */
		if (find_open(s, i) != i && p->payload_bytes <= OLD_RETRY_BYTES)
			continue;
		if (!carry(s, p, segment))
			return false;
	}
	return true;
}

static bool
send_piece(struct sender *s, const struct flow_packet *p, int64_t start, int64_t end)
{
	if (start < s->end && !send_again(s, p, start, end < s->end ? end : s->end))
		return false;
	if (start < s->end)
		start = s->end;
	if (start >= end)
		return true;
	s->segments = grown(s->segments, &s->room, s->n, sizeof *s->segments);
	s->segments[s->n] = (struct segment){start, end, NONE, (uint32_t)s->n};
	s->n++;
	s->end = end;
	return carry(s, p, &s->segments[s->n - 1]);
}

static bool
send_packet(struct sender *s, const struct flow_packet *p)
{
	int64_t start, end;

	if (!s->begun) {
		s->begun = true;
		s->origin = p->seq;
	}
	start = distance(s, p->seq);
	if (start < 0)
		return true;
	end = start + p->payload_bytes;
	for (int64_t at = start; at < end; at += s->piece_bytes)
		if (!send_piece(s, p, at,
			    at + s->piece_bytes < end ? at + s->piece_bytes : end))
			return false;
	return true;
}

static int64_t
recent_rtt(const struct sender *s)
{
	int64_t us = 0;

	for (size_t i = 0; i < RECENT && i < s->recent_n; i++)
		if (i == 0 || s->recent_us[i] < us)
			us = s->recent_us[i];
	return us;
}

/* Which of the packets that carried a piece it was that arrived. */
static uint32_t
which_arrived(const struct sender *s, uint32_t at, const struct news *news)
{
	int64_t least_us = recent_rtt(s) / 4 * 3;

	while (s->carried[at].before != NONE) {
		bool too_soon = news->time_us - s->flow->sent[at].time_us < least_us;
		/* Behind a hole the echo is that of what came before it. */
		bool too_old = news->in_order && news->has_ts &&
			       (int32_t)(news->ts_echo - s->carried[at].ts_value) < 0;

		if (!too_soon && !too_old)
			break;
		at = s->carried[at].before;
	}
	return at;
}

static uint32_t
arrive(struct sender *s, const struct segment *segment, const struct news *news)
{
	uint32_t at = which_arrived(s, segment->last, news), lost = at;

	s->flow->sent[at].arrived_us = news->time_us;
	s->flow->payload_bytes += (uint64_t)(segment->end - segment->start);
	while ((lost = s->carried[lost].before) != NONE)
		s->flow->sent[lost].lost = true;
	return at;
}

/* How long the acknowledgement of one packet alone may have been held back: until the next
 * one would have come (RFC 9293 section 3.8.6.3). */
static int64_t
held_back(const struct sender *s, uint32_t at)
{
	const struct flow_sent *sent = s->flow->sent;
	int64_t gap_us = PUT_OFF_US;

	if (at + 1 < s->flow->n)
		gap_us = sent[at + 1].time_us - sent[at].time_us;
	return gap_us < PUT_OFF_US ? gap_us : PUT_OFF_US;
}

/* Of what is acknowledged together the last came just now, and the others had waited about
 * as long as that. */
static void
note_waits(struct sender *s, const uint32_t *came, size_t n, const struct news *news)
{
	uint32_t last = came[n - 1];
	int64_t rtt_us = news->time_us - s->flow->sent[last].time_us, held_us = 0;

	if (rtt_us > INT32_MAX)
		rtt_us = INT32_MAX;
	s->recent_us[s->recent_n++ % RECENT] = rtt_us;
	if (s->least_us < 0 || rtt_us < s->least_us)
		s->least_us = rtt_us;
	if (n == 1 && news->in_order)
		held_us = held_back(s, last);
	if (held_us > GRAIN_US && rtt_us - held_us < s->least_us)
		return;
	for (size_t i = 0; i < n; i++)
		s->flow->sent[came[i]].wait_us = (int32_t)(rtt_us - held_us);
}

static void
arrive_range(struct sender *s, int64_t start, int64_t end, const struct news *news)
{
	size_t i = find_open(s, find_segment(s, start)), n = 0;
	uint32_t came[TOGETHER];

	for (; i < s->n && s->segments[i].end <= end; i = find_open(s, i + 1)) {
		struct segment *segment = &s->segments[i];
		uint32_t at;

		if (segment->start < start)
			continue;
		at = arrive(s, segment, news);
		segment->next = (uint32_t)i + 1;
		/* Sent twice: nobody knows which one it was. */
		if (s->carried[segment->last].before == NONE)
			came[n < TOGETHER ? n++ : TOGETHER - 1] = at;
	}
	if (n > 0)
		note_waits(s, came, n, news);
}

static void
take_ack(struct sender *s, const struct flow_packet *p)
{
	struct news news = {p->time_us, p->ts_echo, p->has_ts, true};
	int64_t ack = distance(s, p->ack);

	/* A FIN takes up room, too. */
	if (ack == s->end + 1)
		ack--;
	if (ack > s->end)
		return;
	if (ack > s->acknowledged) {
		arrive_range(s, s->acknowledged, ack, &news);
		s->acknowledged = ack;
	}
	news.in_order = false;
	for (size_t i = 0; i < p->sacks_n; i++) {
		int64_t start = distance(s, p->sacks[i][0]),
			end = distance(s, p->sacks[i][1]);

		/* Below the acknowledgement it tells of a duplicate (RFC 2883). */
		if (start > s->acknowledged && end > start && end <= s->end)
			arrive_range(s, start, end, &news);
	}
}

/* Sent, and nothing more was heard of it: left out, as nobody knows. A packet whose piece
 * had arrived by another one passed, as far as anybody knows. */
static void
leave_out_open(struct sender *s)
{
	struct flow *flow = s->flow;
	size_t kept = 0;

	for (size_t i = find_open(s, 0); i < s->n; i = find_open(s, i + 1))
		for (uint32_t at = s->segments[i].last; at != NONE;
			at = s->carried[at].before)
			flow->sent[at].bytes = 0;
	for (size_t i = 0; i < flow->n; i++)
		if (flow->sent[i].bytes > 0)
			flow->sent[kept++] = flow->sent[i];
	flow->n = kept;
}

/* Waits are counted from the quickest answer. */
static void
wait_from_least(const struct sender *s)
{
	for (size_t i = 0; i < s->flow->n; i++) {
		int32_t *wait_us = &s->flow->sent[i].wait_us;

		if (*wait_us >= 0 && s->least_us >= 0)
			*wait_us = *wait_us > s->least_us
					   ? *wait_us - (int32_t)s->least_us
					   : 0;
		else
			*wait_us = -1;
	}
}

void
flow_sender_read(struct flow *flow, const struct flow_view *view)
{
	struct sender s = {
		.flow = flow, .piece_bytes = view->piece_bytes, .least_us = -1};

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];

		if (p->flags & FLOW_RST)
			continue;
		if (p->from_first == view->sender_first) {
			if (p->payload_bytes > 0 && !send_packet(&s, p))
				break;
		} else if (s.begun && (p->flags & FLOW_ACK)) {
			take_ack(&s, p);
		}
	}
	leave_out_open(&s);
	wait_from_least(&s);
	free(s.segments);
	free(s.carried);
}
