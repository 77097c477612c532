#include "analyzer/analysis/outage.h"

#include "analyzer/analysis/edges.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>
#include <string.h>

#define SPREAD_WINDOWS 10 /* in one place, surely out, from one to the next */

/* One try lost at each of two probes is chance. */
#define CHANCE_TRIES 3

const struct network *
outage_network(const struct work *w, uint32_t place)
{
	return &w->record->networks[w->places[place].network];
}

static bool
is_same_place(const struct network *a, const struct network *b)
{
	return a->asn == b->asn && a->medium == b->medium &&
	       !strcmp(a->region, b->region) && !strcmp(a->country, b->country);
}

void
outage_find_places(struct work *w)
{
	const struct record *r = w->record;

	for (size_t i = 0; i < r->networks_n; i++) {
		uint32_t p = 0;

		while (p < w->places_n &&
			!is_same_place(&r->networks[i], outage_network(w, p)))
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
	for (size_t k = w->outages[outage].first; k < i; k++)
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
	take_end(o, edges_end(a));
	w->outage_of[i] = outage;
}

/* Most of the place's probes: more than one where it has more. */
static bool
is_out(const struct work *w, const struct outage *o)
{
	uint32_t probes = w->places[o->place].probes, out = 0;

	/* Who is out already cannot go. */
	for (uint32_t k = o->before; k != NOWHERE; k = w->outages[k].before)
		if (w->outages[k].end_us > o->hi_us)
			out += w->outages[k].probes;
	probes -= out < probes ? out : probes;
	if (probes <= 1)
		return o->strong;
	return o->probes > 1 && o->probes * 2 > probes &&
	       (o->strong || o->tries >= CHANCE_TRIES);
}

void
outage_find(struct work *w)
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
				.before = newest[place],
				.first = (uint32_t)i,
				.lo_us = a->start_lo_us,
				.hi_us = a->start_hi_us,
				.kind = kind_of(a, w->record)};
			newest[place] = at;
		}
		w->outage_of[i] = NOWHERE;
		add_to(w, i, at);
	}
	for (size_t i = 0; i < w->outages_n; i++)
		w->outages[i].out = is_out(w, &w->outages[i]);
	free(newest);
}
