#include "analyzer/analysis/view.h"

#include "analyzer/analysis/tally.h"

#include <stdlib.h>
#include <string.h>

/* Out for so much of an event that began later, a probe is out in it, too. */
#define BACKGROUND_PERCENT 50
/* A few probes' trouble says nothing of those that were out before. */
#define BACKGROUND_LEAST_PROBES 3
#define BACKGROUND_LEAST_PERCENT 25

bool
view_is_same_line(const struct tally *t, const struct record *r, const struct sample *s)
{
	return !t->own ||
	       r->networks[s->network].medium == r->networks[t->network].medium;
}

bool
view_is_field(const struct view *v, size_t p)
{
	return v->tallies[p].here && !v->record->probes[p].control;
}

bool
view_is_control(const struct view *v, size_t p)
{
	return v->record->probes[p].control && v->tallies[p].reported;
}

bool
view_is_subject(const struct view *v, size_t target)
{
	if (v->event->family == FAMILY_NAME)
		return v->record->targets[target].name == v->event->target;
	return target == v->event->target;
}

const struct network *
view_network(const struct view *v, size_t p)
{
	return &v->record->networks[v->tallies[p].network];
}

uint32_t
view_networks(const struct view *v)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		bool again = !view_is_field(v, p) || !v->tallies[p].affected;

		for (size_t q = 0; q < p && !again; q++)
			again = view_is_field(v, q) && v->tallies[q].affected &&
				v->tallies[q].network == v->tallies[p].network;
		n += !again;
	}
	return n;
}

void
view_witness(struct witness *w, const struct view *v)
{
	const struct record *r = v->record;

	memset(w, 0, sizeof(*w));
	for (size_t p = 0; p < r->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		bool new_asn = t->affected, new_region = t->affected;
		bool new_cohort = t->affected;

		if (!view_is_field(v, p))
			continue;
		w->expected++;
		w->reporting += t->reported;
		w->alive += t->reported && !t->affected;
		if (!t->affected)
			continue;
		w->medium[view_network(v, p)->medium] = true;
		for (size_t q = 0; q < p; q++) {
			if (!view_is_field(v, q) || !v->tallies[q].affected)
				continue;
			new_asn = new_asn &&
				  view_network(v, q)->asn != view_network(v, p)->asn;
			new_region = new_region && strcmp(view_network(v, q)->region,
							   view_network(v, p)->region);
			new_cohort = new_cohort &&
				     r->probes[q].cohort != r->probes[p].cohort;
		}
		w->operators += new_asn;
		w->regions += new_region;
		w->cohorts += new_cohort;
	}
	w->networks = view_networks(v);
}

/* Where the anomaly is the probe's own in this event. */
static void
take_own(struct tally *t, const struct anomaly *a, const struct view *view)
{
	int64_t end_us = tally_to(a, view) + 1;

	if (!t->own)
		t->anomalies = a;
	t->anomalies_n++;
	if (!t->own || a->start_hi_us < t->onset_us) {
		t->from_us = tally_from(a, view);
		t->onset_us = a->start_hi_us;
		t->well_us = a->start_lo_us;
	}
	if (!t->own || end_us > t->to_us) {
		t->to_us = end_us;
		t->out_us = a->end_lo_us;
		t->ended_us = a->end_hi_us;
	}
	t->network = a->network;
	t->own = t->affected = true;
}

/* An event may be a phase of what its anomalies are of. */
static void
clip(struct tally *t, const struct view *view)
{
	int64_t window_us = view->record->window_us;

	if (t->from_us < view->from_us - window_us)
		t->from_us = view->from_us;
	if (t->to_us > view->to_us + window_us)
		t->to_us = view->to_us;
}

/* Who was out before, and still is. */
static void
take_background(struct view *view)
{
	const struct joined *c = view->joined;
	int64_t most = (view->to_us - view->from_us) / 100 * BACKGROUND_PERCENT;

	uint32_t field = 0;

	for (size_t p = 0; p < view->record->probes_n; p++)
		field += !view->record->probes[p].control;
	if (view->event->family != FAMILY_LOSS ||
		view->event->affected < BACKGROUND_LEAST_PROBES ||
		view->event->affected * 100 < field * BACKGROUND_LEAST_PERCENT)
		return;
	for (size_t i = 0; i < c->anomalies_n; i++) {
		const struct anomaly *a = &c->anomalies[i];
		struct tally *t = &view->tallies[a->probe];
		int64_t from_us = a->start_hi_us, to_us = tally_end(a, view->record);

		/* Of a machine that stopped nothing was heard until it was back. */
		if (a->series == SERIES_DARK && a->end_hi_us)
			to_us = a->end_hi_us;
		if (a->event == ANOMALY_ABSORBED || t->own ||
			join_family(a) != FAMILY_LOSS)
			continue;
		from_us = from_us > view->from_us ? from_us : view->from_us;
		to_us = to_us < view->to_us ? to_us : view->to_us;
		if (to_us - from_us < most || to_us <= from_us)
			continue;
		t->affected = true;
		t->onset_us = a->start_hi_us;
		t->network = a->network;
	}
}

/* Of machines that stopped nobody saw the moment, and one probe alone may look once an hour:
 * the others are looked at from when it may have begun. */
static int64_t
others_from(const struct event *event, const struct joined *joined)
{
	bool dark = true;

	for (uint32_t i = 0; i < event->n && dark; i++)
		dark = joined->anomalies[event->first + i].series == SERIES_DARK;
	return dark || event->affected == 1 ? event->start_lo_us : event->start_hi_us;
}

void
view_open(struct view *view, const struct event *event, const struct joined *joined,
	const struct record *record)
{
	bool *dark = calloc(record->probes_n + 1, sizeof(*dark));
	int64_t to_us = event->end_hi_us ? event->end_lo_us : record->horizon_us;
	int64_t others_from_us = others_from(event, joined);

	*view = (struct view){
		.record = record,
		.event = event,
		.joined = joined,
		.from_us = event->start_hi_us,
		.to_us = to_us + 1,
		.tallies = calloc(record->probes_n + 1, sizeof(*view->tallies)),
		.seen = calloc(
			record->probes_n * record->targets_n + 1, sizeof(*view->seen)),
	};
	if (!view->tallies || !view->seen || !dark)
		abort();
	view->answers = answers_of(&view->mine, record);
	for (size_t p = 0; p < record->probes_n; p++)
		view->tallies[p] = (struct tally){
			.network = record->probes[p].network,
			.from_us = others_from_us,
			.to_us = view->to_us,
			.seen = &view->seen[p * record->targets_n],
		};
	for (uint32_t i = 0; i < event->n; i++) {
		const struct anomaly *a = &joined->anomalies[event->first + i];

		take_own(&view->tallies[a->probe], a, view);
		dark[a->probe] = dark[a->probe] || a->series == SERIES_DARK;
	}
	for (size_t p = 0; p < record->probes_n; p++)
		if (view->tallies[p].own)
			clip(&view->tallies[p], view);
	take_background(view);
	for (size_t p = 0; p < record->probes_n; p++)
		tally_take(&view->tallies[p], view, (uint32_t)p, dark[p]);
	free(dark);
}

void
view_close(struct view *view)
{
	answers_close(&view->mine);
	free(view->seen);
	free(view->tallies);
}
