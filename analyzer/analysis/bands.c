#include "analyzer/analysis/bands.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

/* A probe by what it may be pooled with. */
struct member {
	uint32_t probe;
	struct pool pool; /* kind, medium, asn, region, with_satellite, touched */
};

static uint8_t
pooled_medium(const struct record *r, const struct timeline_ask *ask, uint8_t medium)
{
	uint32_t satellites = 0;

	if (medium != MEDIUM_satellite)
		return medium;
	for (size_t p = 0; p < r->probes_n; p++) {
		const struct network *n = &r->networks[r->probes[p].network];

		satellites += n->medium == MEDIUM_satellite &&
			      !strcmp(n->country, ask->country);
	}
	return satellites < TIMELINE_LEAST_SATELLITE ? MEDIUM_fixed : MEDIUM_satellite;
}

static bool
is_touched(const struct network *n, const struct timeline_ask *ask)
{
	bool asn = ask->asns_n == 0, region = !ask->by_region;

	for (size_t i = 0; i < ask->asns_n; i++)
		asn = asn || ask->asns[i] == n->asn;
	for (size_t i = 0; i < ask->regions_n; i++)
		region = region || !strcmp(ask->regions[i], n->region);
	return asn && region;
}

/* The finest band the probe could stand in; false: it has no place in this picture. */
static bool
place_probe(struct pool *pool, const struct record *r, const struct timeline_ask *ask,
	uint32_t probe)
{
	const struct network *n = &r->networks[r->probes[probe].network];
	size_t first;

	memset(pool, 0, sizeof *pool);
	if (!record_find(&first, r, probe, 0, INT64_MAX))
		return false;
	if (r->probes[probe].control) {
		pool->kind = BAND_CONTROL;
		return true;
	}
	if (strcmp(n->country, ask->country) != 0)
		return false;
	pool->kind = ask->by_region && n->region[0] ? BAND_REGION : BAND_OPERATOR;
	memcpy(pool->region, n->region, sizeof pool->region);
	pool->medium = pooled_medium(r, ask, n->medium);
	pool->with_satellite = pool->medium != n->medium;
	pool->touched = is_touched(n, ask);
	if (pool->kind == BAND_REGION)
		pool->medium = 0;
	else
		pool->asn = n->asn;
	return true;
}

/* The order in which bands are shown; equal: one band. */
static int
compare(const struct pool *a, const struct pool *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->asn != b->asn)
		return a->asn < b->asn ? -1 : 1;
	if (a->medium != b->medium)
		return a->medium < b->medium ? -1 : 1;
	return strcmp(a->region, b->region);
}

static uint32_t
size_of(const struct member *members, size_t n, const struct pool *pool)
{
	uint32_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += compare(&members[i].pool, pool) == 0;
	return size;
}

static void
coarsen(struct pool *pool, enum band_kind kind)
{
	pool->kind = (uint8_t)kind;
	pool->region[0] = '\0';
	pool->asn = kind == BAND_OPERATOR ? pool->asn : 0;
	pool->medium = kind == BAND_OTHERS ? 0 : pool->medium;
}

/* An operator is shown by region only if each of its regions may be: a rest of it would
 * be one or two probes. */
static void
join_regions(struct member *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pool rough = members[i].pool;

		if (rough.kind != BAND_OPERATOR || !rough.region[0] ||
			size_of(members, n, &rough) >= TIMELINE_LEAST_PROBES)
			continue;
		for (size_t k = 0; k < n; k++)
			if (members[k].pool.kind == BAND_OPERATOR &&
				members[k].pool.asn == rough.asn &&
				members[k].pool.medium == rough.medium)
				coarsen(&members[k].pool, BAND_OPERATOR);
	}
}

/* Bands of ${kind} with too few probes become one of the next kind. */
static void
join_small(struct member *members, size_t n, enum band_kind kind, enum band_kind into)
{
	bool *small = calloc(n + 1, sizeof *small);

	if (!small)
		bug("no memory for a timeline");
	for (size_t i = 0; i < n; i++)
		small[i] =
			members[i].pool.kind == kind &&
			size_of(members, n, &members[i].pool) < TIMELINE_LEAST_PROBES;
	for (size_t i = 0; i < n; i++)
		if (small[i])
			coarsen(&members[i].pool, into);
	free(small);
}

static int
by_band(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	int order = compare(&a->pool, &b->pool);

	if (order)
		return order;
	return a->probe < b->probe ? -1 : a->probe > b->probe;
}

/* What the event touched first, then the larger; the controls last. */
static int
by_weight(const void *left, const void *right)
{
	const struct pool *a = left, *b = right;

	if ((a->kind == BAND_CONTROL) != (b->kind == BAND_CONTROL))
		return a->kind == BAND_CONTROL ? 1 : -1;
	if (a->touched != b->touched)
		return a->touched ? -1 : 1;
	if ((a->kind >= BAND_MEDIUM) != (b->kind >= BAND_MEDIUM))
		return a->kind >= BAND_MEDIUM ? 1 : -1;
	if (a->kind != BAND_REGION && a->medium != b->medium)
		return a->medium == MEDIUM_mobile   ? -1
		       : b->medium == MEDIUM_mobile ? 1
		       : a->medium < b->medium	    ? -1
						    : 1;
	if (a->probes != b->probes)
		return a->probes > b->probes ? -1 : 1;
	return compare(a, b);
}

static size_t
gather(struct pool *all, struct member *members, size_t n)
{
	size_t bands_n = 0;

	if (n)
		qsort(members, n, sizeof *members, by_band);
	for (size_t i = 0; i < n; i++) {
		const struct pool *pool = &members[i].pool;

		if (!i || compare(pool, &members[i - 1].pool))
			all[bands_n++] = *pool;
		all[bands_n - 1].probes++;
		all[bands_n - 1].touched |= pool->touched;
		all[bands_n - 1].with_satellite |= pool->with_satellite;
	}
	if (bands_n)
		qsort(all, bands_n, sizeof *all, by_weight);
	return bands_n;
}

static size_t
pool_all(struct member *members, const struct record *r, const struct timeline_ask *ask)
{
	size_t n = 0;

	for (uint32_t p = 0; p < r->probes_n; p++) {
		if (!place_probe(&members[n].pool, r, ask, p))
			continue;
		members[n++].probe = p;
	}
	join_regions(members, n);
	join_small(members, n, BAND_OPERATOR, BAND_MEDIUM);
	join_small(members, n, BAND_REGION, BAND_OTHERS);
	join_small(members, n, BAND_MEDIUM, BAND_OTHERS);
	return n;
}

size_t
bands_pool(struct pool *pools, uint32_t *band_of, uint32_t *left_out,
	const struct record *r, const struct timeline_ask *ask)
{
	struct member *members = calloc(r->probes_n + 1, sizeof *members);
	struct pool *all = calloc(r->probes_n + 1, sizeof *all);
	size_t n, all_n, shown;

	if (!members || !all)
		bug("no memory for a timeline");
	for (size_t p = 0; p < r->probes_n; p++)
		band_of[p] = BANDS_NONE;
	*left_out = 0;
	n = pool_all(members, r, ask);
	all_n = gather(all, members, n);
	shown = all_n < TIMELINE_BANDS ? all_n : TIMELINE_BANDS;
	for (size_t b = shown; b < all_n; b++)
		*left_out += all[b].probes;
	memcpy(pools, all, shown * sizeof *pools);
	for (size_t i = 0; i < n; i++)
		for (uint32_t b = 0; b < shown; b++)
			if (compare(&pools[b], &members[i].pool) == 0)
				band_of[members[i].probe] = b;
	free(all);
	free(members);
	return shown;
}
