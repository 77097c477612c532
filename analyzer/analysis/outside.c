#include "analyzer/analysis/outside.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_CONTROLS 2

static void *
room(void *rows, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return rows;
	*cap = *cap ? *cap * 2 : 64;
	rows = realloc(rows, *cap * size);
	if (!rows)
		abort();
	return rows;
}

static struct outside_pair *
pair_of(struct outside *o, const struct sample *s)
{
	for (size_t i = 0; i < o->pairs_n; i++)
		if (o->pairs[i].control == s->probe && o->pairs[i].target == s->target)
			return &o->pairs[i];
	o->pairs = room(o->pairs, o->pairs_n, &o->pairs_cap, sizeof(*o->pairs));
	o->pairs[o->pairs_n] = (struct outside_pair){s->probe, s->target, SIZE_MAX};
	o->stale = true;
	return &o->pairs[o->pairs_n++];
}

/* Whether somebody is at home is told by what asks the host for no name. */
static bool
is_told(const struct sample *s)
{
	return s->target != NO_TARGET && s->success >= 0 &&
	       (s->check == CHECK_ping || s->check == CHECK_tcp ||
		       s->check == CHECK_tls || s->check == CHECK_http);
}

void
outside_add(struct outside *o, const struct sample *s)
{
	struct outside_pair *pair;

	if (!is_told(s))
		return;
	pair = pair_of(o, s);
	if (s->success && pair->run != SIZE_MAX) {
		o->runs[pair->run].to_us = s->utc_us;
		pair->run = SIZE_MAX;
		o->stale = true;
	} else if (!s->success && pair->run == SIZE_MAX) {
		o->runs = room(o->runs, o->runs_n, &o->runs_cap, sizeof(*o->runs));
		pair->run = o->runs_n;
		o->runs[o->runs_n++] =
			(struct outside_run){s->probe, s->target, s->utc_us, INT64_MAX};
		o->stale = true;
	}
}

/* ---- runs of each control -> what most of them found ---- */

/* A run begins (+1) or ends (-1). */
struct edge {
	uint32_t target;
	int64_t us;
	int step;
};

static int
by_target(const void *left, const void *right)
{
	const struct edge *a = left, *b = right;

	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	if (a->us != b->us)
		return a->us < b->us ? -1 : 1;
	return a->step - b->step;
}

static int
controls_of(const struct outside *o, uint32_t target)
{
	int n = 0;

	for (size_t i = 0; i < o->pairs_n; i++)
		n += o->pairs[i].target == target;
	return n;
}

static size_t
find_dead(struct outside_dead *dead, const struct outside *o)
{
	struct edge *edges = calloc(2 * o->runs_n + 1, sizeof(*edges));
	size_t n = 0, found = 0;
	int down = 0, of = 0;

	if (!edges)
		abort();
	for (size_t i = 0; i < o->runs_n; i++) {
		const struct outside_run *run = &o->runs[i];

		edges[n++] = (struct edge){run->target, run->from_us, 1};
		edges[n++] = (struct edge){run->target, run->to_us, -1};
	}
	if (n)
		qsort(edges, n, sizeof(*edges), by_target);
	for (size_t i = 0; i < n; i++) {
		const struct edge *e = &edges[i];
		bool was, is;

		if (!i || edges[i - 1].target != e->target) {
			down = 0;
			of = controls_of(o, e->target);
		}
		was = down >= LEAST_CONTROLS && down * 2 > of;
		down += e->step;
		is = down >= LEAST_CONTROLS && down * 2 > of;
		if (is && !was)
			dead[found++] =
				(struct outside_dead){e->target, e->us, INT64_MAX};
		if (was && !is)
			dead[found - 1].to_us = e->us;
	}
	free(edges);
	return found;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* From when on ${a} and ${b}, both by target and time, are not the same. */
static int64_t
differ_from(const struct outside_dead *a, size_t a_n, const struct outside_dead *b,
	size_t b_n)
{
	int64_t from_us = INT64_MAX;
	size_t i = 0, k = 0;

	while (i < a_n || k < b_n) {
		if (i < a_n && k < b_n && a[i].target == b[k].target &&
			a[i].from_us == b[k].from_us) {
			if (a[i].to_us != b[k].to_us)
				from_us = earlier(
					from_us, earlier(a[i].to_us, b[k].to_us));
			i++;
			k++;
		} else if (k == b_n ||
			   (i < a_n && (a[i].target < b[k].target ||
					       (a[i].target == b[k].target &&
						       a[i].from_us < b[k].from_us)))) {
			from_us = earlier(from_us, a[i++].from_us);
		} else {
			from_us = earlier(from_us, b[k++].from_us);
		}
	}
	return from_us;
}

int64_t
outside_settle(struct outside *o)
{
	struct outside_dead *dead;
	int64_t from_us;
	size_t n;

	if (!o->stale)
		return INT64_MAX;
	dead = calloc(o->runs_n + 1, sizeof(*dead));
	if (!dead)
		abort();
	n = find_dead(dead, o);
	from_us = differ_from(o->dead, o->dead_n, dead, n);
	free(o->dead);
	o->dead = dead;
	o->dead_n = n;
	o->stale = false;
	return from_us;
}

void
outside_close(struct outside *o)
{
	free(o->runs);
	free(o->pairs);
	free(o->dead);
	*o = (struct outside){0};
}

/* ---- asked ---- */

static bool
is_dead_at(const struct outside *o, uint32_t target, int64_t us)
{
	size_t low = 0, high = o->dead_n;

	/* The last that began by then. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct outside_dead *d = &o->dead[middle];

		if (d->target < target || (d->target == target && d->from_us <= us))
			low = middle + 1;
		else
			high = middle;
	}
	return low && o->dead[low - 1].target == target && o->dead[low - 1].to_us > us;
}

bool
outside_is_dead(
	const struct outside *o, const struct record *record, const struct sample *s)
{
	uint32_t dead = 0, of = 0;
	uint8_t rung;

	if (!o->dead_n || s->target == NO_TARGET || s->success == 1 ||
		!is_dead_at(o, s->target, s->utc_us))
		return false;
	rung = record->targets[s->target].rung;
	for (uint32_t t = 0; t < record->targets_n; t++) {
		if (record->targets[t].rung != rung || !controls_of(o, t))
			continue;
		of++;
		dead += is_dead_at(o, t, s->utc_us);
	}
	return dead * 2 <= of;
}
