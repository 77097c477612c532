#include "analyzer/analysis/stand.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/timetable.h"
#include "analyzer/analysis/trail.h"
#include "analyzer/analysis/view.h"

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- events that are in both ---- */

static bool
same_event(const struct event *a, const struct event *b)
{
	struct event left = *a, right = *b;

	left.first = right.first = 0;
	return !memcmp(&left, &right, sizeof(left));
}

/* But for the number of its event. */
static bool
same_anomaly(const struct anomaly *a, const struct anomaly *b)
{
	return !trail_order(a, b) && a->end_lo_us == b->end_lo_us &&
	       a->end_hi_us == b->end_hi_us && a->bins == b->bins &&
	       a->tries == b->tries && a->weak == b->weak;
}

static bool
same_anomalies(const struct findings *was, const struct event *a,
	const struct findings *is, const struct event *b)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (!same_anomaly(&was->anomalies[a->first + i],
			    &is->anomalies[b->first + i]))
			return false;
	return true;
}

static size_t
twin_of(const struct stand *s, size_t event, size_t from)
{
	const struct event *now = &s->is->events[event];

	for (size_t i = from; i < s->was->events_n; i++) {
		const struct event *then = &s->was->events[i];

		if (same_event(then, now) && same_anomalies(s->was, then, s->is, now))
			return i;
	}
	return STAND_NONE;
}

/* Each has one twin, and twins come in the same order. */
static void
pair(struct stand *s)
{
	size_t next = 0;

	for (size_t i = 0; i < s->is->events_n; i++) {
		size_t twin = twin_of(s, i, next);

		s->twins[i] = twin;
		if (twin == STAND_NONE) {
			s->others[s->others_n++] = &s->is->events[i];
			continue;
		}
		while (next < twin)
			s->others[s->others_n++] = &s->was->events[next++];
		next++;
	}
	while (next < s->was->events_n)
		s->others[s->others_n++] = &s->was->events[next++];
}

/* ---- anomalies of events that are not ---- */

/* Of two of one series that began alike, where one goes another way. */
static int64_t
parting(const struct anomaly *a, const struct anomaly *b)
{
	if (same_anomaly(a, b))
		return INT64_MAX;
	if (a->weak != b->weak)
		return a->start_hi_us;
	return least(a->end_lo_us, b->end_lo_us);
}

static size_t
list(struct anomaly *out, const struct stand *s, const struct findings *of)
{
	size_t n = 0;

	for (size_t i = 0; i < s->others_n; i++) {
		const struct event *event = s->others[i];

		if (event < of->events || event >= of->events + of->events_n)
			continue;
		for (uint32_t k = 0; k < event->n; k++)
			out[n++] = of->anomalies[event->first + k];
	}
	qsort(out, n, sizeof(*out), trail_order);
	return n;
}

static int64_t
compare(const struct anomaly *was, size_t was_n, const struct anomaly *is, size_t is_n)
{
	int64_t until_us = INT64_MAX;
	size_t i = 0, k = 0;

	while (i < was_n || k < is_n) {
		int order = i == was_n	? 1
			    : k == is_n ? -1
					: trail_order(&was[i], &is[k]);
		int64_t us = order < 0	 ? was[i].start_hi_us
			     : order > 0 ? is[k].start_hi_us
					 : parting(&was[i], &is[k]);

		until_us = least(until_us, us);
		i += order <= 0;
		k += order >= 0;
	}
	return until_us;
}

static int64_t
compare_others(const struct stand *s)
{
	size_t most = 0, was_n, is_n;
	struct anomaly *was, *is;
	int64_t until_us;

	for (size_t i = 0; i < s->others_n; i++)
		most += s->others[i]->n;
	was = room(most, sizeof(*was));
	is = room(most, sizeof(*is));
	was_n = list(was, s, s->was);
	is_n = list(is, s, s->is);
	until_us = compare(was, was_n, is, is_n);
	free(was);
	free(is);
	return until_us;
}

void
stand_open(struct stand *stand, const struct findings *was, const struct findings *is,
	int64_t changed_us)
{
	*stand = (struct stand){
		.was = was,
		.is = is,
		.twins = room(is->events_n, sizeof(*stand->twins)),
		.others = room(was->events_n + is->events_n, sizeof(*stand->others)),
		/* What was open was open until there. */
		.changed_us = least(changed_us, was->horizon_us),
	};
	pair(stand);
	stand->parted_us = compare_others(stand);
}

void
stand_close(struct stand *stand)
{
	free(stand->twins);
	free(stand->others);
	*stand = (struct stand){0};
}

/* ---- verdicts ---- */

/* Until where a view of the event looks at the probe of one of its anomalies: a window behind
 * the event, if the machine did not stop. */
static int64_t
looked_until(const struct findings *is, const struct event *event,
	const struct anomaly *anomaly, bool dark)
{
	int64_t end_us = anomaly->end_hi_us ? anomaly->end_hi_us : INT64_MAX;

	return dark ? end_us : least(end_us, event->end_lo_us + is->window_us + 1);
}

/* The last moment that the verdict may have looked at; INT64_MAX: it goes on. */
static int64_t
reach_of(const struct findings *is, const struct event *event)
{
	const struct anomaly *own = &is->anomalies[event->first];
	int64_t reach_us = event->end_hi_us > event->start_hi_us ? event->end_hi_us
								 : event->start_hi_us;
	bool dark = false;

	if (!event->end_hi_us)
		return INT64_MAX;
	for (uint32_t i = 0; i < event->n && !dark; i++)
		dark = own[i].series == SERIES_DARK;
	for (uint32_t i = 0; i < event->n; i++) {
		int64_t until_us = looked_until(is, event, &own[i], dark);

		if (until_us > reach_us)
			reach_us = until_us;
	}
	return reach_us;
}

size_t
stand_find(const struct stand *s, size_t event)
{
	const struct event *now = &s->is->events[event];
	int64_t reach_us;

	if (s->twins[event] == STAND_NONE)
		return STAND_NONE;
	reach_us = reach_of(s->is, now);
	if (reach_us >= s->changed_us || reach_us >= s->parted_us)
		return STAND_NONE;
	/* Of those who did not measure meanwhile. */
	if (now->end_lo_us + 1 + VIEW_AROUND_WINDOWS * s->is->window_us >=
		s->changed_us)
		return STAND_NONE;
	for (size_t i = 0; i < s->others_n; i++)
		if (timetable_has(now, s->others[i]))
			return STAND_NONE;
	return s->twins[event];
}
