#include "analyzer/analysis/gather.h"
#include "analyzer/analysis/moment.h"
#include "analyzer/analysis/outage.h"
#include "analyzer/analysis/phases.h"
#include "analyzer/analysis/room.h"
#include "analyzer/analysis/under.h"
#include "analyzer/analysis/unseen.h"

#include <stdlib.h>
#include <string.h>

/* Anomalies of one family that are this many windows apart still are one event. */
#define SLACK_WINDOWS 2
/* So long behind the newest start one begins an event of its own, though the first goes on:
 * a probe that has been broken for weeks does not date what befell the others today, and
 * what comes hours later is another phase. */
#define FOLLOWS_WINDOWS 4

enum family
join_family(const struct anomaly *anomaly)
{
	switch ((enum series)anomaly->series) {
	case SERIES_RUNG:
		return anomaly->index > RUNG_names ? FAMILY_PROTOCOL : FAMILY_LOSS;
	case SERIES_DARK:
	case SERIES_TUNNEL:
		break;
	case SERIES_CHECK:
		return FAMILY_PROTOCOL;
	case SERIES_SILENT:
		return FAMILY_SILENT;
	case SERIES_RATE:
	case SERIES_LATE:
		return FAMILY_SLOW;
	case SERIES_WHOLE:
		return FAMILY_WHOLE;
	case SERIES_TARGET:
		return FAMILY_TARGET;
	case SERIES_NAME:
	case SERIES_PACE:
		return FAMILY_NAME;
	}
	return FAMILY_LOSS;
}

bool
join_is_of_places(enum family family)
{
	return family == FAMILY_LOSS || family == FAMILY_PROTOCOL ||
	       family == FAMILY_SLOW;
}

/* What a target's or a name's event is about. */
static uint32_t
subject_of(const struct anomaly *a, const struct record *record)
{
	switch (join_family(a)) {
	case FAMILY_TARGET:
		return a->index;
	case FAMILY_NAME:
		return record->targets[a->index].name;
	case FAMILY_LOSS:
	case FAMILY_PROTOCOL:
	case FAMILY_WHOLE:
	case FAMILY_SLOW:
	case FAMILY_SILENT:
		break;
	}
	return NO_TARGET;
}

static int64_t
end_of(const struct anomaly *a)
{
	return a->end_hi_us ? a->end_hi_us : INT64_MAX;
}

struct keyed {
	struct anomaly anomaly;
	char country[3];
	uint8_t family;
	uint32_t target;
	uint32_t at; /* of all that came */
};

static int
by_family(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;
	int country = strcmp(a->country, b->country);

	if (country)
		return country;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	if (a->anomaly.start_hi_us != b->anomaly.start_hi_us)
		return a->anomaly.start_hi_us < b->anomaly.start_hi_us ? -1 : 1;
	if (a->anomaly.probe != b->anomaly.probe)
		return a->anomaly.probe < b->anomaly.probe ? -1 : 1;
	return a->anomaly.index < b->anomaly.index
		       ? -1
		       : a->anomaly.index > b->anomaly.index;
}

static int
by_event(const void *left, const void *right)
{
	const struct anomaly *a = left, *b = right;

	if (a->event != b->event)
		return a->event < b->event ? -1 : 1;
	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	if (a->start_hi_us != b->start_hi_us)
		return a->start_hi_us < b->start_hi_us ? -1 : 1;
	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static struct event
event_begin(const struct keyed *first)
{
	struct event event;

	/* Events are compared byte by byte. */
	memset(&event, 0, sizeof(event));
	event.family = first->family;
	event.target = first->target;
	event.start_lo_us = first->anomaly.start_lo_us;
	event.start_hi_us = first->anomaly.start_hi_us;
	memcpy(event.country, first->country, sizeof(event.country));
	return event;
}

#define ISOLATED_WINDOWS 2

/* The earliest of a few. Of many the first of those that came one after the other to the one
 * in the middle: somebody's own trouble happens to precede what befell everybody. */
#define MANY 5
static int64_t
earliest(int64_t *us, size_t n, int64_t window_us)
{
	size_t i = n / 2;

	qsort(us, n, sizeof(*us), room_ascending);
	if (n < MANY)
		return us[0];
	while (i && us[i] - us[i - 1] <= APART_WINDOWS * window_us)
		i--;
	return us[i];
}

/* The latest, but for those that one by one outlast all others so: what is mended last is
 * part of it where it is more than one. */
static int64_t
latest(int64_t *us, size_t n, int64_t window_us)
{
	size_t last = n - 1, least = n - 1 - n / 5;

	qsort(us, n, sizeof(*us), room_ascending);
	while (last > least && us[last] - us[last - 1] > ISOLATED_WINDOWS * window_us)
		last--;
	return us[last];
}

/* So long before the most are out the first of them may be: operators obey one after the
 * other, within five hours (SCIENCE's row 24). */
#define STAGES_WINDOWS 20
#define EARLY_PARTS 10
#define EARLY_LEAST 3
#define SLIDE_PARTS 3 /* of a window: so soon after one another */
#define SLIDE_LEAST 2
#define SLIDE_OF 50

/* Since when each probe was out that was so in the moment in which most went, and shortly
 * before; how many. */
static size_t
out_in(int64_t *us, const struct event *event, const struct anomaly *own,
	const struct moment *moment, int64_t window_us)
{
	int64_t since_us = moment->lo_us - STAGES_WINDOWS * window_us;
	size_t n = 0;
	uint32_t last = UINT32_MAX;

	for (uint32_t i = 0; i < event->n; i++) {
		bool over = own[i].end_hi_us && own[i].end_hi_us <= moment->lo_us;

		if (over || own[i].start_hi_us < since_us || own[i].probe == last)
			continue;
		us[n++] = own[i].start_hi_us;
		last = own[i].probe;
	}
	return n;
}

/* The first of those that were surely out before that moment, none of them longer than ${apart}
 * after the one before; how many. */
static size_t
count_early(int64_t *first_us, const int64_t *us, size_t n, int64_t moment_us,
	int64_t apart_us)
{
	size_t late = 0, first;

	while (late < n && us[late] <= moment_us)
		late++;
	for (first = late;
		first &&
		(first == late ? moment_us : us[first]) - us[first - 1] <= apart_us;
		first--)
		;
	if (first < late)
		*first_us = us[first];
	return late - first;
}

/* Were a tenth of them surely out before that moment, one after the other? Then they were not let
 * go in one, and it began with the first of them. */
static bool
is_staged(int64_t *first_us, const int64_t *us, size_t n, const struct moment *moment,
	int64_t window_us)
{
	size_t early =
		count_early(first_us, us, n, moment->lo_us, APART_WINDOWS * window_us);

	return early >= EARLY_LEAST && early * EARLY_PARTS >= n;
}

/* Were some of them surely out right before that moment? Then it took minutes until the last was
 * let go, and it began before the first that was seen out by about as long as that is before the
 * most. */
static bool
is_slide(struct moment *begun, const int64_t *us, size_t n, const struct moment *moment,
	int64_t window_us)
{
	size_t early = count_early(
		&begun->hi_us, us, n, moment->lo_us, window_us / SLIDE_PARTS);

	begun->lo_us = begun->hi_us - (moment->hi_us - begun->hi_us);
	return early >= SLIDE_LEAST && early * SLIDE_OF >= n;
}

/* It began with the first sample that showed it, and after the last good one before that at
 * the same operator. */
static void
start_at(struct event *event, const struct anomaly *anomalies, int64_t first_us,
	const struct record *record)
{
	const struct anomaly *own = &anomalies[event->first], *first = own;

	event->start_hi_us = first_us;
	for (uint32_t i = 0; i < event->n; i++)
		if (own[i].start_hi_us == first_us)
			first = &own[i];
	event->start_lo_us = first->start_lo_us;
	for (uint32_t i = 0; i < event->n; i++)
		if (record->networks[own[i].network].asn ==
				record->networks[first->network].asn &&
			own[i].start_lo_us > event->start_lo_us &&
			own[i].start_lo_us < event->start_hi_us)
			event->start_lo_us = own[i].start_lo_us;
}

static int64_t
length_of(const struct anomaly *a)
{
	return end_of(a) - a->start_hi_us;
}

/* When each probe's first began, or what lasted longest; how many. */
static size_t
edges_of(struct moment *edges, const struct event *event, const struct anomaly *own,
	bool longest)
{
	const struct anomaly *best = own;
	size_t n = 0;

	for (uint32_t i = 0; i < event->n; i++) {
		bool again = i && own[i].probe == own[i - 1].probe;

		if (again && (!longest || length_of(&own[i]) <= length_of(best)))
			continue;
		n += !again;
		best = &own[i];
		edges[n - 1] = (struct moment){best->start_lo_us, best->start_hi_us};
	}
	return n;
}

/* When it began: in the moment at which most began, if they did together, or else with the
 * first. A probe may have come back and gone again; or had trouble of its own for a while
 * before, and then what lasted longest tells. */
static void
find_start(struct event *event, const struct anomaly *anomalies, int64_t *us,
	struct moment *edges, const struct record *record)
{
	const struct anomaly *own = &anomalies[event->first];
	struct moment moment = {0}, begun = {0};
	int64_t first_us = 0;
	size_t n = edges_of(edges, event, own, false), out;
	bool together = moment_find(&moment, edges, n);

	if (!together && n >= MANY) {
		n = edges_of(edges, event, own, true);
		together = moment_find(&moment, edges, n);
	}
	if (!together) {
		for (size_t i = 0; i < n; i++)
			us[i] = edges[i].hi_us;
		start_at(event, anomalies, earliest(us, n, record->window_us), record);
		return;
	}
	out = out_in(us, event, own, &moment, record->window_us);
	qsort(us, out, sizeof(*us), room_ascending);
	if (is_staged(&first_us, us, out, &moment, record->window_us)) {
		start_at(event, anomalies, first_us, record);
		return;
	}
	if (is_slide(&begun, us, out, &moment, record->window_us))
		moment = begun;
	event->start_lo_us = moment.lo_us;
	event->start_hi_us = moment.hi_us;
}

/* When it ended: in the moment at which most did, or else after the last sample that showed
 * it, and before the next good one at the same operator; open while most of its probes are. */
static void
find_end(struct event *event, const struct anomaly *anomalies, int64_t *us,
	struct moment *edges, const struct record *record)
{
	const struct anomaly *own = &anomalies[event->first], *last = NULL;
	const struct anomaly *latest_of_probe = NULL;
	struct moment moment = {0};
	size_t closed = 0, probes = 0;

	event->end_lo_us = event->end_hi_us = 0;
	for (uint32_t i = 0; i < event->n; i++) {
		if (own[i].end_lo_us > event->end_lo_us)
			event->end_lo_us = own[i].end_lo_us;
		/* Of each probe what ends last: it may have been worse for an hour. */
		if (!latest_of_probe || latest_of_probe->probe != own[i].probe ||
			end_of(&own[i]) >= end_of(latest_of_probe))
			latest_of_probe = &own[i];
		if (i + 1 < event->n && own[i + 1].probe == own[i].probe)
			continue;
		probes++;
		if (!latest_of_probe->end_hi_us)
			continue;
		us[closed] = latest_of_probe->end_lo_us;
		edges[closed++] = (struct moment){
			latest_of_probe->end_lo_us, latest_of_probe->end_hi_us};
	}
	if (closed * 2 < probes)
		return;
	event->end_lo_us = latest(us, closed, record->window_us);
	for (uint32_t i = 0; i < event->n; i++)
		if (own[i].end_hi_us && own[i].end_lo_us == event->end_lo_us)
			last = &own[i];
	event->end_hi_us = last->end_hi_us;
	for (uint32_t i = 0; i < event->n; i++)
		if (record->networks[own[i].network].asn ==
				record->networks[last->network].asn &&
			own[i].end_hi_us > event->end_lo_us &&
			own[i].end_hi_us < event->end_hi_us)
			event->end_hi_us = own[i].end_hi_us;
	if (!moment_find(&moment, edges, closed))
		return;
	event->end_lo_us = moment.lo_us;
	event->end_hi_us = moment.hi_us;
}

static void
event_finish(struct event *event, const struct anomaly *anomalies, int64_t *us,
	const struct record *record)
{
	struct moment *edges = calloc(event->n, sizeof(*edges));

	if (!edges)
		abort();
	find_start(event, anomalies, us, edges, record);
	find_end(event, anomalies, us, edges, record);
	free(edges);
	if (event->end_hi_us && event->end_hi_us < event->end_lo_us)
		event->end_hi_us = event->end_lo_us;
	event->affected = 0;
	for (uint32_t i = 0; i < event->n; i++) {
		const struct anomaly *a = &anomalies[event->first + i];

		event->affected += !i || a->probe != a[-1].probe;
	}
}

static bool
is_kin(const struct keyed *a, const struct keyed *b)
{
	return a->family == b->family && !strcmp(a->country, b->country);
}

/* What is told by places: one country's anomalies of one family. */
static size_t
cluster_places(struct event *events, int64_t *ends, struct keyed *keyed, size_t n,
	uint32_t first_event, const struct record *record)
{
	struct gathering gathering = {
		.anomalies = calloc(n, sizeof(*gathering.anomalies)),
		.n = n,
		.first_event = first_event,
	};
	size_t found;

	if (!gathering.anomalies)
		abort();
	for (size_t i = 0; i < n; i++)
		gathering.anomalies[i] = &keyed[i].anomaly;
	found = gather(&gathering, record);
	for (size_t e = 0; e < found; e++) {
		events[first_event + e] = event_begin(&keyed[0]);
		ends[first_event + e] = 0;
	}
	free(gathering.anomalies);
	return found;
}

/* What is told by its subject. Founds the events on what is not weak; keyed is sorted by
 * family, then start. */
static size_t
cluster_subjects(struct event *events, int64_t *ends, struct keyed *keyed, size_t n,
	int64_t window_us)
{
	const int64_t slack_us = SLACK_WINDOWS * window_us;
	const struct keyed *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct keyed *k = &keyed[i];
		bool joins =
			last && k->target == last->target &&
			k->anomaly.start_lo_us - last->anomaly.start_hi_us <=
				FOLLOWS_WINDOWS * window_us &&
			(ends[count - 1] == INT64_MAX ||
				k->anomaly.start_lo_us <= ends[count - 1] + slack_us);

		k->anomaly.event = ANOMALY_ABSORBED;
		if (k->anomaly.weak)
			continue;
		if (!joins) {
			events[count] = event_begin(k);
			ends[count++] = 0;
		}
		if (end_of(&k->anomaly) > ends[count - 1])
			ends[count - 1] = end_of(&k->anomaly);
		k->anomaly.event = (uint32_t)(count - 1);
		last = k;
	}
	return count;
}

/* A weak anomaly goes to the event of its kind that it overlaps, if there is one. */
static void
attach(struct keyed *k, const struct event *events, const int64_t *ends, size_t n)
{
	for (size_t e = 0; k->anomaly.weak && e < n; e++)
		if (events[e].target == k->target &&
			k->anomaly.start_lo_us <= ends[e] &&
			end_of(&k->anomaly) >= events[e].start_lo_us)
			k->anomaly.event = (uint32_t)e;
}

static size_t
cluster(struct event *events, int64_t *ends, struct keyed *keyed, size_t n,
	const struct record *record)
{
	size_t count = 0;

	for (size_t i = 0, end; i < n; i = end) {
		size_t found;

		for (end = i + 1; end < n && is_kin(&keyed[i], &keyed[end]);)
			end++;
		if (join_is_of_places((enum family)keyed[i].family)) {
			count += cluster_places(events, ends, &keyed[i], end - i,
				(uint32_t)count, record);
			continue;
		}
		found = cluster_subjects(&events[count], &ends[count], &keyed[i],
			end - i, record->window_us);
		for (size_t k = i; k < end; k++) {
			attach(&keyed[k], &events[count], &ends[count], found);
			if (keyed[k].anomaly.event != ANOMALY_ABSORBED)
				keyed[k].anomaly.event += (uint32_t)count;
		}
		count += found;
	}
	return count;
}

/* What is left after absorbing and is no worse hour of another, with what it is sorted by. */
static size_t
key_all(struct keyed *keyed, const struct anomaly *anomalies, const uint32_t *origins,
	size_t anomalies_n, const struct record *record)
{
	size_t n = 0;

	for (size_t i = 0; i < anomalies_n; i++) {
		struct keyed *k = &keyed[n];

		if (anomalies[i].event == ANOMALY_ABSORBED || origins[i] != NO_ORIGIN)
			continue;
		k->anomaly = anomalies[i];
		k->at = (uint32_t)i;
		k->family = (uint8_t)join_family(&anomalies[i]);
		k->target = subject_of(&anomalies[i], record);
		memcpy(k->country, record->networks[anomalies[i].network].country,
			sizeof(k->country));
		n++;
	}
	qsort(keyed, n, sizeof(*keyed), by_family);
	return n;
}

/* Each anomaly's event, once those are known that are no worse hour of another. */
static void
tell_events(struct anomaly *anomalies, const uint32_t *origins, size_t anomalies_n,
	const struct keyed *keyed, size_t n)
{
	for (size_t i = 0; i < anomalies_n; i++)
		if (origins[i] == NO_ORIGIN)
			anomalies[i].event = ANOMALY_ABSORBED;
	for (size_t i = 0; i < n; i++)
		anomalies[keyed[i].at].event = keyed[i].anomaly.event;
	for (size_t i = 0; i < anomalies_n; i++) {
		uint32_t origin = origins[i];

		while (origin != NO_ORIGIN && origins[origin] != NO_ORIGIN)
			origin = origins[origin];
		if (origin != NO_ORIGIN)
			anomalies[i].event = anomalies[origin].event;
	}
}

/* Those that are of an event; how many. */
static size_t
to_the_front(struct anomaly *anomalies, size_t n)
{
	size_t front = 0;

	for (size_t i = 0; i < n; i++) {
		struct anomaly a = anomalies[i];

		if (a.event == ANOMALY_ABSORBED)
			continue;
		anomalies[i] = anomalies[front];
		anomalies[front++] = a;
	}
	return front;
}

/* Whose anomalies are whose, and when each began and ended. */
static void
finish_all(struct event *events, size_t events_n, struct anomaly *anomalies, size_t n,
	int64_t *scratch, const struct record *record)
{
	for (size_t i = 0; i < events_n; i++)
		events[i].n = 0;
	qsort(anomalies, n, sizeof(*anomalies), by_event);
	for (size_t i = 0; i < n; i++) {
		struct event *event = &events[anomalies[i].event];

		if (!event->n++)
			event->first = (uint32_t)i;
	}
	for (size_t i = 0; i < events_n; i++)
		if (events[i].n)
			event_finish(&events[i], anomalies, scratch, record);
}

size_t
join(struct event *events, struct anomaly *anomalies, size_t anomalies_n,
	const struct record *record)
{
	struct keyed *keyed = calloc(anomalies_n + 1, sizeof(*keyed));
	int64_t *ends = calloc(anomalies_n + 1, sizeof(*ends)); /* and scratch */
	uint32_t *origins = calloc(anomalies_n + 1, sizeof(*origins));
	size_t n, events_n;

	if (!keyed || !ends || !origins)
		abort();
	under_absorb(anomalies, anomalies_n, record);
	under_find_origins(origins, anomalies, anomalies_n, record);
	n = key_all(keyed, anomalies, origins, anomalies_n, record);
	events_n = cluster(events, ends, keyed, n, record);
	tell_events(anomalies, origins, anomalies_n, keyed, n);
	free(origins);
	free(keyed);
	n = to_the_front(anomalies, anomalies_n);
	finish_all(events, events_n, anomalies, n, ends, record);
	if (unseen_merge(events, events_n, anomalies, record)) {
		n = to_the_front(anomalies, n);
		finish_all(events, events_n, anomalies, n, ends, record);
	}
	free(ends);
	events_n = unseen_drop(events, events_n, anomalies, record);
	return phases_part(events, events_n, anomalies, record);
}
