#include "analyzer/analysis/observe.h"

/* Rows about one target or one name, what asks for names, and what those abroad see. */

/* Reached more than half of what it tried on that rung. */
static bool
reaches(const struct tally *t, enum rung rung)
{
	return t->tried[rung] && t->succeeded[rung] * 2 > t->tried[rung];
}

static bool
has_the_rest(const struct view *v, const struct tally *t)
{
	(void)v;
	return reaches(t, RUNG_international) && reaches(t, RUNG_domestic);
}

static bool
has_dead_resolver(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->resolver_tried >= LEAST_AGAIN && !t->resolver_ok &&
	       t->abroad_dns_ok >= LEAST_AGAIN;
}

bool
row_44(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	observe_count(o, v, has_dead_resolver, false);
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

static bool
has_all_but_names(const struct view *v, const struct tally *t)
{
	return t->tried[RUNG_names] && !reaches(t, RUNG_names) && has_the_rest(v, t);
}

bool
row_44b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_REACH)
		return false;
	observe_count(o, v, has_all_but_names, false);
	return o->n && o->n * 2 > o->of;
}

/* What the probe saw of all targets that the event is about, added up. */
static struct seen
subject(const struct view *v, const struct tally *t)
{
	struct seen sum = {0};

	for (size_t i = 0; i < v->record->targets_n; i++) {
		const struct seen *seen = &t->seen[i];

		if (!view_is_subject(v, i))
			continue;
		sum.tried += seen->tried;
		sum.succeeded += seen->succeeded;
		sum.name_tried += seen->name_tried;
		sum.name_succeeded += seen->name_succeeded;
		sum.unlike += seen->unlike;
		sum.cut += seen->cut;
		sum.cut_too += seen->cut_too;
	}
	/* Of a name only what asked for it counts. */
	if (v->event->family == FAMILY_NAME) {
		sum.tried = sum.name_tried;
		sum.succeeded = sum.name_succeeded;
	}
	return sum;
}

static bool
has_forged_answer(const struct view *v, const struct tally *t)
{
	return subject(v, t).unlike >= LEAST_AGAIN;
}

bool
row_43(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_NAME)
		return false;
	observe_count(o, v, has_forged_answer, false);
	for (size_t p = 0; p < v->record->probes_n; p++)
		o->value += view_is_control(v, p) &&
			    subject(v, &v->tallies[p]).succeeded >= LEAST_AGAIN;
	return o->n >= LEAST_PROBES && o->n * 2 > o->of && o->value;
}

static bool
has_cut_name(const struct view *v, const struct tally *t)
{
	struct seen sum = subject(v, t);

	return sum.cut >= LEAST_AGAIN && sum.cut > 3 * sum.cut_too;
}

bool
row_45(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_NAME)
		return false;
	observe_count(o, v, has_cut_name, false);
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (view_is_field(v, p) && v->tallies[p].affected)
			o->value += subject(v, &v->tallies[p]).cut;
	return o->n >= LEAST_PROBES && o->n * 2 > o->of;
}

bool
row_45b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_NAME)
		return false;
	observe_count(o, v, has_the_rest, false);
	return o->n && o->n * 2 > o->of;
}

bool
row_46(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_TARGET && v->event->family != FAMILY_NAME)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		struct seen sum;

		if (!view_is_control(v, p))
			continue;
		sum = subject(v, &v->tallies[p]);
		o->of += sum.tried >= LEAST_AGAIN;
		if (sum.tried < LEAST_AGAIN || sum.succeeded)
			continue;
		o->n++;
		observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	}
	return o->n && o->n * 2 > o->of;
}

bool
row_46b(struct observation *o, const struct view *v)
{
	enum family family = (enum family)v->event->family;

	if (family != FAMILY_TARGET && family != FAMILY_NAME && family != FAMILY_REACH)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		uint32_t tried = t->tried[RUNG_international];
		uint32_t succeeded = t->succeeded[RUNG_international];

		if (!view_is_control(v, p))
			continue;
		if (family != FAMILY_REACH) {
			struct seen sum = subject(v, t);

			tried = sum.tried;
			succeeded = sum.succeeded;
		}
		o->of += tried > 0;
		o->n += tried && succeeded * 2 > tried;
	}
	return o->n && o->n * 2 > o->of;
}
