#include "analyzer/analysis/relations.h"

#include <string.h>

#define ALIKE_US RELATIONS_LONG_BEFORE_US

/* What is being told of one event. */
struct work {
	const struct neighbours *ns;
	const struct surroundings *around;
	size_t at;
	const struct neighbour *self;
	struct relation *list;
	size_t n;
};

static struct work
begin(struct relation *list, const struct surroundings *around, size_t at)
{
	return (struct work){.ns = &around->neighbours,
		.around = around,
		.at = at,
		.self = neighbours_at(&around->neighbours, at),
		.list = list};
}

/* They come in the order of time, and stay in it. */
static void
put(struct work *w, const struct relation *relation)
{
	size_t least = 0;

	if (w->n < RELATIONS_MOST) {
		w->list[w->n++] = *relation;
		return;
	}
	for (size_t i = 1; i < w->n; i++)
		if (neighbours_probes(w->ns, w->list[i].at) <
			neighbours_probes(w->ns, w->list[least].at))
			least = i;
	if (neighbours_probes(w->ns, w->list[least].at) >=
		neighbours_probes(w->ns, relation->at))
		return;
	memmove(&w->list[least], &w->list[least + 1],
		(w->n - least - 1) * sizeof(*w->list));
	w->list[w->n - 1] = *relation;
}

/* Of the same country, and not of the same timetable: a night does not come from the night
 * before. */
static bool
is_other(const struct work *w, size_t at)
{
	return at != w->at &&
	       !strcmp(neighbours_at(w->ns, at)->event->country,
		       w->self->event->country) &&
	       w->around->timetables.of[at] != w->around->timetables.of[w->at];
}

/* The first of the order that may have begun after ${us}. */
static size_t
since(const struct neighbours *ns, int64_t us)
{
	size_t low = 0, high = ns->order_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (neighbours_at(ns, middle)->event->start_hi_us < us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- follows ---- */

/* How most of the later one's probes have to do with the earlier one; how many: 0 none. */
static uint32_t
find_reach(uint8_t *reach, const struct neighbours *ns, size_t later, size_t earlier)
{
	struct nearness near = neighbours_near(ns, later, earlier);

	if (near.own * 2 > near.of && neighbours_probes(ns, earlier) > near.of) {
		*reach = REACH_OWN;
		return near.own;
	}
	if (near.region * 2 > near.of) {
		*reach = REACH_REGION;
		return near.region;
	}
	*reach = REACH_OPERATOR;
	return near.operator* 2> near.of ? near.operator: 0;
}

static uint32_t
alike_before(const struct neighbours *ns, size_t earlier)
{
	int64_t until_us = neighbours_at(ns, earlier)->event->start_lo_us;
	const char *country = neighbours_at(ns, earlier)->event->country;
	uint32_t n = 0;
	uint8_t reach;

	for (size_t i = since(ns, until_us - ALIKE_US); i < ns->order_n; i++) {
		const struct event *e = neighbours_at(ns, i)->event;

		if (e->start_hi_us >= until_us)
			break;
		n += !strcmp(e->country, country) &&
		     find_reach(&reach, ns, i, earlier) > 0;
	}
	return n;
}

size_t
relations_follows(struct relation relations[static RELATIONS_MOST],
	const struct surroundings *surroundings, size_t at)
{
	struct work w = begin(relations, surroundings, at);
	const struct event *self = w.self->event;

	for (size_t i = since(w.ns, self->start_lo_us - RELATIONS_CASCADE_US);
		i < w.ns->order_n; i++) {
		const struct event *e = neighbours_at(w.ns, i)->event;
		struct relation r = {.at = i};

		if (e->start_hi_us >= self->start_lo_us)
			break;
		if (!is_other(&w, i) ||
			(e->end_hi_us && e->end_lo_us <= self->start_hi_us))
			continue;
		r.n = find_reach(&r.reach, w.ns, at, i);
		if (!r.n)
			continue;
		r.of = neighbours_probes(w.ns, at);
		r.apart_us = self->start_lo_us - e->start_hi_us;
		r.alike = alike_before(w.ns, i);
		put(&w, &r);
	}
	return w.n;
}

/* ---- precursors ---- */

static bool
is_order(const struct verdict *v)
{
	return !v->insufficient &&
	       (v->class == CLASS_shutdown || v->class == CLASS_throttling);
}

/* Smaller, or of another kind; one of days before smaller still, over, and an order. */
static bool
may_precede(const struct work *w, size_t at, bool long_before)
{
	const struct neighbour *other = neighbours_at(w->ns, at);
	uint32_t its = neighbours_probes(w->ns, at);
	uint32_t mine = neighbours_probes(w->ns, w->at);

	if (neighbours_shared(w->ns, w->at, at) * 2 <= its)
		return false;
	if (!long_before)
		return its * 4 <= mine * 3 ||
		       (other->event->family != w->self->event->family && its <= mine);
	return other->event->family == FAMILY_LOSS &&
	       w->self->event->family == FAMILY_LOSS && other->event->end_hi_us &&
	       other->event->end_hi_us < w->self->event->start_lo_us &&
	       its * 2 <= mine && is_order(other->verdict) &&
	       is_order(w->self->verdict);
}

/* Others of the kind that one of these is of, before one of these could be. */
static uint32_t
alike_earlier(const struct work *w, size_t at, bool long_before)
{
	int64_t start_us = w->self->event->start_lo_us;
	int64_t until_us = start_us - (long_before ? RELATIONS_LONG_BEFORE_US
						   : RELATIONS_BEFORE_US);
	uint32_t n = 0;

	for (size_t i = since(w->ns, start_us - w->ns->record->reference_us);
		i < w->ns->order_n; i++) {
		const struct event *e = neighbours_at(w->ns, i)->event;

		if (e->start_hi_us >= until_us)
			break;
		n += i != at && e->family == neighbours_at(w->ns, at)->event->family &&
		     is_other(w, i) && may_precede(w, i, long_before);
	}
	return n;
}

size_t
relations_precursors(struct relation relations[static RELATIONS_MOST],
	const struct surroundings *surroundings, size_t at)
{
	struct work w = begin(relations, surroundings, at);
	const struct event *self = w.self->event;

	for (size_t i = since(w.ns, self->start_lo_us - RELATIONS_LONG_BEFORE_US);
		i < w.ns->order_n; i++) {
		const struct event *e = neighbours_at(w.ns, i)->event;
		struct relation r = {.at = i};

		if (e->start_hi_us >= self->start_lo_us)
			break;
		r.apart_us = self->start_lo_us - e->start_hi_us;
		r.long_before = r.apart_us > RELATIONS_BEFORE_US;
		if (!is_other(&w, i) || !may_precede(&w, i, r.long_before))
			continue;
		r.n = neighbours_shared(w.ns, at, i);
		r.of = neighbours_probes(w.ns, i);
		r.alike = alike_earlier(&w, i, r.long_before);
		put(&w, &r);
	}
	return w.n;
}

/* ---- overlaps ---- */

static bool
is_meanwhile(const struct event *a, const struct event *b)
{
	return (!a->end_hi_us || a->end_lo_us > b->start_hi_us) &&
	       (!b->end_hi_us || b->end_lo_us > a->start_hi_us);
}

size_t
relations_overlaps(struct relation relations[static RELATIONS_MOST],
	const struct surroundings *surroundings, size_t at)
{
	struct work w = begin(relations, surroundings, at);

	if (w.self->verdict->insufficient)
		return 0;
	for (size_t i = 0; i < w.ns->order_n; i++) {
		const struct neighbour *other = neighbours_at(w.ns, i);
		struct nearness near;
		struct relation r = {.at = i};

		if (!is_other(&w, i) || other->verdict->insufficient ||
			other->verdict->cause == w.self->verdict->cause ||
			!is_meanwhile(w.self->event, other->event))
			continue;
		near = neighbours_near(w.ns, at, i);
		r.n = near.own ? near.own : near.region;
		r.reach = near.own ? REACH_OWN : REACH_REGION;
		r.of = near.of;
		/* If the one tells of the other, the other tells of the one. */
		if (near.own || (near.region && neighbours_near(w.ns, i, at).region))
			put(&w, &r);
	}
	return w.n;
}
