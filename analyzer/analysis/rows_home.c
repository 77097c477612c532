#include "analyzer/analysis/observe.h"

#include <stdlib.h>
#include <string.h>

/* Rows about the machines themselves: power, boots, the neighbourhood, the line at home. */

/* Beacons, and the signal of a mast, that are left when the neighbourhood is dark. */
#define BEACONS_LEFT_PERCENT 30
#define BEACONS_LEAST 4
#define SIGNAL_FALLS_DB 8

static bool
has_lost_mains(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->mains_lost && !t->mains_long;
}

static bool
has_long_lost_mains(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->mains_lost && t->mains_long;
}

static bool
has_mains(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->on_mains && !t->rebooted && t->loss != LOSS_DARK;
}

static bool
has_no_gap(const struct view *v, const struct tally *t)
{
	(void)v;
	return (t->supply_unknown || t->on_mains) && !t->rebooted &&
	       t->loss != LOSS_DARK;
}

static bool
is_dark(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->own && t->loss == LOSS_DARK;
}

/* Of those that tell their supply. */
static uint32_t
tell_supply(const struct view *v)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		n += view_is_field(v, p) && t->affected && t->power_lines_n &&
		     !t->supply_unknown;
	}
	return n;
}

/* Where lines are slow: machines of the same regions that stopped when it began. */
#define BESIDE_WINDOWS 4
static void
find_dark_beside(bool *dark, const struct view *v)
{
	const struct joined *j = v->joined;
	int64_t near_us = BESIDE_WINDOWS * v->record->window_us;

	for (size_t i = 0; i < j->anomalies_n; i++)
		if (j->anomalies[i].series == SERIES_DARK &&
			j->anomalies[i].start_lo_us <=
				v->event->start_hi_us + near_us &&
			j->anomalies[i].start_hi_us >= v->event->start_lo_us - near_us)
			dark[j->anomalies[i].probe] = true;
}

static void
count_dark_beside(struct observation *o, const struct view *v)
{
	const struct scene *s = v->scene;
	bool *dark;

	if (v->event->family != FAMILY_SLOW)
		return;
	dark = calloc(v->record->probes_n + 1, sizeof(*dark));
	if (!dark)
		abort();
	find_dark_beside(dark, v);
	for (size_t p = 0; p < v->record->probes_n; p++) {
		bool there = false;

		for (size_t i = 0; i < s->regions_n && !there; i++)
			there = view_is_field(v, p) && s->regions[i].places_out &&
				!strcmp(s->regions[i].region,
					view_network(v, p)->region);
		o->of += there;
		o->n += there && dark[p];
	}
	free(dark);
}

static bool
is_without_mains(struct observation *o, const struct view *v, has_fn *has)
{
	if (v->event->family != FAMILY_LOSS && v->event->family != FAMILY_SLOW)
		return false;
	observe_count(o, v, has, true);
	o->value = tell_supply(v);
	return o->n >= 2 && o->n * 2 >= o->value;
}

bool
row_1(struct observation *o, const struct view *v)
{
	return is_without_mains(o, v, has_lost_mains);
}

bool
row_1d(struct observation *o, const struct view *v)
{
	return is_without_mains(o, v, has_long_lost_mains);
}

/* What it told of its mains about when the event began; shows the line that says they went,
 * at most so long after one that says they were there. */
#define TOLD_WINDOWS 8
enum mains { MAINS_UNTOLD, MAINS_STAY, MAINS_GO };
static enum mains
mains_of(struct observation *o, const struct view *v, size_t p)
{
	const struct record *r = v->record;
	int64_t far_us = TOLD_WINDOWS * r->window_us;
	int64_t lo_us = v->event->start_lo_us - r->window_us, mains_us = 0;
	int64_t hi_us = v->event->start_hi_us + r->window_us;
	size_t first,
		n = record_find(&first, r, (uint32_t)p, lo_us - far_us, hi_us + far_us);

	for (size_t i = first; i < first + n && mains_us <= hi_us; i++) {
		const struct sample *s = &r->samples[i];
		uint32_t line = (uint32_t)i;

		if (s->check != CHECK_power)
			continue;
		if (mains_us && s->supply == SUPPLY_battery && s->utc_us >= lo_us) {
			observe_show(o, &line, 1);
			return MAINS_GO;
		}
		mains_us = s->supply == SUPPLY_mains ? s->utc_us : 0;
	}
	return mains_us > hi_us ? MAINS_STAY : MAINS_UNTOLD;
}

static bool
is_struck_region(const struct scene *s, const char *region)
{
	for (size_t i = 0; i < s->regions_n; i++)
		if (s->regions[i].own && !strcmp(s->regions[i].region, region))
			return true;
	return false;
}

/* Machines that stopped told nothing of why; their neighbours did. */
bool
row_1n(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS ||
		!scene_lost(&v->scene->all, LOSS_BIT(LOSS_DARK)))
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		enum mains mains;

		if (!view_is_field(v, p) || v->tallies[p].own ||
			!is_struck_region(v->scene, view_network(v, p)->region))
			continue;
		mains = mains_of(o, v, p);
		o->of += mains != MAINS_UNTOLD;
		o->n += mains == MAINS_GO;
	}
	return o->n && o->n * 2 >= o->of;
}

bool
row_2(struct observation *o, const struct view *v)
{
	struct observation lost = {0};

	observe_count(&lost, v, has_lost_mains, true);
	count_dark_beside(&lost, v);
	observe_count(o, v, has_mains, true);
	return o->n >= LEAST_PROBES && o->n > 2 * lost.n;
}

bool
row_2b(struct observation *o, const struct view *v)
{
	struct observation dark = {0};

	count_dark_beside(&dark, v);
	observe_count(o, v, has_no_gap, true);
	return o->n >= LEAST_PROBES && o->n * 2 > o->of + dark.n;
}

bool
row_3(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS && v->event->family != FAMILY_SLOW)
		return false;
	if (v->event->family == FAMILY_SLOW)
		count_dark_beside(o, v);
	else
		observe_count(o, v, is_dark, true);
	return o->n >= 2 && o->n * 4 >= o->of;
}

/* Machines that stopped are at most what is seen of a power cut: who runs on a battery
 * sees lines and masts go. */
bool
row_3b(struct observation *o, const struct view *v)
{
	const struct crowd *all = &v->scene->all;

	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, is_dark, true);
	o->of = all->own;
	return o->n && o->n * 4 >= o->of &&
	       2 * scene_lost(all, LOSS_BIT(LOSS_DARK) | LOSS_BIT(LOSS_HOME) |
					   LOSS_BIT(LOSS_ACCESS)) >
		       o->of;
}

static bool
has_dark_neighbours(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->usual_beacons >= BEACONS_LEAST && t->beacons >= 0 &&
	       t->beacons * 100 <= t->usual_beacons * BEACONS_LEFT_PERCENT;
}

bool
row_4(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, has_dark_neighbours, true);
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		o->value += view_is_field(v, p) && t->affected &&
			    t->usual_beacons >= BEACONS_LEAST && t->beacons >= 0;
	}
	return o->n >= 2 && o->n * 4 >= o->value;
}

static bool
has_weak_signal(const struct view *v, const struct tally *t)
{
	bool weaker = t->signal_dbm && t->usual_signal_dbm &&
		      t->usual_signal_dbm - t->signal_dbm >= SIGNAL_FALLS_DB;

	(void)v;
	return t->new_cell &&
	       (weaker || (t->signal_percent >= 0 &&
				  t->signal_percent * 2 < t->usual_signal_percent));
}

bool
row_33(struct observation *o, const struct view *v)
{
	observe_count(o, v, has_weak_signal, true);
	return o->n >= 2 && o->n * 4 >= o->of;
}

static bool
is_at_home(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->loss == LOSS_HOME || t->tunnel;
}

bool
row_5(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, is_at_home, false);
	return o->n && o->n == o->of && o->of < LEAST_PROBES;
}

static bool
is_affected(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->affected;
}

bool
row_5b(struct observation *o, const struct view *v)
{
	observe_count(o, v, is_affected, false);
	o->value = view_networks(v);
	return o->n >= LEAST_PROBES && o->value >= 2;
}

static uint32_t
unaffected(const struct view *v)
{
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n; p++)
		n += view_is_field(v, p) && v->tallies[p].reported &&
		     !v->tallies[p].affected;
	return n;
}

bool
row_5c(struct observation *o, const struct view *v)
{
	observe_count(o, v, is_affected, false);
	o->value = unaffected(v);
	return o->n == 1 && o->value >= LEAST_PROBES - 1;
}

bool
row_51(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_SILENT)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		o->of += view_is_field(v, p);
		o->n += view_is_field(v, p) && v->tallies[p].affected;
	}
	return o->n > 0;
}
