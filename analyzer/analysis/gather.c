#include "analyzer/analysis/gather.h"
#include "analyzer/analysis/outage.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>
#include <string.h>

/* Edges known so well are compared whatever it was that broke. */
#define SHARP_WINDOWS 4
/* Damage here and there: so many probes, and that share of a region or operator, in
 * percent; or of the country. */
#define DAMAGE_PROBES 4
#define DAMAGE_PERCENT 30
#define DAMAGE_COUNTRY_PROBES 8
#define DAMAGE_COUNTRY_PERCENT 20

/* What an event is made of. */
struct crowd {
	int64_t first_us, last_us,
		end_us; /* starts of the first and the last; the end */
	int64_t last_lo_us;
	uint32_t probes;
	uint8_t kind, medium; /* MEDIUM_COUNT: several */
};

static void
grow(struct crowd *c, const struct outage *o)
{
	if (!c->first_us || o->lo_us < c->first_us)
		c->first_us = o->lo_us;
	if (o->hi_us > c->last_us) {
		c->last_us = o->hi_us;
		c->last_lo_us = o->lo_us;
	}
	if (o->end_us > c->end_us)
		c->end_us = o->end_us;
	c->probes += o->probes;
}

/* Probes of the country, of one medium or (MEDIUM_COUNT) of all. */
static uint32_t
probes_of(const struct work *w, const char *country, uint8_t medium)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < w->places_n; p++)
		if (!strcmp(outage_network(w, p)->country, country) &&
			(medium == MEDIUM_COUNT ||
				outage_network(w, p)->medium == medium))
			n += w->places[p].probes;
	return n;
}

/* A whole medium went, and now the other one does: the next phase. */
#define MEDIUM_PERCENT 75
static bool
is_next_phase(const struct work *w, const struct crowd *c, const struct outage *o)
{
	const struct network *its = outage_network(w, o->place);

	return c->medium != MEDIUM_COUNT && its->medium != c->medium &&
	       o->lo_us > c->last_us &&
	       c->probes * 100 >=
		       probes_of(w, its->country, c->medium) * MEDIUM_PERCENT;
}

static bool
belongs(const struct work *w, const struct crowd *c, const struct outage *o)
{
	int64_t window_us = w->record->window_us;
	bool sharp = o->hi_us - o->lo_us <= SHARP_WINDOWS * window_us &&
		     c->last_us - c->last_lo_us <= SHARP_WINDOWS * window_us &&
		     o->lo_us <= c->last_us;

	return (o->kind == c->kind || sharp) && !is_next_phase(w, c, o) &&
	       o->lo_us <= c->last_us + APART_WINDOWS * window_us &&
	       (c->end_us == INT64_MAX ||
		       o->lo_us <= c->end_us + SLACK_WINDOWS * window_us);
}

/* Where most of a country is out, what goes out later, for some time again, is no event of
 * its own. */
#define NATIONAL_PERCENT 60
static bool
is_within(const struct work *w, size_t crowd, const struct outage *o)
{
	uint32_t country =
		probes_of(w, outage_network(w, o->place)->country, MEDIUM_COUNT);
	uint32_t out = 0;

	for (size_t i = 0; i < w->outages_n; i++)
		out += w->outages[i].event == crowd && w->outages[i].end_us > o->hi_us
			       ? w->outages[i].probes
			       : 0;
	return country && o->kind == w->crowds[crowd].kind &&
	       out * 100 >= country * NATIONAL_PERCENT;
}

/* Outages come in the order of their edges: they were found in that of the anomalies. */
static size_t
found_events(struct work *w)
{
	struct crowd *crowds = w->crowds;
	size_t n = 0;

	for (size_t i = 0; i < w->outages_n; i++) {
		struct outage *o = &w->outages[i];
		size_t e = n;

		if (!o->out)
			continue;
		for (size_t k = n; k-- > 0 && o->event == NOWHERE;)
			if (!belongs(w, &crowds[k], o) && is_within(w, k, o))
				o->event = (uint32_t)k;
		if (o->event != NOWHERE)
			continue;
		while (e && !belongs(w, &crowds[e - 1], o) &&
			crowds[e - 1].last_us >
				o->lo_us - 2 * APART_WINDOWS * w->record->window_us)
			e--;
		if (!e || !belongs(w, &crowds[e - 1], o)) {
			crowds[n] = (struct crowd){.kind = o->kind,
				.medium = outage_network(w, o->place)->medium};
			e = ++n;
		}
		if (outage_network(w, o->place)->medium != crowds[e - 1].medium)
			crowds[e - 1].medium = MEDIUM_COUNT;
		grow(&crowds[e - 1], o);
		o->event = (uint32_t)(e - 1);
	}
	return n;
}

/*
 * A place of an operator that has no other in the event, where the others agree on
 * when they went and came back, has trouble of its own if it neither went nor came
 * back with them; in a region where none of them is, if it missed one of the two.
 */
#define AGREED_START_WINDOWS 2
#define AGREED_END_WINDOWS 4
#define MISSED_END_WINDOWS 3
#define AGREED_LEAST 2

static bool
is_other(const struct outage *o, const struct outage *other)
{
	return other != o && other->event == o->event && other->out;
}

static bool
is_off(int64_t us, int64_t middle_us, int64_t most_us)
{
	if (us == INT64_MAX || middle_us == INT64_MAX)
		return us != middle_us;
	return us > middle_us + most_us || us < middle_us - most_us;
}

/* The middle of the others' starts or ends, and with ${off} how many are not near it. */
static int64_t
middle_of(const struct work *w, const struct outage *o, bool ends, int64_t *us,
	size_t *off)
{
	int64_t most_us = (ends ? AGREED_END_WINDOWS : AGREED_START_WINDOWS) *
			  w->record->window_us;
	int64_t middle_us;
	size_t n = 0;

	for (const struct outage *other = w->outages; other < w->outages + w->outages_n;
		other++)
		if (is_other(o, other))
			us[n++] = ends ? other->end_us : other->hi_us;
	qsort(us, n, sizeof(*us), room_ascending);
	middle_us = n ? us[n / 2] : 0;
	*off = 0;
	for (size_t i = 0; i < n; i++)
		*off += is_off(us[i], middle_us, most_us);
	return middle_us;
}

static bool
is_stranger(const struct work *w, const struct outage *o, int64_t *scratch)
{
	int64_t window_us = w->record->window_us, start_us, end_us;
	size_t n = 0, starts_off, ends_off;
	bool near = false, went, came;

	for (const struct outage *other = w->outages; other < w->outages + w->outages_n;
		other++) {
		if (!is_other(o, other))
			continue;
		if (outage_network(w, other->place)->asn ==
			outage_network(w, o->place)->asn)
			return false;
		near = near || !strcmp(outage_network(w, other->place)->region,
				       outage_network(w, o->place)->region);
		n++;
	}
	if (n < AGREED_LEAST)
		return false;
	start_us = middle_of(w, o, false, scratch, &starts_off);
	end_us = middle_of(w, o, true, scratch, &ends_off);
	if (starts_off * 3 > n || ends_off * 3 > n)
		return false;
	went = o->lo_us <= start_us + AGREED_START_WINDOWS * window_us &&
	       o->hi_us >= start_us - AGREED_START_WINDOWS * window_us;
	came = !is_off(o->end_us, end_us, MISSED_END_WINDOWS * window_us);
	return near ? !went && !came : !went || !came;
}

static size_t
part_strangers(struct work *w, size_t n)
{
	int64_t *scratch = room(w->outages_n, sizeof(*scratch));

	for (size_t i = 0; i < w->outages_n; i++) {
		struct outage *o = &w->outages[i];
		size_t from = o->event;

		if (o->event == NOWHERE || !is_stranger(w, o, scratch))
			continue;
		o->event = (uint32_t)n;
		w->crowds[n] = (struct crowd){
			.kind = o->kind, .medium = outage_network(w, o->place)->medium};
		grow(&w->crowds[n++], o);
		w->crowds[from] = (struct crowd){
			.kind = w->crowds[from].kind, .medium = w->crowds[from].medium};
		for (size_t k = 0; k < w->outages_n; k++)
			if (w->outages[k].event == from)
				grow(&w->crowds[from], &w->outages[k]);
	}
	free(scratch);
	return n;
}

static void
merge(struct work *w, size_t small, size_t big)
{
	w->crowds[small].probes = w->crowds[big].probes = 0;
	for (size_t i = 0; i < w->outages_n; i++) {
		struct outage *o = &w->outages[i];

		if (o->event != small && o->event != big)
			continue;
		o->event = (uint32_t)big;
		grow(&w->crowds[big], o);
	}
}

/* Probes of a crowd that were out with ${o}, and those of them that came back in the same
 * moment. */
struct return_of {
	uint32_t out, back;
};

static struct return_of
return_with(const struct work *w, size_t crowd, const struct outage *o)
{
	int64_t window_us = w->record->window_us;
	struct return_of r = {0};

	for (size_t i = 0; i < w->outages_n; i++) {
		const struct outage *other = &w->outages[i];
		int64_t apart_us = o->end_us - other->end_us;

		if (other->event != crowd || other == o)
			continue;
		r.out += other->probes;
		if (apart_us <= window_us && apart_us >= -window_us)
			r.back += other->probes;
	}
	return r;
}

/* What went out later, was out for half a day, and came back in the moment in which most of
 * those did that were out before: mended, or let on again, with one hand. And what was out
 * before, and came back only then: what held it down at last was the same. */
#define LONG_WINDOWS 48
#define LONG_PROBES 3
static bool
comes_back_with(const struct work *w, size_t crowd, const struct outage *o)
{
	const struct crowd *c = &w->crowds[crowd];
	struct return_of r;

	if (o->end_us == INT64_MAX || o->lo_us >= o->end_us ||
		(o->hi_us >= c->first_us &&
			o->end_us - o->hi_us < LONG_WINDOWS * w->record->window_us))
		return false;
	r = return_with(w, crowd, o);
	return r.back >= LONG_PROBES && r.back * 2 > r.out && r.back >= 2 * o->probes;
}

/* What goes out alone about when all do, and comes back with them, is a part of that. */
#define SMALL_PERCENT 25
#define WITHIN_PERCENT 60
static uint32_t
country_of(const struct work *w, size_t crowd)
{
	for (size_t i = 0; i < w->outages_n; i++)
		if (w->outages[i].event == crowd)
			return probes_of(w,
				outage_network(w, w->outages[i].place)->country,
				MEDIUM_COUNT);
	return 0;
}

static bool
lies_within(const struct work *w, const struct crowd *small, const struct crowd *big,
	uint32_t country)
{
	int64_t end_us =
		small->end_us == INT64_MAX ? w->record->horizon_us : small->end_us;
	int64_t from_us =
		small->first_us > big->last_us ? small->first_us : big->last_us;
	int64_t to_us = end_us < big->end_us ? end_us : big->end_us;

	return big->kind == small->kind &&
	       big->probes * 100 >= country * NATIONAL_PERCENT &&
	       (to_us - from_us) * 100 >= (end_us - small->first_us) * WITHIN_PERCENT;
}

/* Most of the small one's probes. */
static bool
came_back_with(const struct work *w, size_t small, size_t big)
{
	uint32_t n = 0;

	if (w->crowds[small].probes * 2 > w->crowds[big].probes)
		return false;
	for (size_t i = 0; i < w->outages_n; i++)
		if (w->outages[i].event == small &&
			comes_back_with(w, big, &w->outages[i]))
			n += w->outages[i].probes;
	return n * 2 > w->crowds[small].probes;
}

static void
merge_small(struct work *w, size_t n)
{
	for (size_t s = 0; s < n; s++) {
		const struct crowd *small = &w->crowds[s];
		uint32_t country = country_of(w, s);

		if (!small->probes || small->probes * 100 >= country * SMALL_PERCENT)
			continue;
		for (size_t b = 0; b < n && small->probes; b++)
			if (b != s && (lies_within(w, small, &w->crowds[b], country) ||
					      came_back_with(w, s, b)))
				merge(w, s, b);
	}
}

/* Operators that are slow for days do not begin in one hour where transfers are rare: what
 * lasts a day at least, and mostly the same days, is one event; a slow line is often late. */
#define LASTING_WINDOWS 96

static bool
share_place(const struct work *w, size_t a, size_t b)
{
	for (size_t i = 0; i < w->outages_n; i++)
		for (size_t k = 0; w->outages[i].event == a && k < w->outages_n; k++)
			if (w->outages[k].event == b &&
				w->outages[k].place == w->outages[i].place)
				return true;
	return false;
}

static bool
last_together(const struct work *w, size_t a, size_t b)
{
	const struct crowd *x = &w->crowds[a], *y = &w->crowds[b];
	int64_t least_us = LASTING_WINDOWS * w->record->window_us, now_us;
	int64_t x_end_us, y_end_us, from_us, to_us, longest_us;

	now_us = w->record->horizon_us;
	x_end_us = x->end_us < now_us ? x->end_us : now_us;
	y_end_us = y->end_us < now_us ? y->end_us : now_us;
	if (x_end_us - x->last_us < least_us || y_end_us - y->last_us < least_us)
		return false;
	from_us = x->first_us > y->first_us ? x->first_us : y->first_us;
	to_us = x_end_us < y_end_us ? x_end_us : y_end_us;
	longest_us = x_end_us - x->first_us > y_end_us - y->first_us
			     ? x_end_us - x->first_us
			     : y_end_us - y->first_us;
	return (to_us - from_us) * 100 >= longest_us * WITHIN_PERCENT &&
	       (x->kind == y->kind || share_place(w, a, b));
}

static void
merge_lasting(struct work *w, size_t n)
{
	if (!w->n || join_family(w->anomalies[0]) != FAMILY_SLOW)
		return;
	for (size_t b = 1; b < n; b++)
		for (size_t a = 0; a < b; a++) {
			if (!w->crowds[a].probes || !w->crowds[b].probes ||
				!last_together(w, a, b))
				continue;
			for (size_t i = 0; i < w->outages_n; i++) {
				if (w->outages[i].event != b)
					continue;
				w->outages[i].event = (uint32_t)a;
				grow(&w->crowds[a], &w->outages[i]);
			}
			w->crowds[b].probes = 0;
		}
}

/*
 * Does the event have that operator, or that region? A place that stands well by
 * itself asks for its region at several operators: one that is only in the same town
 * has its own trouble.
 */
static bool
is_neighbour(const struct work *w, const struct outage *o, uint32_t event)
{
	const struct network *mine = outage_network(w, o->place);
	uint32_t asn = 0;

	for (size_t i = 0; i < w->outages_n; i++) {
		const struct outage *other = &w->outages[i];
		const struct network *its;

		if (other->event != event || !other->out)
			continue;
		its = outage_network(w, other->place);
		if (its->asn == mine->asn)
			return true;
		if (!its->region[0] || strcmp(its->region, mine->region) != 0)
			continue;
		if (!o->strong || (asn && asn != its->asn))
			return true;
		asn = its->asn;
	}
	return false;
}

static void
attach_single(struct work *w, size_t n)
{
	const struct crowd *crowds = w->crowds;
	int64_t slack_us = APART_WINDOWS * w->record->window_us;

	for (size_t i = 0; i < w->outages_n; i++) {
		struct outage *o = &w->outages[i];

		for (size_t e = 0; e < n && o->event == NOWHERE; e++)
			if (comes_back_with(w, e, o) ||
				(o->lo_us <= crowds[e].last_us + slack_us &&
					o->hi_us >= crowds[e].first_us - slack_us &&
					o->lo_us <= crowds[e].end_us &&
					is_neighbour(w, o, (uint32_t)e)))
				o->event = (uint32_t)e;
	}
}

static bool
is_left(const struct outage *o)
{
	return o->event == NOWHERE && o->strong;
}

/* Probes of the same operator or region among [first, end), in percent of all there. */
static uint32_t
densest_percent(const struct work *w, size_t first, size_t end)
{
	uint32_t most = 0;

	for (size_t i = first; i < end; i++) {
		const struct network *mine = outage_network(w, w->outages[i].place);
		uint32_t out[2] = {0}, all[2] = {0};

		for (size_t k = first; k < end; k++) {
			const struct network *its =
				outage_network(w, w->outages[k].place);
			uint32_t probes =
				is_left(&w->outages[k]) ? w->outages[k].probes : 0;

			out[0] += its->asn == mine->asn ? probes : 0;
			out[1] += strcmp(its->region, mine->region) ? 0 : probes;
		}
		for (uint32_t p = 0; p < w->places_n; p++) {
			const struct network *its = outage_network(w, p);

			all[0] += its->asn == mine->asn ? w->places[p].probes : 0;
			all[1] += strcmp(its->region, mine->region)
					  ? 0
					  : w->places[p].probes;
		}
		for (int k = 0; k < 2; k++)
			if (out[k] >= DAMAGE_PROBES && all[k] &&
				out[k] * 100 / all[k] > most)
				most = out[k] * 100 / all[k];
	}
	return most;
}

static bool
is_damage(const struct work *w, size_t first, size_t end)
{
	uint32_t probes = 0, country = 0;

	/* Slow here and there is nobody's event. */
	if (join_family(w->anomalies[0]) == FAMILY_SLOW)
		return false;

	for (size_t i = first; i < end; i++)
		probes += is_left(&w->outages[i]) ? w->outages[i].probes : 0;
	country = probes_of(
		w, outage_network(w, w->outages[first].place)->country, MEDIUM_COUNT);
	return (probes >= DAMAGE_COUNTRY_PROBES &&
		       probes * 100 >= country * DAMAGE_COUNTRY_PERCENT) ||
	       densest_percent(w, first, end) >= DAMAGE_PERCENT;
}

/* What is left, in runs of what began close together: damage, or each probe's own. */
static size_t
found_rest(struct work *w, size_t n)
{
	struct crowd *crowds = w->crowds;
	int64_t apart_us = APART_WINDOWS * w->record->window_us;

	for (size_t i = 0, end; i < w->outages_n; i = end) {
		int64_t last_us = w->outages[i].hi_us;
		bool damage;

		for (end = i + 1; end < w->outages_n &&
				  w->outages[end].hi_us <= last_us + apart_us;
			end++)
			if (w->outages[end].event == NOWHERE)
				last_us = w->outages[end].hi_us;
		damage = is_damage(w, i, end);
		for (size_t k = i; k < end; k++) {
			struct outage *o = &w->outages[k];

			if (o->event != NOWHERE || (!damage && !o->strong))
				continue;
			o->event = (uint32_t)n;
			grow(&crowds[n], o);
			n += !damage;
		}
		n += damage;
	}
	return n;
}

size_t
gather(const struct gathering *g, const struct record *record)
{
	struct work w = {
		.record = record,
		.anomalies = g->anomalies,
		.n = g->n,
		.outage_of = room(g->n, sizeof(*w.outage_of)),
		.places = room(record->networks_n, sizeof(*w.places)),
		.place_of = room(record->networks_n, sizeof(*w.place_of)),
		.outages = room(g->n, sizeof(*w.outages)),
		.crowds = room(g->n, sizeof(*w.crowds)),
	};
	size_t n;

	outage_find_places(&w);
	outage_find(&w);
	n = part_strangers(&w, found_events(&w));
	merge_small(&w, n);
	merge_lasting(&w, n);
	attach_single(&w, n);
	n = found_rest(&w, n);
	for (size_t i = 0; i < g->n; i++) {
		uint32_t event = w.outages[w.outage_of[i]].event;

		g->anomalies[i]->event =
			event == NOWHERE ? ANOMALY_ABSORBED : g->first_event + event;
	}
	free(w.crowds);
	free(w.outages);
	free(w.place_of);
	free(w.places);
	free(w.outage_of);
	return n;
}
