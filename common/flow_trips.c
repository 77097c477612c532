#include "common/flow.h"

#include <stdlib.h>

#include "common/log.h"

/* Round trips, and at which end they were captured. */

#define SAMPLES_MAX 100000

struct samples {
	int64_t *us;
	size_t n;
};

static void
samples_add(struct samples *samples, int64_t us)
{
	if (samples->n < SAMPLES_MAX)
		samples->us[samples->n++] = us;
}

/* Data -> its acknowledgement, one at a time, of data sent once (Karn and Partridge,
 * SIGCOMM 1987). Near the sender this is the round trip, near the receiver next to
 * nothing. */
static void
sample_acks(struct samples *out, const struct flow_view *view)
{
	bool waits = false, any = false;
	uint32_t end = 0, highest = 0;
	int64_t since_us = 0;

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];

		if (p->from_first == view->sender_first && p->payload_bytes > 0) {
			bool fresh = !any || (int32_t)(p->seq - highest) >= 0;

			if (fresh) {
				highest = p->seq + p->payload_bytes;
				any = true;
			}
			if (fresh && !waits) {
				waits = true;
				end = highest;
				since_us = p->time_us;
			} else if (!fresh && (int32_t)(p->seq - end) < 0) {
				waits = false;
			}
		} else if (p->from_first != view->sender_first && waits &&
			   (p->flags & FLOW_ACK) && (int32_t)(p->ack - end) >= 0) {
			samples_add(out, p->time_us - since_us);
			waits = false;
		}
	}
}

/* A timestamp of the receiver -> the first data that echoes it. Near the receiver this is
 * the round trip (and what the sender waited), near the sender next to nothing. */
static void
sample_echoes(struct samples *out, const struct flow_view *view)
{
	bool waits = false, any = false;
	uint32_t value = 0, newest = 0;
	int64_t since_us = 0;

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];

		if (!p->has_ts || (p->flags & FLOW_RST))
			continue;
		if (p->from_first != view->sender_first) {
			bool fresh = !any || (int32_t)(p->ts_value - newest) > 0;

			if (fresh) {
				newest = p->ts_value;
				any = true;
			}
			if (fresh && !waits) {
				waits = true;
				value = newest;
				since_us = p->time_us;
			}
		} else if (waits && (int32_t)(p->ts_echo - value) >= 0) {
			if (p->payload_bytes > 0 || (p->flags & FLOW_SYN))
				samples_add(out, p->time_us - since_us);
			waits = false;
		}
	}
}

/* SYN -> SYN-ACK (who opened is far from who answers) and SYN-ACK -> ACK; -1 not seen. */
static void
handshake(int64_t us[2], const struct flow_view *view)
{
	int64_t syn_us = -1, answer_us = -1;

	us[0] = us[1] = -1;
	for (size_t i = 0; i < view->n && us[1] < 0; i++) {
		const struct flow_packet *p = &view->packets[i];
		bool syn = p->flags & FLOW_SYN, ack = p->flags & FLOW_ACK;

		if (syn && !ack && p->from_first) {
			syn_us = us[0] < 0 ? p->time_us : syn_us;
		} else if (syn && ack && !p->from_first && syn_us >= 0) {
			us[0] = p->time_us - syn_us;
			answer_us = p->time_us;
		} else if (!syn && ack && p->from_first && answer_us >= 0) {
			us[1] = p->time_us - answer_us;
		} else if (!syn) {
			return;
		}
	}
}

static int64_t
least(const struct samples *samples)
{
	int64_t us = -1;

	for (size_t i = 0; i < samples->n; i++)
		if (us < 0 || samples->us[i] < us)
			us = samples->us[i];
	return us;
}

static bool
has_gaps(const struct flow_view *view)
{
	bool any = false;
	uint32_t next = 0;

	for (size_t i = 0; i < view->n; i++) {
		const struct flow_packet *p = &view->packets[i];

		if (p->from_first != view->sender_first || p->payload_bytes == 0)
			continue;
		if (any && (int32_t)(p->seq - next) > 0)
			return true;
		if (!any || (int32_t)(p->seq + p->payload_bytes - next) > 0)
			next = p->seq + p->payload_bytes;
		any = true;
	}
	return false;
}

void
flow_trips_read(struct flow *flow, const struct flow_view *view)
{
	struct samples acks = {calloc(SAMPLES_MAX, sizeof *acks.us), 0},
		       echoes = {calloc(SAMPLES_MAX, sizeof *echoes.us), 0}, *own;
	int64_t at_ack, at_echo, hands[2];

	if (!acks.us || !echoes.us)
		bug("no memory");
	sample_acks(&acks, view);
	sample_echoes(&echoes, view);
	handshake(hands, view);
	at_ack = least(&acks);
	at_echo = least(&echoes);
	if (at_ack >= 0 && at_echo >= 0)
		flow->end = at_ack >= at_echo ? FLOW_AT_SENDER : FLOW_AT_RECEIVER;
	else if (hands[1] >= 0)
		flow->end = (hands[0] >= hands[1]) == view->sender_first
				    ? FLOW_AT_SENDER
				    : FLOW_AT_RECEIVER;
	else
		flow->end = has_gaps(view) ? FLOW_AT_RECEIVER : FLOW_AT_SENDER;
	own = flow->end == FLOW_AT_SENDER ? &acks : &echoes;
	for (size_t i = 0; i < 2; i++)
		if (hands[1] >= 0 && hands[i] > hands[1 - i])
			samples_add(own, hands[i]);
	flow->rtt_min_us = own->n ? least(own) : 0;
	flow->rtt_median_us = flow_quantile(own->us, own->n, 500);
	flow->rtt_p90_us = flow_quantile(own->us, own->n, 900);
	free(acks.us);
	free(echoes.us);
}
