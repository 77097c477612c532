#include "analyzer/analysis/observe.h"

/* Rows about the machines themselves: power, boots, the line at home, silence. */

static bool
has_lost_mains(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->mains_lost;
}

static bool
has_mains(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->on_mains && !t->rebooted;
}

static bool
has_no_gap(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->supply_unknown && !t->rebooted;
}

static bool
has_new_boot(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->rebooted;
}

bool
row_1(struct observation *o, const struct view *v)
{
	observe_count(o, v, has_lost_mains, true);
	return o->n > 0;
}

bool
row_2(struct observation *o, const struct view *v)
{
	observe_count(o, v, has_mains, true);
	return o->n >= LEAST_PROBES;
}

bool
row_2b(struct observation *o, const struct view *v)
{
	observe_count(o, v, has_no_gap, true);
	return o->n >= LEAST_PROBES;
}

bool
row_3(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_DARK)
		return false;
	observe_count(o, v, has_new_boot, true);
	return o->n > 0;
}

bool
row_3b(struct observation *o, const struct view *v)
{
	return row_3(o, v);
}

static bool
is_affected(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->affected;
}

bool
row_5(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_HOME)
		return false;
	observe_count(o, v, is_affected, false);
	return true;
}

bool
row_5b(struct observation *o, const struct view *v)
{
	observe_count(o, v, is_affected, v->event->family == FAMILY_DARK);
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
