#include "analyzer/analysis/edges.h"
#include "analyzer/analysis/gather.h"
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
		if (edges_end(&k->anomaly) > ends[count - 1])
			ends[count - 1] = edges_end(&k->anomaly);
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
			edges_end(&k->anomaly) >= events[e].start_lo_us)
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

static uint32_t
count_probes(const struct anomaly *own, uint32_t n)
{
	uint32_t probes = 0;

	for (uint32_t i = 0; i < n; i++)
		probes += !i || own[i].probe != own[i - 1].probe;
	return probes;
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
	for (size_t i = 0; i < events_n; i++) {
		struct event *event = &events[i];

		if (!event->n)
			continue;
		edges_find(event, anomalies, scratch, record);
		event->affected = count_probes(&anomalies[event->first], event->n);
	}
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
