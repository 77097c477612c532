#include "analyzer/analysis/neighbours.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>
#include <string.h>

enum set { SET_OWN, SET_REGION, SET_OPERATOR, SET_COUNT };
#define NOWHERE UINT32_MAX

/* ---- the order ---- */

struct entry {
	int64_t hi_us, lo_us;
	uint32_t event;
};

static int
by_start(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->hi_us != b->hi_us)
		return a->hi_us < b->hi_us ? -1 : 1;
	if (a->lo_us != b->lo_us)
		return a->lo_us < b->lo_us ? -1 : 1;
	return a->event < b->event ? -1 : a->event > b->event;
}

static void
find_order(struct neighbours *ns, size_t n)
{
	struct entry *entries = room(n, sizeof(*entries));

	ns->order = room(n, sizeof(*ns->order));
	for (size_t i = 0; i < n; i++) {
		const struct event *e = ns->all[i].event;

		if (ns->all[i].verdict && e->affected >= NEIGHBOUR_PROBES)
			entries[ns->order_n++] = (struct entry){
				e->start_hi_us, e->start_lo_us, (uint32_t)i};
	}
	if (ns->order_n)
		qsort(entries, ns->order_n, sizeof(*entries), by_start);
	for (size_t i = 0; i < ns->order_n; i++)
		ns->order[i] = entries[i].event;
	free(entries);
}

/* ---- the sets ---- */

/* Which probes stand together, and how many field probes those are. */
struct groups {
	uint32_t *of; /* by probe; NOWHERE */
	uint32_t *all, *out; /* by group: field probes; of them those of one event */
};

static bool
is_one(const struct network *a, const struct network *b, enum set by)
{
	if (strcmp(a->country, b->country) != 0)
		return false;
	return by == SET_REGION ? a->region[0] && !strcmp(a->region, b->region)
				: a->asn && a->asn == b->asn;
}

static void
groups_open(struct groups *g, const struct record *r, enum set by)
{
	uint32_t *group = room(r->networks_n, sizeof(*group));
	uint32_t *heads = room(r->networks_n, sizeof(*heads)), n = 0;

	g->of = room(r->probes_n, sizeof(*g->of));
	g->all = room(r->networks_n, sizeof(*g->all));
	g->out = room(r->networks_n, sizeof(*g->out));
	for (uint32_t i = 0; i < r->networks_n; i++) {
		uint32_t k = 0;

		heads[n] = i;
		while (k < n && !is_one(&r->networks[heads[k]], &r->networks[i], by))
			k++;
		group[i] = is_one(&r->networks[i], &r->networks[i], by) ? heads[k]
									: NOWHERE;
		n += k == n && group[i] != NOWHERE;
	}
	for (size_t p = 0; p < r->probes_n; p++) {
		g->of[p] = r->probes[p].control ? NOWHERE : group[r->probes[p].network];
		if (g->of[p] != NOWHERE)
			g->all[g->of[p]]++;
	}
	free(heads);
	free(group);
}

static void
groups_close(struct groups *g)
{
	free(g->of);
	free(g->all);
	free(g->out);
}

static uint64_t *
set_of(const struct neighbours *ns, size_t at, enum set set)
{
	return &ns->sets[(at * SET_COUNT + set) * ns->words];
}

static bool
has(const uint64_t *set, size_t probe)
{
	return set[probe / 64] >> probe % 64 & 1;
}

static void
add(uint64_t *set, size_t probe)
{
	set[probe / 64] |= UINT64_C(1) << probe % 64;
}

/* All probes of the groups that are out: half of theirs, and two or more. */
static void
widen(const struct neighbours *ns, size_t at, enum set set, struct groups *g)
{
	const uint64_t *own = set_of(ns, at, SET_OWN);
	size_t probes_n = ns->record->probes_n;

	memset(g->out, 0, ns->record->networks_n * sizeof(*g->out));
	for (size_t p = 0; p < probes_n; p++)
		if (g->of[p] != NOWHERE && has(own, p))
			g->out[g->of[p]]++;
	for (size_t p = 0; p < probes_n; p++)
		if (g->of[p] != NOWHERE && g->out[g->of[p]] >= 2 &&
			g->out[g->of[p]] * 2 >= g->all[g->of[p]])
			add(set_of(ns, at, set), p);
}

static void
find_sets(struct neighbours *ns)
{
	struct groups regions, operators;

	ns->words = ns->record->probes_n / 64 + 1;
	ns->sets = room(ns->order_n * SET_COUNT * ns->words, sizeof(*ns->sets));
	groups_open(&regions, ns->record, SET_REGION);
	groups_open(&operators, ns->record, SET_OPERATOR);
	for (size_t i = 0; i < ns->order_n; i++) {
		const struct event *e = neighbours_at(ns, i)->event;

		for (uint32_t a = 0; a < e->n; a++)
			add(set_of(ns, i, SET_OWN), ns->anomalies[e->first + a].probe);
		widen(ns, i, SET_REGION, &regions);
		widen(ns, i, SET_OPERATOR, &operators);
	}
	groups_close(&regions);
	groups_close(&operators);
}

void
neighbours_open(struct neighbours *neighbours, const struct neighbour *all, size_t n,
	const struct anomaly *anomalies, const struct record *record)
{
	*neighbours = (struct neighbours){
		.all = all, .anomalies = anomalies, .record = record};
	find_order(neighbours, n);
	find_sets(neighbours);
}

void
neighbours_close(struct neighbours *neighbours)
{
	free(neighbours->order);
	free(neighbours->sets);
	*neighbours = (struct neighbours){0};
}

/* ---- what is asked ---- */

const struct neighbour *
neighbours_at(const struct neighbours *ns, size_t at)
{
	return &ns->all[ns->order[at]];
}

size_t
neighbours_find(const struct neighbours *ns, const struct event *event)
{
	for (size_t i = 0; i < ns->order_n && event->affected >= NEIGHBOUR_PROBES; i++)
		if (neighbours_at(ns, i)->event == event)
			return i;
	return SIZE_MAX;
}

static uint32_t
bits(uint64_t word)
{
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) +
	       (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

static uint32_t
common(const uint64_t *a, const uint64_t *b, size_t words)
{
	uint32_t n = 0;

	for (size_t i = 0; i < words; i++)
		n += bits(a[i] & b[i]);
	return n;
}

uint32_t
neighbours_shared(const struct neighbours *ns, size_t a, size_t b)
{
	return common(set_of(ns, a, SET_OWN), set_of(ns, b, SET_OWN), ns->words);
}

uint32_t
neighbours_probes(const struct neighbours *ns, size_t at)
{
	return neighbours_shared(ns, at, at);
}

struct nearness
neighbours_near(const struct neighbours *ns, size_t later, size_t earlier)
{
	const uint64_t *own = set_of(ns, later, SET_OWN);

	return (struct nearness){
		.of = common(own, own, ns->words),
		.own = common(own, set_of(ns, earlier, SET_OWN), ns->words),
		.region = common(own, set_of(ns, earlier, SET_REGION), ns->words),
		.operator= common(own, set_of(ns, earlier, SET_OPERATOR), ns->words),
	};
}
