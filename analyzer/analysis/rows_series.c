#include "analyzer/analysis/observe.h"

#include <string.h>

/* Rows about what others measured of the same networks: imported series. */
#define LEAST_BEFORE 3 /* points that tell what is usual */
#define VISIBLE_PERCENT 85

/* What one series says of the event. */
struct course {
	const struct point *first;
	int64_t usual, least; /* before; while it lasted; -1 unknown */
};

/* The series that begins at ${i}; returns where the next one does. */
static size_t
follow(struct course *course, const struct view *v, size_t i)
{
	const struct record *r = v->record;
	struct baseline before = {0};
	size_t end = i;

	*course = (struct course){.first = &r->points[i], .usual = -1, .least = -1};
	for (; end < r->points_n && r->points[end].source == r->points[i].source;
		end++) {
		const struct point *p = &r->points[end];

		if (p->utc_us <= v->event->start_lo_us &&
			p->utc_us >= v->from_us - r->reference_us) {
			baseline_add(&before, 0, p->value_micro);
		} else if (p->utc_us > v->event->start_lo_us && p->utc_us < v->to_us) {
			if (course->least < 0 || p->value_micro < course->least)
				course->least = p->value_micro;
		}
	}
	if (before.n >= LEAST_BEFORE)
		course->usual = baseline_median(&before, 0);
	return end;
}

static bool
is_routes_here(const struct course *course, const struct view *v)
{
	return course->first->metric == METRIC_bgp && course->first->asn &&
	       course->usual > 0 && course->least >= 0 &&
	       !strcmp(course->first->country, v->event->country);
}

/* Half of the country's networks lost half of their routes or more. */
bool
row_17(struct observation *o, const struct view *v)
{
	struct course course;

	if (v->event->family != FAMILY_LOSS)
		return false;
	for (size_t i = 0; i < v->record->points_n;) {
		i = follow(&course, v, i);
		if (!is_routes_here(&course, v))
			continue;
		o->of++;
		o->n += course.least * 2 < course.usual;
	}
	return o->n >= 2 && o->n * 2 >= o->of;
}

static bool
is_affected_network(const struct view *v, uint32_t asn)
{
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (view_is_field(v, p) && v->tallies[p].affected &&
			view_network(v, p)->asn == asn)
			return true;
	return false;
}

static bool
has_no_abroad(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->loss == LOSS_WORLD || t->loss == LOSS_ALL;
}

/* Every network that is out has left the world's tables, and those that are not have
 * stayed. */
bool
row_17b(struct observation *o, const struct view *v)
{
	struct course course;
	uint32_t others = 0, gone = 0;

	if (v->event->family != FAMILY_LOSS ||
		(v->scene->extent != EXTENT_OPERATOR &&
			v->scene->extent != EXTENT_OWNER))
		return false;
	for (size_t i = 0; i < v->record->points_n;) {
		bool here;

		i = follow(&course, v, i);
		if (!is_routes_here(&course, v))
			continue;
		here = is_affected_network(v, course.first->asn);
		o->of += here;
		o->n += here && course.least * 2 < course.usual;
		others += !here;
		gone += !here && course.least * 2 < course.usual;
	}
	o->value = others;
	return o->n && o->n * 2 >= o->of && others && !gone;
}

/* The world is dead to them, and they are still on the world's maps. */
bool
row_18(struct observation *o, const struct view *v)
{
	struct observation dark = {0};
	struct course course;

	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(&dark, v, has_no_abroad, false);
	if (dark.n < LEAST_PROBES || dark.n * 2 <= dark.of)
		return false;
	for (size_t i = 0; i < v->record->points_n;) {
		i = follow(&course, v, i);
		if (!is_routes_here(&course, v) ||
			!is_affected_network(v, course.first->asn))
			continue;
		o->of++;
		o->n += course.least / VISIBLE_PERCENT >= course.usual / 100;
	}
	o->value = VISIBLE_PERCENT;
	return o->n && o->n == o->of;
}
