#include "common/flow.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

/*
 * What a queue does to packets: they wait, longest where it is so full that it drops; and
 * while they wait they leave it one behind the other, each as long after the one before
 * as the line takes to send it.
 */

#define NEAR 3 /* packets before a loss that are asked how long they had waited */
#define NEAR_LEAST_US 100000
/* Behind a queue, a piece that has a rate of its own: long enough for small delays to
 * cancel out, and so short that nothing else can hide in it. */
#define PIECE_PACKETS 10
#define PIECE_US 50000
#define STEP_PACKETS 2
#define WAITED_LEAST_US 2000 /* two grains of the usual timestamp */

/* The least of the waits right before a loss: an acknowledgement that was put off, or a
 * machine that was busy, makes some look longer and none shorter. */
static int64_t
wait_before(const struct flow_sent *sent, size_t at, int64_t near_us)
{
	int64_t least_us = -1;
	int found = 0;

	for (size_t i = at; i > 0 && found < NEAR; i--) {
		const struct flow_sent *s = &sent[i - 1];

		if (sent[at].time_us - s->time_us > near_us)
			break;
		if (s->lost || s->wait_us < 0)
			continue;
		found++;
		if (least_us < 0 || s->wait_us < least_us)
			least_us = s->wait_us;
	}
	return least_us;
}

/* Once a round trip: losses of one speak of the same moment. */
static void
measure_losses(struct flow_facts *facts, int64_t *room, const struct flow_sent *sent,
	size_t n, int64_t rtt_us)
{
	int64_t near_us = rtt_us > NEAR_LEAST_US ? rtt_us : NEAR_LEAST_US;
	int64_t next_us = INT64_MIN, us;
	size_t waits = 0;

	for (size_t i = 0; i < n; i++) {
		if (!sent[i].lost || sent[i].time_us < next_us)
			continue;
		us = wait_before(sent, i, near_us);
		if (us < 0)
			continue;
		room[waits++] = us;
		next_us = sent[i].time_us + rtt_us;
	}
	facts->loss_waits = waits;
	facts->wait_at_loss_us = waits ? flow_quantile(room, waits, 250) : -1;
}

static int
by_arrival(const void *a, const void *b)
{
	const struct flow_sent *x = *(const struct flow_sent *const *)a,
			       *y = *(const struct flow_sent *const *)b;

	if (x->arrived_us != y->arrived_us)
		return x->arrived_us < y->arrived_us ? -1 : 1;
	return (x > y) - (x < y);
}

static size_t
in_order_of_arrival(
	const struct flow_sent **order, const struct flow_sent *sent, size_t n)
{
	size_t arrived = 0;

	for (size_t i = 0; i < n; i++)
		if (!sent[i].lost && sent[i].arrived_us >= 0)
			order[arrived++] = &sent[i];
	qsort(order, arrived, sizeof *order, by_arrival);
	return arrived;
}

/* Pieces of packets that all waited: at least so many, over at least such a time. */
static size_t
service_rates(int64_t *rates, const struct flow_sent *const *order, size_t n,
	int32_t waited_us, size_t piece_packets, int64_t piece_us)
{
	size_t pieces = 0, packets = 0;
	int64_t begin_us = 0, bits = 0, span_us;

	for (size_t i = 0; i < n; i++) {
		const struct flow_sent *s = order[i];

		if (s->wait_us < waited_us) {
			packets = 0;
			continue;
		}
		if (packets++ == 0) {
			begin_us = s->arrived_us;
			bits = 0;
			continue;
		}
		bits += (int64_t)s->bytes * 8;
		span_us = s->arrived_us - begin_us;
		if (packets <= piece_packets || span_us < piece_us)
			continue;
		rates[pieces++] = bits * 1000000 / span_us;
		packets = 1;
		begin_us = s->arrived_us;
		bits = 0;
	}
	return pieces;
}

/* Their median, and how many are within an eighth of it. */
static int32_t
flatness(int64_t *median, int64_t *rates, size_t n)
{
	size_t flat = 0;

	*median = flow_quantile(rates, n, 500);
	for (size_t i = 0; i < n; i++)
		flat += llabs(rates[i] - *median) <= *median / 8;
	return n ? (int32_t)(flat * 1000 / n) : 0;
}

static void
measure_service(
	struct flow_facts *facts, int64_t *room, const struct flow_sent *sent, size_t n)
{
	const struct flow_sent **order = calloc(n, sizeof *order);
	/* Where no wait is known all of them may have waited. */
	int32_t waited_us = facts->wait_high_us < 0 ? -1 : WAITED_LEAST_US;
	int64_t median_bps;
	size_t arrived;

	if (!order)
		bug("no memory");
	arrived = in_order_of_arrival(order, sent, n);
	facts->step_n = service_rates(room, order, arrived, waited_us, STEP_PACKETS, 1);
	facts->step_flat_permille = flatness(&median_bps, room, facts->step_n);
	facts->service_n =
		service_rates(room, order, arrived, waited_us, PIECE_PACKETS, PIECE_US);
	facts->service_flat_permille =
		flatness(&facts->service_bps, room, facts->service_n);
	if (facts->service_n == 0)
		facts->service_bps = median_bps;
	free(order);
}

void
flow_queue_measure(struct flow_facts *facts, const struct flow_sent *sent, size_t n,
	int64_t rtt_us)
{
	int64_t *room = calloc(n, sizeof *room);
	size_t waits = 0;

	if (!room)
		bug("no memory");
	for (size_t i = 0; i < n; i++)
		if (!sent[i].lost && sent[i].wait_us >= 0)
			room[waits++] = sent[i].wait_us;
	facts->wait_median_us = waits ? flow_quantile(room, waits, 500) : -1;
	facts->wait_high_us = waits ? flow_quantile(room, waits, 750) : -1;
	measure_losses(facts, room, sent, n, rtt_us);
	measure_service(facts, room, sent, n);
	free(room);
}
