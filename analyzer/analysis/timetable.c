#include "analyzer/analysis/timetable.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_US INT64_C(60000000)
#define DAY_US (24 * 60 * MINUTE_US)
#define SAME_TIME_US (10 * MINUTE_US)
/* What could have been on so many times as often as it was is a chance meeting. */
#define TIMES_MISSED 3

/* How far the times of day are apart, whatever the day. */
static int64_t
apart_of_day(const struct event *a, const struct event *b)
{
	int64_t apart_us = llabs(a->start_hi_us - b->start_hi_us) % DAY_US;

	return apart_us > DAY_US / 2 ? DAY_US - apart_us : apart_us;
}

bool
timetable_same_time(const struct event *a, const struct event *b)
{
	int64_t apart_us = llabs(a->start_hi_us - b->start_hi_us);
	int64_t error_us =
		(a->start_hi_us - a->start_lo_us + b->start_hi_us - b->start_lo_us) / 2;

	return apart_us > DAY_US / 2 && apart_us < TIMETABLE_US &&
	       apart_of_day(a, b) <=
		       SAME_TIME_US + (error_us < SAME_TIME_US ? error_us : 0);
}

bool
timetable_has(const struct event *a, const struct event *b)
{
	return a->family == FAMILY_LOSS && b->family == FAMILY_LOSS &&
	       a->affected >= 2 && b->affected >= 2 &&
	       !strcmp(a->country, b->country) && timetable_same_time(a, b);
}

/* The middle of one less that of the other; 0: it has not ended. */
static int64_t
length(const struct event *e)
{
	return e->end_hi_us ? (e->end_lo_us + e->end_hi_us) / 2 -
				      (e->start_lo_us + e->start_hi_us) / 2
			    : 0;
}

/* To a quarter; what has not ended may yet become as long as the other. */
static bool
is_as_long(const struct event *a, const struct event *b, int64_t horizon_us)
{
	const struct event *ended = a->end_hi_us ? a : b;
	const struct event *open = a->end_hi_us ? b : a;
	int64_t short_us = length(a), long_us = length(b);

	if (!ended->end_hi_us)
		return true;
	if (!open->end_hi_us)
		return (horizon_us - open->start_hi_us) * 3 <= length(ended) * 4;
	if (short_us > long_us) {
		short_us = length(b);
		long_us = length(a);
	}
	return short_us * 4 >= long_us * 3;
}

static bool
is_same_scope(const struct neighbours *ns, size_t a, size_t b)
{
	uint32_t shared = neighbours_shared(ns, a, b);

	return shared * 2 > neighbours_probes(ns, a) &&
	       shared * 2 > neighbours_probes(ns, b);
}

/* Does ${later} go on what ${first} and, last, ${newest} are of? */
static bool
goes_on(const struct neighbours *ns, size_t first, size_t newest, size_t later)
{
	const struct event *a = neighbours_at(ns, first)->event;
	const struct event *b = neighbours_at(ns, newest)->event;
	const struct event *c = neighbours_at(ns, later)->event;

	return a->family == c->family && a->target == c->target &&
	       !strcmp(a->country, c->country) && b->end_hi_us &&
	       b->end_lo_us <= c->start_hi_us && timetable_same_time(b, c) &&
	       apart_of_day(a, c) <= 2 * SAME_TIME_US &&
	       is_as_long(a, c, ns->record->horizon_us) &&
	       is_same_scope(ns, first, later);
}

/* The whole days between two starts. */
static int64_t
days_between(const struct event *a, const struct event *b)
{
	return (b->start_hi_us - a->start_hi_us + DAY_US / 2) / DAY_US;
}

static int64_t
common_days(int64_t a, int64_t b)
{
	while (b) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* How many there are that go on from ${first}, and how often they could have been. */
static uint32_t
measure(uint32_t *days, uint32_t *of, const struct timetables *t,
	const struct neighbours *ns, size_t first)
{
	size_t newest = first;
	int64_t period = 0;
	uint32_t n = 0;

	for (size_t i = first; i < t->n; i++) {
		if (t->of[i] != first)
			continue;
		if (n++)
			period = common_days(
				days_between(neighbours_at(ns, newest)->event,
					neighbours_at(ns, i)->event),
				period);
		newest = i;
	}
	*days = (uint32_t)period;
	*of = period ? (uint32_t)(days_between(neighbours_at(ns, first)->event,
					  neighbours_at(ns, newest)->event) /
				  period) +
			       1
		     : 1;
	return n;
}

void
timetables_find(struct timetables *t, const struct neighbours *ns)
{
	uint32_t *newest = calloc(ns->order_n + 1, sizeof(*newest)), days, of;

	t->n = ns->order_n;
	t->of = calloc(t->n + 1, sizeof(*t->of));
	if (!newest || !t->of)
		abort();
	for (uint32_t i = 0; i < t->n; i++) {
		t->of[i] = newest[i] = i;
		for (uint32_t k = 0; k < i && t->of[i] == i; k++)
			if (t->of[k] == k && goes_on(ns, k, newest[k], i)) {
				t->of[i] = k;
				newest[k] = i;
			}
	}
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t n;

		if (t->of[i] != i)
			continue;
		n = measure(&days, &of, t, ns, i);
		if (n >= TIMETABLE_LEAST && n * TIMES_MISSED >= of)
			continue;
		for (uint32_t k = i; k < t->n; k++)
			if (t->of[k] == i)
				t->of[k] = k;
	}
	free(newest);
}

void
timetables_free(struct timetables *t)
{
	free(t->of);
	*t = (struct timetables){0};
}

static bool
is_of_class(const struct verdict *a, const struct verdict *b)
{
	return a->insufficient == b->insufficient &&
	       (a->insufficient || a->class == b->class);
}

bool
timetable_of(struct timetable *out, size_t *members, const struct timetables *t,
	const struct neighbours *ns, size_t at)
{
	const struct neighbour *self = neighbours_at(ns, at);
	size_t first = t->of[at];
	uint32_t n = 0;

	*out = (struct timetable){.least_us = INT64_MAX};
	out->n = measure(&out->days, &out->of, t, ns, first);
	if (out->n < TIMETABLE_LEAST)
		return false;
	for (size_t i = first; i < t->n; i++) {
		const struct neighbour *one = neighbours_at(ns, i);
		int64_t long_us = length(one->event), apart_us;

		if (t->of[i] != first)
			continue;
		for (uint32_t k = 0; k < n; k++) {
			apart_us = apart_of_day(
				neighbours_at(ns, members[k])->event, one->event);
			out->apart_us =
				apart_us > out->apart_us ? apart_us : out->apart_us;
		}
		members[n++] = i;
		out->otherwise += !is_of_class(one->verdict, self->verdict);
		if (!one->event->end_hi_us)
			continue;
		out->least_us = long_us < out->least_us ? long_us : out->least_us;
		out->most_us = long_us > out->most_us ? long_us : out->most_us;
	}
	return true;
}
