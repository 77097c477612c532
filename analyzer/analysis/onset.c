#include "analyzer/analysis/onset.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/moment.h"

#define LEAD_WINDOWS 2
#define LEAD_PROBES 3

/* The first edge of one probe in one network, or at one operator: the key. */
struct first {
	uint32_t key, probe, network;
	struct moment edge;
};

static void *
room(size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		abort();
	return memory;
}

/* By network: where it stands in their order, or its operator. */
static uint32_t *
find_keys(const struct record *record, enum onset_by by)
{
	uint32_t *keys = room(record->networks_n, sizeof(*keys));
	uint32_t *order = room(record->networks_n, sizeof(*order));

	record_networks(order, record);
	for (uint32_t i = 0; i < record->networks_n; i++)
		keys[order[i]] =
			by == ONSET_OPERATORS ? record->networks[order[i]].asn : i;
	free(order);
	return keys;
}

static int
by_key(const void *left, const void *right)
{
	const struct first *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->probe < b->probe ? -1 : a->probe > b->probe;
}

/* Anomalies of one probe stand together, those of a second uplink of it among them. */
static size_t
find_firsts(struct first *firsts, const uint32_t *keys, const struct anomaly *own,
	uint32_t own_n)
{
	size_t n = 0;

	for (uint32_t i = 0; i < own_n; i++) {
		const struct anomaly *a = &own[i];
		size_t at = n;

		while (at > 0 && firsts[at - 1].probe == a->probe &&
			firsts[at - 1].key != keys[a->network])
			at--;
		if (!at || firsts[at - 1].probe != a->probe) {
			firsts[n++] = (struct first){keys[a->network], a->probe,
				a->network, {a->start_lo_us, a->start_hi_us}};
		} else if (a->start_hi_us < firsts[at - 1].edge.hi_us) {
			firsts[at - 1].edge =
				(struct moment){a->start_lo_us, a->start_hi_us};
		}
	}
	qsort(firsts, n, sizeof(*firsts), by_key);
	return n;
}

/* What most of the edges have in common; else the first sample that showed it, after the
 * last good one before that. */
static struct moment
first_edge(const struct moment *edges, size_t n)
{
	struct moment first = edges[0];

	if (moment_find(&first, edges, n))
		return first;
	for (size_t i = 0; i < n; i++)
		if (edges[i].hi_us < first.hi_us)
			first = edges[i];
	for (size_t i = 0; i < n; i++)
		if (edges[i].lo_us > first.lo_us && edges[i].lo_us < first.hi_us)
			first.lo_us = edges[i].lo_us;
	return first;
}

/* By key, of the networks of one country: field probes whose home it is. */
static uint32_t
homes(const struct record *record, const uint32_t *keys, const struct first *first)
{
	const char *country = record->networks[first->network].country;
	uint32_t n = 0;

	for (size_t p = 0; p < record->probes_n; p++) {
		uint32_t home = record->probes[p].network;

		n += !record->probes[p].control && keys[home] == first->key &&
		     !strcmp(record->networks[home].country, country);
	}
	return n;
}

static int64_t
middle(const struct onset *o)
{
	return o->lo_us + (o->hi_us - o->lo_us) / 2;
}

/* Behind all that began no later: they come in the order of the networks. */
static void
put_in_order(struct onset *order, size_t n, const struct onset *one)
{
	size_t at = n;

	while (at > 0 && middle(&order[at - 1]) > middle(one))
		at--;
	memmove(&order[at + 1], &order[at], (n - at) * sizeof(*order));
	order[at] = *one;
}

size_t
onset_order(struct onset *order, enum onset_by by, const struct event *event,
	const struct anomaly *anomalies, const struct record *record)
{
	uint32_t *keys = find_keys(record, by);
	struct first *firsts = room(event->n, sizeof(*firsts));
	struct moment *edges = room(event->n, sizeof(*edges));
	size_t firsts_n = find_firsts(firsts, keys, &anomalies[event->first], event->n);
	size_t n = 0;

	for (size_t i = 0, end; i < firsts_n; i = end) {
		struct onset one = {.network = firsts[i].network};
		struct moment first;

		for (end = i; end < firsts_n && firsts[end].key == firsts[i].key; end++)
			edges[end - i] = firsts[end].edge;
		first = first_edge(edges, end - i);
		one.lo_us = first.lo_us;
		one.hi_us = first.hi_us;
		one.before = first.hi_us < event->start_lo_us;
		one.probes = (uint32_t)(end - i);
		one.of = homes(record, keys, &firsts[i]);
		one.of = one.of < one.probes ? one.probes : one.of;
		put_in_order(order, n++, &one);
	}
	free(edges);
	free(firsts);
	free(keys);
	return n;
}

int64_t
onset_lead(const struct onset *order, size_t n, const struct record *record)
{
	int64_t next_us = INT64_MAX;

	if (n < 2 || order[0].probes < LEAD_PROBES || order[0].before)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (order[i].lo_us < next_us)
			next_us = order[i].lo_us;
	return next_us - order[0].hi_us >= LEAD_WINDOWS * record->window_us
		       ? next_us - order[0].hi_us
		       : 0;
}
