#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/flow.h"

/*
 * A transfer as it is captured at one of its ends: every round trip the sender sends new
 * packets and then again what was lost, back to back; on the way is a meter, a queue that
 * others may fill as well, or chance. Nothing here knows how flow.c reads it.
 */

#define TRANSFER_MSS 1448
#define TRANSFER_WIRE (TRANSFER_MSS + 52)
#define TRANSFER_MOST 20000 /* packets sent, losses included */

struct transfer_way {
	int64_t rtt_us;
	int64_t meter_bps, burst_bytes; /* 0 no meter */
	int64_t queue_bps, queue_bytes; /* 0 no queue */
	int others_percent; /* of the queue's packets that are not ours, at random */
	int lose_one_in; /* 0 none is lost by chance */
	uint32_t packets; /* of the transfer */
	uint32_t window; /* packets a round trip */
	uint32_t first_seq;
	bool at_sender, ids, stamps;
	bool overtake; /* each tenth packet arrives behind the next one */
};

struct transfer {
	struct flow_packet *packets;
	size_t n;
	size_t sent, lost;
};

struct transfer_event {
	int64_t us;
	size_t order;
	struct flow_packet packet;
};

struct transfer_run {
	const struct transfer_way *way;
	struct transfer_event *events;
	size_t n;
	uint32_t random;
	int64_t level_us; /* when the meter is full again */
	int64_t free_us; /* when the queue is empty again */
	int64_t quiet_us; /* no arrival before */
	uint16_t id;
	bool *there; /* by number of the packet */
	uint32_t acked, last_stamp;
};

static uint32_t
transfer_draw(struct transfer_run *run)
{
	/* Numerical Recipes' linear congruence; its high bits. */
	run->random = run->random * 1664525 + 1013904223;
	return run->random >> 8;
}

/* When it arrives at the receiver, or -1. */
static int64_t
transfer_pass(struct transfer_run *run, int64_t us)
{
	const struct transfer_way *w = run->way;
	int64_t cost_us, bits = TRANSFER_WIRE * 8;

	if (w->lose_one_in && transfer_draw(run) % (uint32_t)w->lose_one_in == 0)
		return -1;
	if (w->meter_bps) {
		cost_us = bits * 1000000 / w->meter_bps;
		if (run->level_us < us)
			run->level_us = us;
		if (run->level_us - us + cost_us >
			w->burst_bytes * 8 * 1000000 / w->meter_bps)
			return -1;
		run->level_us += cost_us;
	}
	if (w->queue_bps) {
		cost_us = bits * 1000000 / w->queue_bps;
		if (run->free_us < us)
			run->free_us = us;
		while ((int)(transfer_draw(run) % 100) < w->others_percent)
			run->free_us += cost_us;
		if (run->free_us - us > w->queue_bytes * 8 * 1000000 / w->queue_bps)
			return -1;
		run->free_us += cost_us;
		us = run->free_us;
	}
	us += w->rtt_us / 2;
	if (us < run->quiet_us)
		us = run->quiet_us;
	run->quiet_us = us;
	return us;
}

static struct flow_packet *
transfer_event(struct transfer_run *run, int64_t us)
{
	struct transfer_event *e = &run->events[run->n];

	*e = (struct transfer_event){.us = us, .order = run->n++};
	e->packet.head_bytes = 52;
	e->packet.flags = FLOW_ACK;
	e->packet.hops = 64;
	e->packet.has_ts = run->way->stamps;
	return &e->packet;
}

/* RFC 2018: the block that holds what came last stands first. */
static void
transfer_answer(struct transfer_run *run, uint32_t number, int64_t sent_us, int64_t us)
{
	const struct transfer_way *w = run->way;
	uint32_t from = number, to = number + 1;
	struct flow_packet *ack;

	run->there[number] = true;
	if (number == run->acked)
		run->last_stamp = (uint32_t)(sent_us / 1000);
	while (run->acked < w->packets && run->there[run->acked])
		run->acked++;
	ack = transfer_event(run, w->at_sender ? us + w->rtt_us / 2 : us);
	ack->from_first = true;
	ack->ack = w->first_seq + run->acked * TRANSFER_MSS;
	ack->ts_value = (uint32_t)(us / 1000) + 7000;
	ack->ts_echo = run->last_stamp;
	if (number < run->acked)
		return;
	while (from > 0 && run->there[from - 1])
		from--;
	while (to < w->packets && run->there[to])
		to++;
	ack->sacks_n = 1;
	ack->sacks[0][0] = w->first_seq + from * TRANSFER_MSS;
	ack->sacks[0][1] = w->first_seq + to * TRANSFER_MSS;
}

static bool
transfer_send(struct transfer_run *run, uint32_t number, int64_t us)
{
	const struct transfer_way *w = run->way;
	int64_t arrives_us = transfer_pass(run, us);
	struct flow_packet *data;

	run->id++;
	if (w->at_sender || arrives_us >= 0) {
		int64_t late_us = w->overtake && number % 10 == 0 ? 30 : 0;

		data = transfer_event(run, w->at_sender ? us : arrives_us + late_us);
		data->seq = w->first_seq + number * TRANSFER_MSS;
		data->payload_bytes = TRANSFER_MSS;
		data->ts_value = (uint32_t)(us / 1000);
		data->ts_echo = (uint32_t)((us - w->rtt_us / 2) / 1000) + 7000;
		data->ip_id = run->id;
		data->has_id = w->ids;
	}
	if (arrives_us >= 0)
		transfer_answer(run, number, us, arrives_us);
	return arrives_us >= 0;
}

static int
transfer_by_time(const void *a, const void *b)
{
	const struct transfer_event *x = a, *y = b;

	if (x->us != y->us)
		return x->us < y->us ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static struct transfer
transfer_make(const struct transfer_way *way)
{
	struct transfer_run run = {.way = way, .random = 1};
	struct transfer t = {0};
	uint32_t *again = calloc(TRANSFER_MOST, sizeof *again), next = 0;
	size_t again_n = 0;

	run.events = calloc(2 * TRANSFER_MOST, sizeof *run.events);
	run.there = calloc(way->packets + 1, sizeof *run.there);
	for (int64_t us = 1000000; next < way->packets || again_n > 0;
		us += way->rtt_us) {
		size_t left = 0, old = again_n;
		uint32_t fresh = way->window / 4, i = 0;

		if (again_n + fresh < way->window)
			fresh = way->window - (uint32_t)again_n;
		for (; i < fresh && next < way->packets; i++, next++)
			if (!transfer_send(&run, next, us + i * 12))
				again[again_n++] = next;
		for (size_t k = 0; k < again_n; k++)
			if (k >= old || i >= way->window ||
				!transfer_send(&run, again[k], us + i++ * 12))
				again[left++] = again[k];
		again_n = left;
		t.sent += i;
		if (t.sent > TRANSFER_MOST - way->window)
			break;
	}
	qsort(run.events, run.n, sizeof *run.events, transfer_by_time);
	t.packets = calloc(run.n, sizeof *t.packets);
	t.n = run.n;
	for (size_t i = 0; i < run.n; i++) {
		t.packets[i] = run.events[i].packet;
		t.packets[i].time_us = run.events[i].us;
	}
	t.lost = t.sent - (next - again_n);
	free(run.events);
	free(run.there);
	free(again);
	return t;
}
