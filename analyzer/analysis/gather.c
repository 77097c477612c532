#include "analyzer/analysis/gather.h"

#include <stdlib.h>
#include <string.h>

/* What lies so many windows apart still is one event: operators obey one after the other. */
#define APART_WINDOWS 4
#define SPREAD_WINDOWS 10 /* in one place, surely out, from one to the next */
#define SLACK_WINDOWS 2
/* Edges known so well are compared whatever it was that broke. */
#define SHARP_WINDOWS 4
/* Damage here and there: so many probes, and that share of a region or operator, in
 * percent; or of the country. */
#define DAMAGE_PROBES 4
#define DAMAGE_PERCENT 30
#define DAMAGE_COUNTRY_PROBES 8
#define DAMAGE_COUNTRY_PERCENT 20

/* One try lost at each of two probes is chance. */
#define CHANCE_TRIES 3

#define NOWHERE UINT32_MAX

/* One operator in one region. */
struct place {
	uint32_t network; /* any of it */
	uint32_t probes; /* whose home it is */
};

/* Anomalies of one place that began together. */
struct outage {
	uint32_t place, probes, event;
	uint32_t tries; /* that failed */
	int64_t lo_us, hi_us; /* the first one's edge */
	int64_t last_hi_us; /* where the newest begins */
	int64_t last_end_us; /* the latest; INT64_MAX not yet */
	int64_t end_us; /* the one before, where several probes have one: who stays out alone
			 * has trouble of its own */
	uint8_t kind;
	bool strong; /* more than one bad bin at one probe of it */
	bool dated; /* most of it is out: lo_us and hi_us stand */
};

/* What an event is made of. */
struct crowd {
	int64_t first_us, last_us,
		end_us; /* starts of the first and the last; the end */
	int64_t last_lo_us;
	uint32_t probes;
	uint8_t kind, medium; /* MEDIUM_COUNT: several */
};

struct work {
	const struct record *record;
	struct anomaly **anomalies;
	uint32_t *outage_of; /* by anomaly */
	size_t n;
	struct place *places;
	uint32_t *place_of; /* by network */
	size_t places_n;
	struct outage *outages;
	size_t outages_n;
	struct crowd *crowds; /* by event */
};

static void *
room(size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		abort();
	return memory;
}

static const struct network *
network(const struct work *w, uint32_t place)
{
	return &w->record->networks[w->places[place].network];
}

static bool
is_same_place(const struct network *a, const struct network *b)
{
	return a->asn == b->asn && a->medium == b->medium &&
	       !strcmp(a->region, b->region) && !strcmp(a->country, b->country);
}

static void
find_places(struct work *w)
{
	const struct record *r = w->record;

	for (size_t i = 0; i < r->networks_n; i++) {
		uint32_t p = 0;

		while (p < w->places_n &&
			!is_same_place(&r->networks[i], network(w, p)))
			p++;
		if (p == w->places_n)
			w->places[w->places_n++] =
				(struct place){.network = (uint32_t)i};
		w->place_of[i] = p;
	}
	for (size_t i = 0; i < r->probes_n; i++)
		w->places[w->place_of[r->probes[i].network]].probes +=
			!r->probes[i].control;
}

/* What broke, roughly: what has one cause breaks alike. A phone that is let go off the air
 * loses its line. */
static uint8_t
kind_of(const struct anomaly *a, const struct record *record)
{
	enum { MACHINE, NETWORK, NAMES, RATE, LATE };
	bool mobile = record->networks[a->network].medium == MEDIUM_mobile;

	switch ((enum series)a->series) {
	case SERIES_RUNG:
		break;
	case SERIES_RATE:
		return RATE;
	case SERIES_LATE:
		return LATE;
	case SERIES_CHECK:
	case SERIES_DARK:
	case SERIES_TUNNEL:
	case SERIES_TARGET:
	case SERIES_NAME:
	case SERIES_PACE:
	case SERIES_WHOLE:
	case SERIES_SILENT:
		return MACHINE;
	}
	if (a->index <= RUNG_router && !mobile)
		return MACHINE;
	return a->index == RUNG_names ? NAMES : NETWORK;
}

static int64_t
end_of(const struct anomaly *a)
{
	return a->end_hi_us ? a->end_hi_us : INT64_MAX;
}

/* ---- anomalies -> outages of places ---- */

static bool
is_part(const struct work *w, const struct outage *o, const struct anomaly *a)
{
	int64_t window_us = w->record->window_us;

	int64_t apart = o->strong && !a->weak ? SPREAD_WINDOWS : APART_WINDOWS;
	/* What is back and breaks otherwise is another one. */
	int64_t slack = kind_of(a, w->record) == o->kind ? SLACK_WINDOWS : 0;

	return a->start_lo_us <= o->last_hi_us + apart * window_us &&
	       (o->end_us == INT64_MAX ||
		       a->start_lo_us <= o->end_us + slack * window_us);
}

static bool
is_counted(const struct work *w, size_t i, uint32_t outage)
{
	for (size_t k = 0; k < i; k++)
		if (w->outage_of[k] == outage &&
			w->anomalies[k]->probe == w->anomalies[i]->probe)
			return true;
	return false;
}

static void
take_end(struct outage *o, int64_t end_us)
{
	if (end_us > o->last_end_us) {
		o->end_us = o->probes > 1 ? o->last_end_us : end_us;
		o->last_end_us = end_us;
	} else if (o->probes > 1 && end_us > o->end_us) {
		o->end_us = end_us;
	}
}

/* A probe that had trouble of its own before does not date the place. */
static void
date(const struct work *w, struct outage *o, const struct anomaly *a)
{
	if (o->dated || o->probes < 2 || o->probes * 2 <= w->places[o->place].probes)
		return;
	o->dated = true;
	if (a->start_hi_us <= o->hi_us + SLACK_WINDOWS * w->record->window_us)
		return;
	o->lo_us = a->start_lo_us;
	o->hi_us = a->start_hi_us;
}

static void
add_to(struct work *w, size_t i, uint32_t outage)
{
	const struct anomaly *a = w->anomalies[i];
	struct outage *o = &w->outages[outage];

	o->probes += !is_counted(w, i, outage);
	date(w, o, a);
	/* One bad bin, as of a line that is not up yet at boot, does not say what broke. */
	if (!o->strong && !a->weak)
		o->kind = kind_of(a, w->record);
	o->strong = o->strong || !a->weak;
	o->tries += a->tries;
	o->last_hi_us = a->start_hi_us;
	if (a->start_lo_us > o->lo_us && a->start_lo_us < o->hi_us)
		o->lo_us = a->start_lo_us;
	take_end(o, end_of(a));
	w->outage_of[i] = outage;
}

static void
find_outages(struct work *w)
{
	uint32_t *newest = room(w->places_n, sizeof(*newest));

	for (size_t p = 0; p < w->places_n; p++)
		newest[p] = NOWHERE;
	for (size_t i = 0; i < w->n; i++) {
		const struct anomaly *a = w->anomalies[i];
		uint32_t place = w->place_of[a->network], at = newest[place];

		if (at == NOWHERE || !is_part(w, &w->outages[at], a)) {
			at = (uint32_t)w->outages_n++;
			w->outages[at] = (struct outage){.place = place,
				.event = NOWHERE,
				.lo_us = a->start_lo_us,
				.hi_us = a->start_hi_us,
				.kind = kind_of(a, w->record)};
			newest[place] = at;
		}
		w->outage_of[i] = NOWHERE;
		add_to(w, i, at);
	}
	free(newest);
}

/* Most of the place's probes: more than one where it has more. */
static bool
is_out(const struct work *w, const struct outage *o)
{
	uint32_t probes = w->places[o->place].probes, out = 0;

	/* Who is out already cannot go. */
	for (const struct outage *other = w->outages; other < o; other++)
		if (other->place == o->place && other->end_us > o->hi_us)
			out += other->probes;
	probes -= out < probes ? out : probes;
	if (probes <= 1)
		return o->strong;
	return o->probes > 1 && o->probes * 2 > probes &&
	       (o->strong || o->tries >= CHANCE_TRIES);
}

/* ---- outages -> events ---- */

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
		if (!strcmp(network(w, p)->country, country) &&
			(medium == MEDIUM_COUNT || network(w, p)->medium == medium))
			n += w->places[p].probes;
	return n;
}

/* A whole medium went, and now the other one does: the next phase. */
#define MEDIUM_PERCENT 75
static bool
is_next_phase(const struct work *w, const struct crowd *c, const struct outage *o)
{
	const struct network *its = network(w, o->place);

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
	uint32_t country = probes_of(w, network(w, o->place)->country, MEDIUM_COUNT);
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

		if (!is_out(w, o))
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
				.medium = network(w, o->place)->medium};
			e = ++n;
		}
		if (network(w, o->place)->medium != crowds[e - 1].medium)
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

static int
ascending(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

static bool
is_other(const struct work *w, const struct outage *o, const struct outage *other)
{
	return other != o && other->event == o->event && is_out(w, other);
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
		if (is_other(w, o, other))
			us[n++] = ends ? other->end_us : other->hi_us;
	qsort(us, n, sizeof(*us), ascending);
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
		if (!is_other(w, o, other))
			continue;
		if (network(w, other->place)->asn == network(w, o->place)->asn)
			return false;
		near = near || !strcmp(network(w, other->place)->region,
				       network(w, o->place)->region);
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
			.kind = o->kind, .medium = network(w, o->place)->medium};
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
			return probes_of(w, network(w, w->outages[i].place)->country,
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
	const struct network *mine = network(w, o->place);
	uint32_t asn = 0;

	for (size_t i = 0; i < w->outages_n; i++) {
		const struct outage *other = &w->outages[i];
		const struct network *its;

		if (other->event != event || !is_out(w, other))
			continue;
		its = network(w, other->place);
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
		const struct network *mine = network(w, w->outages[i].place);
		uint32_t out[2] = {0}, all[2] = {0};

		for (size_t k = first; k < end; k++) {
			const struct network *its = network(w, w->outages[k].place);
			uint32_t probes =
				is_left(&w->outages[k]) ? w->outages[k].probes : 0;

			out[0] += its->asn == mine->asn ? probes : 0;
			out[1] += strcmp(its->region, mine->region) ? 0 : probes;
		}
		for (uint32_t p = 0; p < w->places_n; p++) {
			const struct network *its = network(w, p);

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
		w, network(w, w->outages[first].place)->country, MEDIUM_COUNT);
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

	find_places(&w);
	find_outages(&w);
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
