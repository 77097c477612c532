#include "analyzer/analysis/stand.h"

#include <string.h>

#include "analyzer/analysis/trail.h"

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Of two that began alike, where one goes another way. */
static int64_t
parting(const struct anomaly *a, const struct anomaly *b)
{
	if (!memcmp(a, b, sizeof(*a)))
		return INT64_MAX;
	if (a->weak != b->weak || a->network != b->network)
		return least(a->start_lo_us, b->start_lo_us);
	return least(a->end_lo_us, b->end_lo_us);
}

static int64_t
compare_anomalies(const struct findings *was, const struct findings *is)
{
	int64_t until_us = INT64_MAX;
	size_t i = 0, k = 0;

	while (i < was->detected_n || k < is->detected_n) {
		const struct anomaly *a =
			i < was->detected_n ? &was->detected[i] : NULL;
		const struct anomaly *b = k < is->detected_n ? &is->detected[k] : NULL;
		int order = !a ? 1 : !b ? -1 : trail_order(a, b);
		int64_t us = order < 0	 ? a->start_lo_us
			     : order > 0 ? b->start_lo_us
					 : parting(a, b);

		until_us = least(until_us, us);
		i += order <= 0;
		k += order >= 0;
	}
	return until_us;
}

static bool
same_event(const struct event *a, const struct event *b)
{
	struct event left = *a, right = *b;

	left.first = right.first = 0;
	return !memcmp(&left, &right, sizeof(left));
}

static bool
began_alike(const struct event *a, const struct event *b)
{
	return a->family == b->family && a->target == b->target &&
	       a->start_lo_us == b->start_lo_us && a->start_hi_us == b->start_hi_us &&
	       !strcmp(a->country, b->country);
}

/* The first of ${others} that began like it, looked for from the hint on. */
static const struct event *
twin_of(const struct event *event, const struct event *others, size_t n, size_t hint)
{
	for (size_t i = 0; i < n; i++) {
		const struct event *other = &others[(hint + i) % n];

		if (began_alike(event, other))
			return other;
	}
	return NULL;
}

static int64_t
compare_events(const struct findings *a, const struct findings *b)
{
	int64_t until_us = INT64_MAX;
	size_t hint = 0;

	for (size_t i = 0; i < a->events_n; i++) {
		const struct event *event = &a->events[i];
		const struct event *twin = twin_of(event, b->events, b->events_n, hint);

		if (!twin) {
			until_us = least(until_us, event->start_lo_us);
			continue;
		}
		hint = (size_t)(twin - b->events) + 1;
		if (!same_event(event, twin))
			until_us = least(
				until_us, least(event->end_lo_us, twin->end_lo_us));
	}
	return until_us;
}

struct stand_until
stand_until(const struct findings *was, const struct findings *is, int64_t changed_us)
{
	return (struct stand_until){
		.lines_us = least(changed_us, compare_anomalies(was, is)),
		.events_us = least(compare_events(was, is), compare_events(is, was)),
	};
}

static bool
same_anomalies(const struct findings *was, const struct event *a,
	const struct findings *is, const struct event *b)
{
	for (uint32_t i = 0; i < a->n; i++) {
		struct anomaly left = was->anomalies[a->first + i];
		struct anomaly right = is->anomalies[b->first + i];

		left.event = right.event = 0;
		if (memcmp(&left, &right, sizeof(left)) != 0)
			return false;
	}
	return true;
}

/* The last moment that the verdict may have looked at; INT64_MAX: it goes on. */
static int64_t
reach_of(const struct findings *is, const struct event *event)
{
	int64_t reach_us = event->end_hi_us > event->start_hi_us ? event->end_hi_us
								 : event->start_hi_us;

	if (!event->end_hi_us)
		return INT64_MAX;
	for (uint32_t i = 0; i < event->n; i++) {
		const struct anomaly *a = &is->anomalies[event->first + i];

		if (!a->end_hi_us)
			return INT64_MAX;
		if (a->end_hi_us > reach_us)
			reach_us = a->end_hi_us;
	}
	return reach_us;
}

size_t
stand_find(const struct findings *was, const struct findings *is, size_t event,
	const struct stand_until *until, size_t hint)
{
	const struct event *now = &is->events[event];
	const struct event *then;
	int64_t reach_us = reach_of(is, now);

	if (reach_us >= until->lines_us || reach_us >= until->events_us ||
		now->start_hi_us + TIMETABLE_US >= until->events_us)
		return STAND_NONE;
	then = twin_of(now, was->events, was->events_n, hint);
	if (!then || !same_event(then, now) || !same_anomalies(was, then, is, now))
		return STAND_NONE;
	return (size_t)(then - was->events);
}
