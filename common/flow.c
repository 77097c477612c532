#include "common/flow.h"

#include <stdlib.h>

#include "common/log.h"

#define PIECE_LEAST 256 /* below any real segment size; bounds the pieces of a packet */
#define PIECE_USUAL 1448 /* RFC 894's 1500 less 40 and the timestamps' 12 */
#define TS_BYTES 12
/* A reset is "too soon" by more than a clock's grain. */
#define GRAIN_US 1000

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t
flow_quantile(int64_t *values, size_t n, unsigned permille)
{
	size_t at = n * permille / 1000;

	if (n == 0)
		return 0;
	qsort(values, n, sizeof *values, by_value);
	return values[at < n ? at : n - 1];
}

struct flow_sent *
flow_append(struct flow *flow, int64_t time_us, uint32_t bytes)
{
	struct flow_sent *sent;

	if (flow->n >= flow->most) {
		flow->cut = true;
		return NULL;
	}
	/* Room is made in powers of two. */
	if ((flow->n & (flow->n - 1)) == 0) {
		size_t room = flow->n ? 2 * flow->n : 1;

		flow->sent = realloc(flow->sent, room * sizeof *flow->sent);
		if (!flow->sent)
			bug("no memory");
	}
	sent = &flow->sent[flow->n++];
	*sent = (struct flow_sent){.time_us = time_us,
		.arrived_us = -1,
		.wait_us = -1,
		.bytes = bytes & 0x7fffffff};
	return sent;
}

void
flow_free(struct flow *flow)
{
	free(flow->sent);
	flow->sent = NULL;
	flow->n = 0;
}

/* ---- who sends, and in which pieces ---- */

static void
view_packets(struct flow_view *view, const struct flow_packet *packets, size_t n)
{
	uint64_t bytes[2] = {0, 0};
	uint32_t most = 0, mss = 0;
	bool stamps = false;

	for (size_t i = 0; i < n; i++) {
		const struct flow_packet *p = &packets[i];

		bytes[p->from_first] += p->payload_bytes;
		most = p->payload_bytes > most ? p->payload_bytes : most;
		stamps = stamps || p->has_ts;
		if ((p->flags & FLOW_SYN) && p->mss && (mss == 0 || p->mss < mss))
			mss = p->mss;
	}
	*view = (struct flow_view){packets, n, bytes[1] >= bytes[0], PIECE_USUAL};
	if (mss > 0)
		view->piece_bytes = mss - (stamps && mss > TS_BYTES ? TS_BYTES : 0);
	else if (most > 0 && most <= PIECE_USUAL + TS_BYTES)
		view->piece_bytes = most;
	if (view->piece_bytes < PIECE_LEAST)
		view->piece_bytes = PIECE_LEAST;
}

/* ---- resets, and the silence that is none ---- */

/* What one end has sent so far. */
struct said {
	const struct flow_packet *last;
	const struct flow_packet *last_counted; /* that took up room in its sequence */
	uint32_t next; /* where it is: behind the farthest */
};

static void
note_said(struct said *said, const struct flow_packet *p)
{
	uint32_t room = p->payload_bytes + ((p->flags & (FLOW_SYN | FLOW_FIN)) != 0);
	uint32_t next = p->seq + room;

	if (!said->last || (int32_t)(next - said->next) > 0)
		said->next = next;
	if (room > 0)
		said->last_counted = p;
	said->last = p;
}

static void
note_reset(struct flow_resets *resets, const struct flow_packet *reset,
	const struct said *its, const struct flow_packet *others, int64_t rtt_us)
{
	const struct flow_packet *own = its->last;

	resets->n++;
	if (own) {
		int16_t step = (int16_t)(uint16_t)(reset->ip_id - own->ip_id);

		resets->odd_hops += reset->hops != own->hops;
		/* 0 is what Linux sends where there is no connection any more. */
		resets->odd_id += reset->has_id && reset->ip_id != 0 &&
				  own->ip_id != 0 && (step < 0 || step > 1000);
		resets->odd_seq += reset->seq != its->next;
	}
	if (others)
		resets->too_soon +=
			rtt_us > 0 && reset->time_us - others->time_us <
					      rtt_us - rtt_us / 4 - GRAIN_US;
}

/* A reset from the near end comes as soon as it likes: only the far one's is timed, against
 * what it can have been the answer to. Of acknowledgements alone it is none. */
static void
read_resets(struct flow *flow, const struct flow_view *view)
{
	struct said said[2] = {{0}, {0}};
	bool reset[2] = {false, false};

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];
		bool from_sender = p->from_first == view->sender_first;
		bool far = from_sender == (flow->end == FLOW_AT_RECEIVER);

		if (p->flags & FLOW_RST) {
			note_reset(&flow->resets, p, &said[p->from_first],
				far ? said[!p->from_first].last_counted : NULL,
				flow->rtt_min_us);
			reset[p->from_first] = true;
			continue;
		}
		if (reset[p->from_first] && p->payload_bytes > 0)
			flow->resets.answered_after++;
		note_said(&said[p->from_first], p);
	}
}

/* What the far end sent last, while this end still tried. */
static void
read_silence(struct flow *flow, const struct flow_view *view, int64_t until_us)
{
	bool near_sends = flow->end == FLOW_AT_SENDER;
	int64_t heard_us = -1;
	uint32_t tries = 0;

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];
		bool near = (p->from_first == view->sender_first) == near_sends;

		if (p->flags & (FLOW_FIN | FLOW_RST))
			return;
		if (near) {
			tries++;
		} else {
			heard_us = p->time_us;
			tries = 0;
		}
	}
	if (heard_us < 0 || until_us <= heard_us)
		return;
	flow->silent_us = until_us - heard_us;
	flow->silent_tries = tries;
}

void
flow_read(struct flow *flow, const struct flow_packet *packets, size_t n,
	int64_t until_us, size_t most)
{
	struct flow_view view;

	*flow = (struct flow){.most = most};
	view_packets(&view, packets, n);
	flow_trips_read(flow, &view);
	read_resets(flow, &view);
	read_silence(flow, &view, until_us);
	if (flow->end == FLOW_AT_SENDER)
		flow_sender_read(flow, &view);
	else
		flow_receiver_read(flow, &view);
	if (flow->n > 0) {
		flow->first_us = flow->sent[0].time_us;
		flow->last_us = flow->sent[flow->n - 1].time_us;
	}
}

/* Packets of one moment stay in the order they had. */
struct placed {
	struct flow_sent sent;
	uint32_t at;
};

static int
by_time(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->sent.time_us != y->sent.time_us)
		return x->sent.time_us < y->sent.time_us ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static void
sort_by_time(struct flow_sent *sent, size_t n)
{
	struct placed *placed = calloc(n, sizeof *placed);

	if (!placed)
		bug("no memory");
	for (size_t i = 0; i < n; i++)
		placed[i] = (struct placed){sent[i], (uint32_t)i};
	qsort(placed, n, sizeof *placed, by_time);
	for (size_t i = 0; i < n; i++)
		sent[i] = placed[i].sent;
	free(placed);
}

static void
add_flow(struct flow *out, const struct flow *f)
{
	for (size_t k = 0; k < f->n; k++) {
		struct flow_sent *sent = flow_append(out, 0, 0);

		if (!sent)
			return;
		*sent = f->sent[k];
	}
	out->payload_bytes += f->payload_bytes;
	if (f->rtt_min_us > 0 &&
		(out->rtt_min_us == 0 || f->rtt_min_us < out->rtt_min_us))
		out->rtt_min_us = f->rtt_min_us;
}

void
flow_merge(struct flow *out, const struct flow *const *flows, size_t n)
{
	*out = (struct flow){0};
	for (size_t i = 0; i < n; i++)
		out->most += flows[i]->n;
	for (size_t i = 0; i < n; i++)
		add_flow(out, flows[i]);
	if (out->n == 0)
		return;
	sort_by_time(out->sent, out->n);
	out->first_us = out->sent[0].time_us;
	out->last_us = out->sent[out->n - 1].time_us;
}
