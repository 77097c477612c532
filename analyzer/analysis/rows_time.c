#include "analyzer/analysis/observe.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/timetable.h"

/* Rows about when: who fell in what order, how it came back, and whether it keeps a
 * timetable. */
#define MINUTE_US INT64_C(60000000)

/* Who was out so long before it began has trouble of another day. */
#define BEFORE_IT_WINDOWS 4

static bool
began_with(const struct view *v, const struct tally *t)
{
	return t->onset_us >=
	       v->event->start_lo_us - BEFORE_IT_WINDOWS * v->record->window_us;
}

/* How long it surely took from the first part of those whose own it was (a tenth, a quarter) to the last: until
 * when the late ones were seen to be well (out), after the early ones were seen out (well
 * again). Below 0: it may have been one moment. INT64_MIN: too few say so. */
typedef bool whose_fn(const struct view *v, size_t probe);

static int64_t
spread(const struct view *v, whose_fn *whose, bool ends, uint32_t least, size_t part)
{
	size_t room = v->record->probes_n + 1, n = 0;
	int64_t *early_us = calloc(room, sizeof(*early_us));
	int64_t *late_us = calloc(room, sizeof(*late_us));
	int64_t result = INT64_MIN;

	if (!early_us || !late_us)
		abort();
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->own || !whose(v, p) ||
			(ends ? !t->ended_us : !began_with(v, t)))
			continue;
		early_us[n] = ends ? t->ended_us : t->onset_us;
		late_us[n++] = ends ? t->out_us : t->well_us;
	}
	if (n >= least) {
		qsort(early_us, n, sizeof(*early_us), room_ascending);
		qsort(late_us, n, sizeof(*late_us), room_ascending);
		result = late_us[n - 1 - n / part] - early_us[n / part];
	}
	free(early_us);
	free(late_us);
	return result;
}

static bool
anybody(const struct view *v, size_t probe)
{
	(void)v;
	(void)probe;
	return true;
}

/* Of an operator that is out: somebody else's probe has trouble of its own. */
static bool
is_of_who_is_out(const struct view *v, size_t probe)
{
	const struct scene *s = v->scene;
	const struct network *home = view_network(v, probe);

	for (size_t i = 0; i < s->operators_n; i++)
		if (s->operators[i].asn == home->asn &&
			s->operators[i].medium == home->medium)
			return scene_is_out(&s->operators[i]);
	return false;
}

static int64_t
seconds(int64_t us)
{
	return us > 0 ? us / 1000000 : 0;
}

static void
show_own(struct observation *o, const struct view *v)
{
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->own)
			continue;
		o->n++;
		observe_show(o, t->lines, t->lines_n);
	}
	o->of = v->scene->all.affected;
}

/* At several operators in one moment. */
bool
row_21(struct observation *o, const struct view *v)
{
	int64_t us = spread(v, anybody, false, LEAST_PROBES, 10);

	if (v->event->family != FAMILY_LOSS || us == INT64_MIN)
		return false;
	show_own(o, v);
	o->value = v->scene->mobile_out + v->scene->fixed_out;
	o->other = seconds(us);
	return us <= v->record->window_us / 3 && o->value >= 3;
}

/* By and by, within one operator. */
#define SLIDE_PROBES 5
#define SLIDE_WINDOWS 4
bool
row_23(struct observation *o, const struct view *v)
{
	int64_t us = spread(v, is_of_who_is_out, false, SLIDE_PROBES, 10);

	if (v->event->family != FAMILY_LOSS || us == INT64_MIN ||
		(v->scene->extent != EXTENT_OPERATOR &&
			v->scene->extent != EXTENT_OWNER))
		return false;
	show_own(o, v);
	o->value = seconds(us);
	return us >= SLIDE_WINDOWS * v->record->window_us;
}

/* Of those whose own it was, whoever may have gone in the event's first moment, where that is
 * known to a window; 0: it is not. */
static uint32_t
at_once(const struct view *v)
{
	const struct event *e = v->event;
	uint32_t n = 0;

	if (e->start_hi_us - e->start_lo_us > v->record->window_us)
		return 0;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		n += view_is_field(v, p) && t->own && t->well_us <= e->start_hi_us &&
		     t->onset_us >= e->start_lo_us;
	}
	return n;
}

/* In one moment, machines and lines and masts, more of one region than of another: what
 * breaks so is the ground, or the weather. */
#define WAYS_PARTS 4 /* of those out one in so many stopped, */
#define CUT_PARTS 6 /* and one in so many runs on, and lost its line or its mast */
bool
row_21h(struct observation *o, const struct view *v)
{
	const struct scene *s = v->scene;
	uint32_t dark = s->all.loss[LOSS_DARK];
	uint32_t cut = scene_lost(&s->all,
		LOSS_BIT(LOSS_HOME) | LOSS_BIT(LOSS_ACCESS) | LOSS_BIT(LOSS_ALL));
	int64_t most = 0, least = 100;

	if (v->event->family != FAMILY_LOSS || s->all.own < SLIDE_PROBES)
		return false;
	for (size_t i = 0; i < s->regions_n; i++) {
		int64_t percent = (int64_t)s->regions[i].own * 100 / s->regions[i].n;

		most = percent > most ? percent : most;
		least = percent < least ? percent : least;
	}
	show_own(o, v);
	o->n = at_once(v);
	o->value = most;
	o->other = least;
	return o->n * 2 > s->all.own && dark * WAYS_PARTS >= s->all.own &&
	       cut * CUT_PARTS >= s->all.own && most < 90 && most >= 2 * least &&
	       !s->all.loss[LOSS_REFUSED];
}

/* One after the other, each in its own way, of several operators: nobody's switch. */
bool
row_23k(struct observation *o, const struct view *v)
{
	const struct scene *s = v->scene;
	int64_t us = spread(v, anybody, false, LEAST_PROBES, 10);
	uint32_t ways = 0;

	if (v->event->family != FAMILY_LOSS || us == INT64_MIN || s->operators_n < 2 ||
		s->extent == EXTENT_PLACE || s->extent == EXTENT_OPERATOR ||
		s->extent == EXTENT_OWNER)
		return false;
	for (uint32_t loss = LOSS_DARK; loss <= LOSS_ALL; loss++)
		ways += s->all.loss[loss] > 0;
	show_own(o, v);
	o->value = ways;
	o->other = seconds(us);
	return ways >= 2 && us >= 2 * v->record->window_us &&
	       at_once(v) * 2 <= s->all.own && !s->all.loss[LOSS_WORLD] &&
	       s->all.own * 10 <= s->all.n * 7;
}

/* One region after the other, whatever the operator: how far apart the regions fell against
 * how far apart the operators of each did. */
bool
row_11(struct observation *o, const struct view *v)
{
	const struct scene *s = v->scene;
	int64_t first_us = INT64_MAX, last_us = 0, within_us = 0;

	if (v->event->family != FAMILY_LOSS)
		return false;
	for (size_t i = 0; i < s->regions_n; i++) {
		const struct crowd *c = &s->regions[i];

		if (!c->first_us || c->places_out < 2)
			continue;
		o->value++;
		o->n += c->affected;
		o->of += c->n;
		first_us = c->first_us < first_us ? c->first_us : first_us;
		last_us = c->first_us > last_us ? c->first_us : last_us;
		if (c->last_us - c->first_us > within_us)
			within_us = c->last_us - c->first_us;
	}
	o->other = (last_us - first_us) / 1000000;
	return o->value >= 2 && last_us - first_us >= 2 * v->record->window_us &&
	       last_us - first_us > 2 * within_us;
}

/* ---- the way back ---- */

bool
row_29(struct observation *o, const struct view *v)
{
	int64_t us = spread(v, anybody, true, SLIDE_PROBES, 5);

	if (v->event->family != FAMILY_LOSS || us == INT64_MIN || !v->event->end_hi_us)
		return false;
	show_own(o, v);
	o->value = seconds(us);
	return us <= v->record->window_us;
}

#define LONG_RETURN_WINDOWS 16
bool
row_30(struct observation *o, const struct view *v)
{
	int64_t us = spread(v, anybody, true, SLIDE_PROBES, 4);

	if (v->event->family != FAMILY_LOSS || us == INT64_MIN)
		return false;
	show_own(o, v);
	o->value = seconds(us);
	return us >= LONG_RETURN_WINDOWS * v->record->window_us;
}

/* ---- timetables ---- */

/* Events of the same kind and networks that began at the same time of other days. One other is
 * chance: of any two in a week, one in a hundred begin so. */
#define TIMETABLE_OTHERS 2
/* And so many are most of a week. */
#define WEEK_OTHERS 4

static bool
shares_network(const struct view *v, const struct event *a, const struct event *b)
{
	const struct anomaly *anomalies = v->joined->anomalies;
	uint32_t shared = 0, probes = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		const struct anomaly *x = &anomalies[a->first + i];
		bool found = false;

		if (i && x->probe == x[-1].probe)
			continue;
		probes++;
		for (uint32_t k = 0; k < b->n && !found; k++)
			found = anomalies[b->first + k].probe == x->probe;
		shared += found;
	}
	return shared * 2 > probes;
}

static bool
recurs(struct observation *o, const struct view *v, int64_t others)
{
	const struct joined *c = v->joined;

	if (v->event->family != FAMILY_LOSS || v->event->affected < 2)
		return false;
	for (size_t i = 0; i < c->events_n; i++) {
		const struct event *other = &c->events[i];

		if (other != v->event && timetable_has(v->event, other))
			o->value += shares_network(v, v->event, other);
	}
	show_own(o, v);
	return o->value >= others;
}

bool
row_26(struct observation *o, const struct view *v)
{
	return recurs(o, v, TIMETABLE_OTHERS);
}

bool
row_26d(struct observation *o, const struct view *v)
{
	return recurs(o, v, WEEK_OTHERS);
}

#define SHORT_WINDOWS 8
/* Where time is scaled, in a lab, lengths mean nothing. */
#define WINDOW_LEAST_US (5 * MINUTE_US)
static bool
is_over_within(struct observation *o, const struct view *v, int64_t most_us)
{
	if (v->record->window_us < WINDOW_LEAST_US || v->event->family != FAMILY_LOSS ||
		!v->event->end_hi_us || v->event->affected < LEAST_PROBES)
		return false;
	show_own(o, v);
	o->value = seconds(v->event->end_lo_us - v->event->start_hi_us);
	return v->event->end_hi_us - v->event->start_lo_us < most_us;
}

/* Five of a hundred shutdowns were over by then. */
#define BRIEF_US (50 * MINUTE_US)
bool
row_28b(struct observation *o, const struct view *v)
{
	return is_over_within(o, v, BRIEF_US);
}

bool
row_28(struct observation *o, const struct view *v)
{
	struct observation brief = {0};

	return is_over_within(o, v, SHORT_WINDOWS * v->record->window_us) &&
	       !row_28b(&brief, v);
}

/* ---- what went before ---- */

/* Round trips abroad of some of the same networks, longer within so many windows before. */
#define BEFORE_WINDOWS 24
bool
row_19b(struct observation *o, const struct view *v)
{
	const struct joined *j = v->joined;
	int64_t since_us = v->from_us - BEFORE_WINDOWS * v->record->window_us;

	if (v->event->family != FAMILY_LOSS || v->event->affected < LEAST_PROBES)
		return false;
	o->of = v->scene->all.affected;
	for (size_t i = 0; i < j->anomalies_n; i++) {
		const struct anomaly *a = &j->anomalies[i];

		if (a->series != SERIES_LATE || a->index != 1 || a->weak ||
			a->event == ANOMALY_ABSORBED || a->start_hi_us < since_us ||
			a->start_hi_us >= v->event->start_lo_us ||
			!v->tallies[a->probe].affected)
			continue;
		o->n++;
	}
	return o->n >= 2;
}
