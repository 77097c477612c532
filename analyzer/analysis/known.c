#include "analyzer/analysis/known.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

/* Everything that grows while it is read. */
struct reader {
	struct known *out;
	struct where_db *where;
	size_t probes_cap, targets_cap, points_cap;
	struct store_point series; /* that the newest point is of */
	int64_t until_utc_us;
};

static void *
grow(void *array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 64;
	array = realloc(array, *cap * size);
	if (!array)
		bug("no memory for %zu records of %zu bytes", *cap, size);
	return array;
}

/* ---- probes ---- */

/* The number of the first probe of the same cohort. */
static uint32_t
find_cohort(const struct known *k, const char *cohort)
{
	uint32_t i = 0;

	while (strcmp(k->names[i].cohort, cohort) != 0)
		i++;
	return i;
}

static void
read_probe(void *arg, const struct store_probe *probe)
{
	struct reader *r = arg;
	struct known *k = r->out;
	size_t cap = r->probes_cap;

	k->probes = grow(k->probes, k->probes_n, &cap, sizeof(*k->probes));
	k->names = grow(k->names, k->probes_n, &r->probes_cap, sizeof(*k->names));
	memset(&k->names[k->probes_n], 0, sizeof(*k->names));
	strcpy(k->names[k->probes_n].epoch, probe->epoch);
	strcpy(k->names[k->probes_n].cohort, probe->cohort);
	k->names[k->probes_n].enrolled_utc_us = probe->enrolled_utc_us;
	k->probes[k->probes_n] =
		(struct probe){.control = !strcmp(probe->role, "control"),
			.cohort = find_cohort(k, probe->cohort)};
	k->probes_n++;
}

uint32_t
known_probe(const struct known *k, const char *epoch)
{
	size_t low = 0, high = k->probes_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(k->names[middle].epoch, epoch);

		if (order == 0)
			return (uint32_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

/* ---- targets ---- */

/* Where in the order of ids this one is, or would stand. */
static size_t
place_of_target(const struct known *k, const char *id)
{
	size_t low = 0, high = k->targets_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(k->targets[k->ids[middle]].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
known_target(const struct known *k, const char *id)
{
	size_t at = place_of_target(k, id);

	if (at == k->targets_n || strcmp(k->targets[k->ids[at]].id, id) != 0)
		return NO_TARGET;
	return k->ids[at];
}

/* The first target of the same host: what a name's events are told by. */
static uint32_t
name_of(const struct known *k, const char *host, uint32_t own)
{
	for (uint32_t i = 0; host[0] && i < own; i++)
		if (!strcmp(k->hosts[i].host, host))
			return i;
	return own;
}

static void
add_id(struct known *k, const char *id)
{
	size_t at = place_of_target(k, id);

	memmove(&k->ids[at + 1], &k->ids[at], (k->targets_n - at) * sizeof(*k->ids));
	k->ids[at] = (uint32_t)k->targets_n;
}

static void
add_target(struct reader *r, const struct target *row)
{
	struct known *k = r->out;
	size_t cap = r->targets_cap, ids_cap = r->targets_cap;
	struct place place = {0};
	uint32_t n = (uint32_t)k->targets_n, known = known_target(k, row->id);

	/* A later list may know better whose address it is. */
	if (known != NO_TARGET && row->asn)
		k->targets[known].asn = row->asn;
	if (known != NO_TARGET)
		return;
	k->targets = grow(k->targets, n, &cap, sizeof(*k->targets));
	k->ids = grow(k->ids, n, &ids_cap, sizeof(*k->ids));
	k->hosts = grow(k->hosts, n, &r->targets_cap, sizeof(*k->hosts));
	memset(&k->hosts[n], 0, sizeof(*k->hosts));
	strcpy(k->hosts[n].host, row->host);
	k->hosts[n].resolver = !strcmp(row->address, "resolver");
	if (row->asn == 0 && r->where)
		(void)where_find(&place, r->where, row->address);
	memset(&k->targets[n], 0, sizeof(*k->targets));
	k->targets[n].rung = (uint8_t)row->rung;
	k->targets[n].asn = row->asn ? row->asn : place.asn;
	k->targets[n].name = name_of(k, row->host, n);
	strcpy(k->targets[n].id, row->id);
	add_id(k, row->id);
	k->targets_n++;
}

static void
read_targets(void *arg, const uint8_t sha256[static HASH_BYTES], struct span bytes)
{
	struct reader *r = arg;
	struct targets *list = calloc(1, sizeof(*list));

	if (!list)
		bug("no memory for a target list");
	if (targets_read(list, bytes, NULL, NULL) == OK) {
		for (uint32_t i = 0; i < list->n; i++)
			add_target(r, &list->rows[i]);
		crypto_hex(r->out->targets_hash, sha256, HASH_BYTES);
	}
	free(list);
}

/* ---- points ---- */

/* Points come in the order of their series, then of time. */
static void
read_point(void *arg, const struct store_point *point)
{
	static const char *const metrics[] = {"bgp", "active", "traffic"};
	struct reader *r = arg;
	struct known *k = r->out;
	struct point *p;

	if (r->until_utc_us && point->utc_us > r->until_utc_us)
		return;
	k->points = grow(k->points, k->points_n, &r->points_cap, sizeof(*k->points));
	p = &k->points[k->points_n];
	memset(p, 0, sizeof(*p));
	p->utc_us = point->utc_us;
	p->value_micro = point->value_micro;
	p->asn = point->asn;
	p->source = k->points_n ? p[-1].source : 0;
	memcpy(p->country, point->country, sizeof(p->country));
	for (uint8_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		if (!strcmp(point->metric, metrics[i]))
			p->metric = i;
	p->source += k->points_n && (r->series.asn != point->asn ||
					    strcmp(r->series.country, point->country) ||
					    strcmp(r->series.metric, point->metric) ||
					    strcmp(r->series.source, point->source));
	r->series = *point;
	k->points_n++;
}

/* ---- all of it ---- */

enum err
known_read(struct known *known, struct store *store, const struct settings *settings,
	int64_t until_utc_us)
{
	struct reader r = {.out = known, .until_utc_us = until_utc_us};
	enum err err = OK;

	memset(known, 0, sizeof(*known));
	if (settings->asn_db[0] || settings->country_db[0])
		err = where_open(&r.where, settings->asn_db, settings->country_db);
	if (!err)
		err = store_each_targets(store, read_targets, &r);
	if (!err)
		err = store_each_point(store, read_point, &r);
	if (!err)
		err = store_each_name(store, read_probe, &r);
	where_close(r.where);
	return err;
}

void
known_free(struct known *known)
{
	free(known->probes);
	free(known->names);
	free(known->targets);
	free(known->hosts);
	free(known->ids);
	free(known->points);
	memset(known, 0, sizeof(*known));
}

static bool
same_bytes(const void *a, const void *b, size_t n)
{
	return !n || !memcmp(a, b, n);
}

bool
known_same(const struct known *a, const struct known *b)
{
	if (a->probes_n != b->probes_n || a->targets_n != b->targets_n ||
		!same_bytes(a->names, b->names, a->probes_n * sizeof(*a->names)) ||
		!same_bytes(
			a->targets, b->targets, a->targets_n * sizeof(*a->targets)) ||
		!same_bytes(a->hosts, b->hosts, a->targets_n * sizeof(*a->hosts)))
		return false;
	for (size_t i = 0; i < a->probes_n; i++)
		if (a->probes[i].control != b->probes[i].control)
			return false;
	return true;
}
