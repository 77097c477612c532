#include "common/flow_looks.h"

#include <stdlib.h>

/* Pieces as flow_queue.c has them. */
#define PIECE_PACKETS 10
#define PIECE_US 50000
#define WAITED_LEAST_US 2000

void
flow_looks_start(struct flow_looks *looks, enum flow_end end, uint32_t head_bytes,
	const struct flow_look *first)
{
	looks->end = end;
	looks->head_bytes = head_bytes;
	looks->apart_us = FLOW_LOOK_APART_US;
	looks->first = looks->last = *first;
	looks->n = 0;
}

static void
thin(struct flow_looks *looks)
{
	for (size_t i = 0; i < FLOW_LOOKS / 2; i++)
		looks->looks[i] = looks->looks[2 * i + 1];
	looks->n = FLOW_LOOKS / 2;
	looks->apart_us *= 2;
}

void
flow_looks_add(struct flow_looks *looks, const struct flow_look *look)
{
	const struct flow_look *before =
		looks->n ? &looks->looks[looks->n - 1] : &looks->first;

	/* The counters of a connection that was reset may be gone. */
	if (look->packets < looks->last.packets || look->bytes < looks->last.bytes)
		return;
	looks->last = *look;
	if (look->time_us - before->time_us < looks->apart_us)
		return;
	if (looks->n == FLOW_LOOKS)
		thin(looks);
	looks->looks[looks->n++] = *look;
}

static const struct flow_look *
before(const struct flow_looks *looks, size_t i)
{
	return i > 0 ? &looks->looks[i - 1] : &looks->first;
}

/* The least round trip that anything shows. */
static int64_t
rest_us(const struct flow_looks *looks)
{
	int64_t least_us = looks->last.rest_us;

	for (size_t i = 0; i < looks->n; i++) {
		int64_t us = looks->looks[i].rtt_us;

		if (us > 0 && (least_us == 0 || us < least_us))
			least_us = us;
	}
	return least_us;
}

/* -1: not told. */
static int64_t
wait_of(const struct flow_look *look, int64_t least_us)
{
	return look->rtt_us > 0 && least_us > 0 ? look->rtt_us - least_us : -1;
}

/* While something arrived. */
static void
measure_waits(struct flow_facts *facts, int64_t *room, const struct flow_looks *looks,
	int64_t least_us)
{
	size_t n = 0;

	for (size_t i = 0; i < looks->n; i++) {
		int64_t us = wait_of(&looks->looks[i], least_us);

		if (us >= 0 && looks->looks[i].packets > before(looks, i)->packets)
			room[n++] = us;
	}
	facts->wait_median_us = n ? flow_quantile(room, n, 500) : -1;
	facts->wait_high_us = n ? flow_quantile(room, n, 750) : -1;
}

/* The look before the one at which more had been sent again, once a round trip. */
static void
measure_losses(struct flow_facts *facts, int64_t *room, const struct flow_looks *looks,
	int64_t least_us)
{
	int64_t next_us = INT64_MIN;
	size_t n = 0;

	for (size_t i = 1; i < looks->n; i++) {
		const struct flow_look *look = &looks->looks[i];
		int64_t us = wait_of(before(looks, i), least_us);

		if (look->again <= before(looks, i)->again || us < 0 ||
			look->time_us < next_us)
			continue;
		room[n++] = us;
		next_us = look->time_us + look->rtt_us;
	}
	facts->loss_waits = n;
	facts->wait_at_loss_us = n ? flow_quantile(room, n, 250) : -1;
}

/* Of an IP packet on average; what arrived twice counts as smaller. */
static int64_t
packet_bytes(const struct flow_looks *looks)
{
	int64_t packets = looks->last.packets - looks->first.packets;
	int64_t bytes = looks->last.bytes - looks->first.bytes;

	return packets > 0 ? bytes / packets + looks->head_bytes : 0;
}

static void
measure_service(struct flow_facts *facts, int64_t *room, const struct flow_looks *looks,
	int64_t least_us)
{
	const struct flow_look *begin = NULL;
	int64_t bits = packet_bytes(looks) * 8;
	size_t n = 0, flat = 0;

	for (size_t i = 0; i < looks->n; i++) {
		const struct flow_look *look = &looks->looks[i];
		int64_t us = wait_of(look, least_us), packets, span_us;

		if (us >= 0 && us < WAITED_LEAST_US) {
			begin = NULL;
			continue;
		}
		if (!begin) {
			begin = look;
			continue;
		}
		packets = look->packets - begin->packets;
		span_us = look->time_us - begin->time_us;
		if (packets < PIECE_PACKETS || span_us < PIECE_US)
			continue;
		room[n++] = packets * bits * 1000000 / span_us;
		begin = look;
	}
	facts->service_n = n;
	facts->service_bps = flow_quantile(room, n, 500);
	for (size_t i = 0; i < n; i++)
		flat += llabs(room[i] - facts->service_bps) * 8 <= facts->service_bps;
	facts->service_flat_permille = n ? (int32_t)(flat * 1000 / n) : 0;
}

void
flow_looks_measure(struct flow_facts *facts, const struct flow_looks *looks)
{
	const struct flow_look *first = &looks->first, *last = &looks->last;
	int64_t least_us = rest_us(looks), lost, room[FLOW_LOOKS];

	*facts = (struct flow_facts){.wait_at_loss_us = -1};
	facts->passed_bytes =
		(uint64_t)((last->packets - first->packets) * packet_bytes(looks));
	facts->span_us = last->time_us - first->time_us;
	if (facts->span_us > 0)
		facts->passed_bps = (int64_t)(facts->passed_bytes * 8 * 1000000 /
					      (uint64_t)facts->span_us);
	measure_waits(facts, room, looks, least_us);
	measure_service(facts, room, looks, least_us);
	if (looks->end != FLOW_AT_SENDER || last->sent <= first->sent)
		return;
	lost = last->again - first->again - (last->needless - first->needless);
	facts->sent = (size_t)(last->sent - first->sent);
	facts->lost = lost > 0 ? (size_t)lost : 0;
	measure_losses(facts, room, looks, least_us);
}
