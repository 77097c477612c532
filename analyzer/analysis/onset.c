#include "analyzer/analysis/onset.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/moment.h"

#define LEAD_WINDOWS 2
#define LEAD_PROBES 3

/* The first edge of one probe in one network, or at one operator. */
struct first {
	const struct network *network;
	uint32_t probe;
	struct moment edge;
};

/* All networks of one event are of one country. */
static int
part(const struct network *a, const struct network *b, enum onset_by by)
{
	if (by == ONSET_NETWORKS)
		return record_network_order(a, b);
	return a->asn < b->asn ? -1 : a->asn > b->asn;
}

static int
by_probe(const struct first *a, const struct first *b)
{
	return a->probe < b->probe ? -1 : a->probe > b->probe;
}

static int
by_network(const void *left, const void *right)
{
	const struct first *a = left, *b = right;
	int order = part(a->network, b->network, ONSET_NETWORKS);

	return order ? order : by_probe(a, b);
}

static int
by_operator(const void *left, const void *right)
{
	const struct first *a = left, *b = right;
	int order = part(a->network, b->network, ONSET_OPERATORS);

	return order ? order : by_probe(a, b);
}

/* Anomalies of one probe stand together, those of a second uplink of it among them. */
static size_t
find_firsts(struct first *firsts, enum onset_by by, const struct event *event,
	const struct anomaly *anomalies, const struct record *record)
{
	size_t n = 0;

	for (uint32_t i = 0; i < event->n; i++) {
		const struct anomaly *a = &anomalies[event->first + i];
		const struct network *network = &record->networks[a->network];
		struct moment edge = {a->start_lo_us, a->start_hi_us};
		size_t at = n;

		while (at > 0 && firsts[at - 1].probe == a->probe &&
			part(firsts[at - 1].network, network, by) != 0)
			at--;
		if (!at || firsts[at - 1].probe != a->probe)
			firsts[n++] = (struct first){network, a->probe, edge};
		else if (edge.hi_us < firsts[at - 1].edge.hi_us)
			firsts[at - 1].edge = edge;
	}
	qsort(firsts, n, sizeof(*firsts),
		by == ONSET_NETWORKS ? by_network : by_operator);
	return n;
}

static int
by_edge(const void *left, const void *right)
{
	const struct moment *a = left, *b = right;

	if (a->hi_us != b->hi_us)
		return a->hi_us < b->hi_us ? -1 : 1;
	return a->lo_us < b->lo_us ? -1 : a->lo_us > b->lo_us;
}

/* What most of the edges have in common; else the one with which half of the probes were out:
 * one that had trouble of its own does not date the others. */
static struct moment
first_edge(struct moment *edges, size_t n)
{
	struct moment first;

	if (moment_find(&first, edges, n))
		return first;
	qsort(edges, n, sizeof(*edges), by_edge);
	return edges[(n - 1) / 2];
}

/* By network: field probes whose home it is. */
static uint32_t *
find_homes(const struct record *record)
{
	uint32_t *homes = room(record->networks_n, sizeof(*homes));

	for (size_t p = 0; p < record->probes_n; p++)
		homes[record->probes[p].network] += !record->probes[p].control;
	return homes;
}

static uint32_t
sum_homes(const struct record *record, const uint32_t *homes,
	const struct network *network, enum onset_by by)
{
	uint32_t n = 0;

	for (size_t i = 0; i < record->networks_n; i++)
		if (!part(&record->networks[i], network, by) &&
			!strcmp(record->networks[i].country, network->country))
			n += homes[i];
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
	struct first *firsts = room(event->n, sizeof(*firsts));
	struct moment *edges = room(event->n, sizeof(*edges));
	size_t firsts_n = find_firsts(firsts, by, event, anomalies, record), n = 0;
	uint32_t *homes = find_homes(record);

	for (size_t i = 0, end; i < firsts_n; i = end) {
		const struct network *network = firsts[i].network;
		struct onset one = {.network = (uint32_t)(network - record->networks)};
		struct moment first;

		for (end = i; end < firsts_n && !part(firsts[end].network, network, by);
			end++)
			edges[end - i] = firsts[end].edge;
		first = first_edge(edges, end - i);
		one.lo_us = first.lo_us;
		one.hi_us = first.hi_us;
		one.before = first.hi_us < event->start_lo_us;
		one.probes = (uint32_t)(end - i);
		one.of = sum_homes(record, homes, network, by);
		one.of = one.of < one.probes ? one.probes : one.of;
		put_in_order(order, n++, &one);
	}
	free(homes);
	free(edges);
	free(firsts);
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
