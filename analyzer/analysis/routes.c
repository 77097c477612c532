#include "analyzer/analysis/routes.h"

#include <string.h>

#define LEAST_BEFORE 3 /* points that tell what is usual */

static bool
is_hit(const struct event *event, const struct anomaly *anomalies,
	const struct record *record, const struct point *point)
{
	bool hit = false;

	if (point->metric != METRIC_bgp || !point->asn ||
		strcmp(point->country, event->country) != 0)
		return false;
	for (uint32_t i = 0; i < event->n && !hit; i++)
		hit = record->networks[anomalies[event->first + i].network].asn ==
		      point->asn;
	return hit;
}

static bool
has_fallen(const struct point *point, int64_t usual)
{
	return point->value_micro / ROUTES_FALLEN_PERCENT < usual / 100;
}

/* One series: its falls before the last day are counted; one of that day, that lasts until a
 * window before the event at least and to its beginning, is the precursor. */
static void
look(struct routes_fall *fall, const struct point *points, size_t n,
	const struct event *event, const struct record *record)
{
	int64_t day_us = event->start_lo_us - ROUTES_BEFORE_US, since_us = 0, usual;
	struct baseline before = {0};
	bool fallen = false;

	for (size_t i = 0; i < n; i++)
		if (points[i].utc_us < day_us &&
			points[i].utc_us >= day_us - record->reference_us)
			baseline_add(&before, 0, points[i].value_micro);
	if (before.n < LEAST_BEFORE)
		return;
	usual = baseline_median(&before, 0);
	fall->of++;
	for (size_t i = 0; i < n && points[i].utc_us <= event->start_lo_us; i++) {
		bool falls = has_fallen(&points[i], usual);

		if (points[i].utc_us < day_us - record->reference_us)
			continue;
		if (falls && !fallen)
			since_us = points[i].utc_us;
		fall->alike += falls && !fallen && since_us < day_us;
		fallen = falls;
	}
	if (!fallen || since_us < day_us ||
		since_us > event->start_lo_us - record->window_us)
		return;
	fall->n++;
	if (!fall->first_us || since_us < fall->first_us)
		fall->first_us = since_us;
}

bool
routes_before(struct routes_fall *fall, const struct event *event,
	const struct anomaly *anomalies, const struct record *record)
{
	*fall = (struct routes_fall){0};
	for (size_t i = 0, end; i < record->points_n; i = end) {
		for (end = i; end < record->points_n &&
			      record->points[end].source == record->points[i].source;
			end++)
			;
		if (is_hit(event, anomalies, record, &record->points[i]))
			look(fall, &record->points[i], end - i, event, record);
	}
	return fall->n > 0;
}
