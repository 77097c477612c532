#include "analyzer/analysis/steps.h"

#include <stdlib.h>
#include <string.h>

/* Anomalies of one family that are this many windows apart still are one event. */
#define SLACK_WINDOWS 2
/* So long behind the newest start one begins an event of its own, though the first goes on:
 * a probe that has been broken for weeks does not date what befell the others today. */
#define FOLLOWS_WINDOWS 16
/* What only one or two probes say of one target is not yet worth a sentence. */
#define TARGET_LEAST_PROBES 3
/* Nor what one probe alone misses beyond its home for less than three windows. */
#define LONE_LEAST_BINS 3

static enum family
family_of(const struct anomaly *anomaly)
{
	switch ((enum series)anomaly->series) {
	case SERIES_DARK:
		return FAMILY_DARK;
	case SERIES_SILENT:
		return FAMILY_SILENT;
	case SERIES_RATE:
		return FAMILY_RATE;
	case SERIES_TARGET:
		return FAMILY_TARGET;
	case SERIES_NAME:
		return FAMILY_NAME;
	case SERIES_RUNG:
		break;
	}
	return anomaly->index <= RUNG_router ? FAMILY_HOME : FAMILY_REACH;
}

/* What a target's or a name's event is about. */
static uint32_t
subject_of(const struct anomaly *a, const struct record *record)
{
	switch (family_of(a)) {
	case FAMILY_TARGET:
		return a->index;
	case FAMILY_NAME:
		return record->targets[a->index].name;
	case FAMILY_DARK:
	case FAMILY_HOME:
	case FAMILY_REACH:
	case FAMILY_RATE:
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

/* May what ails ${low} be why ${high} fails? */
static bool
lies_under(const struct anomaly *low, const struct anomaly *high,
	const struct record *record)
{
	bool rung = low->series == SERIES_RUNG, dark = low->series == SERIES_DARK;
	bool home = rung && low->index <= RUNG_access;
	/* Where it lies itself; whoever is dark or silent has no target. */
	bool own = rung &&
		   (high->series == SERIES_TARGET || high->series == SERIES_NAME) &&
		   low->index == record->targets[high->index].rung;

	switch ((enum series)high->series) {
	case SERIES_DARK:
	case SERIES_SILENT:
		return false;
	case SERIES_RUNG:
		return dark || (rung && low->index < high->index);
	case SERIES_TARGET:
		return dark || home || own;
	case SERIES_NAME:
		return dark || home || own ||
		       (low->series == SERIES_TARGET && low->index == high->index);
	case SERIES_RATE:
		return dark || rung;
	}
	return false;
}

/* Does ${low} reach over ${us}, when ${high} was bad? */
static bool
reaches(const struct anomaly *low, const struct anomaly *high, int64_t us,
	const struct record *record)
{
	return low != high && (!low->weak || high->weak) && low->start_lo_us <= us &&
	       end_of(low) >= us && lies_under(low, high, record);
}

/* Where what reaches over ${us} ends, the latest; before it: nothing does. */
static int64_t
reached_until(const struct anomaly *anomalies, size_t n, const struct anomaly *high,
	int64_t us, const struct record *record)
{
	int64_t until_us = us - 1;

	for (size_t i = 0; i < n; i++)
		if (end_of(&anomalies[i]) > until_us &&
			reaches(&anomalies[i], high, us, record))
			until_us = end_of(&anomalies[i]);
	return until_us;
}

/* When the next one that may be why begins, after ${us}. */
static int64_t
next_begin(const struct anomaly *anomalies, size_t n, const struct anomaly *high,
	int64_t us, const struct record *record)
{
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < n; i++)
		if (anomalies[i].start_lo_us > us &&
			anomalies[i].start_lo_us < next_us &&
			reaches(&anomalies[i], high, anomalies[i].start_lo_us, record))
			next_us = anomalies[i].start_lo_us;
	return next_us;
}

/* Do the anomalies on lower rungs of the same probe explain ${high}? They do when half of
 * what is known of it, from its first bad sample to its last, lies where one of them may have
 * been, together: a rung that answers for a moment is not well, and what is looked at once an
 * hour has wide edges, which are nobody's fault. */
static bool
is_explained(const struct anomaly *anomalies, size_t n, const struct anomaly *high,
	const struct record *record)
{
	int64_t us = high->start_hi_us, end_us = high->end_lo_us, covered_us = 0;
	bool any = false;

	while (us <= end_us) {
		int64_t until_us = reached_until(anomalies, n, high, us, record);

		if (until_us >= us) {
			any = true;
			covered_us += (until_us < end_us ? until_us : end_us) - us;
		}
		us = until_us > us ? until_us
				   : next_begin(anomalies, n, high, us, record);
	}
	return any && covered_us * 2 >= end_us - high->start_hi_us;
}

static void
absorb(struct anomaly *anomalies, size_t n, const struct record *record)
{
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && anomalies[end].probe == anomalies[i].probe;
			end++)
			anomalies[end].event = 0;
		for (size_t high = i; high < end; high++)
			if (is_explained(
				    &anomalies[i], end - i, &anomalies[high], record))
				anomalies[high].event = ANOMALY_ABSORBED;
	}
}

struct keyed {
	struct anomaly anomaly;
	char country[3];
	uint8_t family;
	uint32_t target;
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
	struct event event = {
		.family = first->family,
		.target = first->target,
		.start_lo_us = first->anomaly.start_lo_us,
		.start_hi_us = first->anomaly.start_hi_us,
	};

	memcpy(event.country, first->country, sizeof(event.country));
	return event;
}

/* The end of the whole: the latest end, or open while most of its probes are. */
static void
event_finish(struct event *event, const struct anomaly *anomalies)
{
	uint32_t open = 0, probes = 0;

	for (uint32_t i = 0; i < event->n; i++) {
		const struct anomaly *a = &anomalies[event->first + i];

		probes += !i || a->probe != a[-1].probe;
		open += !a->end_hi_us;
		if (a->end_lo_us > event->end_lo_us)
			event->end_lo_us = a->end_lo_us;
		if (a->end_hi_us > event->end_hi_us)
			event->end_hi_us = a->end_hi_us;
	}
	if (open * 2 > event->n)
		event->end_hi_us = 0;
	else if (event->end_hi_us < event->end_lo_us)
		event->end_hi_us = event->end_lo_us;
	event->affected = probes;
}

/* Founds the events on what is not weak; keyed is sorted by family, then start. */
static size_t
cluster(struct event *events, int64_t *ends, struct keyed *keyed, size_t n,
	int64_t window_us)
{
	const int64_t slack_us = SLACK_WINDOWS * window_us;
	const struct keyed *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct keyed *k = &keyed[i];
		bool joins =
			last && k->family == last->family &&
			k->target == last->target &&
			!strcmp(k->country, last->country) &&
			k->anomaly.start_hi_us - last->anomaly.start_hi_us <=
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
		if (events[e].family == k->family && events[e].target == k->target &&
			!strcmp(events[e].country, k->country) &&
			k->anomaly.start_lo_us <= ends[e] &&
			end_of(&k->anomaly) >= events[e].start_lo_us)
			k->anomaly.event = (uint32_t)e;
}

static bool
is_unseen(const struct event *event, const struct anomaly *anomalies)
{
	uint32_t bins = 0;

	if (event->family == FAMILY_TARGET || event->family == FAMILY_NAME)
		return event->affected < TARGET_LEAST_PROBES;
	if (event->affected > 1 ||
		(event->family != FAMILY_REACH && event->family != FAMILY_RATE))
		return false;
	for (uint32_t i = 0; i < event->n; i++)
		if (anomalies[event->first + i].bins > bins)
			bins = anomalies[event->first + i].bins;
	return bins < LONE_LEAST_BINS;
}

/* Leaves out the events that too few probes saw, or one alone too shortly. */
static size_t
drop_unseen(struct event *events, size_t events_n, struct anomaly *anomalies)
{
	size_t kept = 0;

	for (size_t i = 0; i < events_n; i++) {
		bool weak = is_unseen(&events[i], anomalies);

		for (uint32_t a = 0; a < events[i].n; a++)
			anomalies[events[i].first + a].event =
				weak ? ANOMALY_ABSORBED : (uint32_t)kept;
		if (!weak)
			events[kept++] = events[i];
	}
	return kept;
}

/* What is left after absorbing, with what it is sorted by. */
static size_t
key_all(struct keyed *keyed, const struct anomaly *anomalies, size_t anomalies_n,
	const struct record *record)
{
	size_t n = 0;

	for (size_t i = 0; i < anomalies_n; i++) {
		struct keyed *k = &keyed[n];

		if (anomalies[i].event == ANOMALY_ABSORBED)
			continue;
		k->anomaly = anomalies[i];
		k->family = (uint8_t)family_of(&anomalies[i]);
		k->target = subject_of(&anomalies[i], record);
		memcpy(k->country, record->networks[anomalies[i].network].country,
			sizeof(k->country));
		n++;
	}
	qsort(keyed, n, sizeof(*keyed), by_family);
	return n;
}

size_t
join(struct event *events, struct anomaly *anomalies, size_t anomalies_n,
	const struct record *record)
{
	struct keyed *keyed = calloc(anomalies_n + 1, sizeof(*keyed));
	int64_t *ends = calloc(anomalies_n + 1, sizeof(*ends));
	size_t n, events_n;

	if (!keyed || !ends)
		abort();
	absorb(anomalies, anomalies_n, record);
	n = key_all(keyed, anomalies, anomalies_n, record);
	events_n = cluster(events, ends, keyed, n, record->window_us);
	for (size_t i = 0; i < anomalies_n; i++) {
		if (i < n) {
			attach(&keyed[i], events, ends, events_n);
			anomalies[i] = keyed[i].anomaly;
		} else {
			anomalies[i].event = ANOMALY_ABSORBED;
		}
	}
	qsort(anomalies, n, sizeof(*anomalies), by_event);
	for (size_t i = 0; i < n && anomalies[i].event != ANOMALY_ABSORBED; i++) {
		struct event *event = &events[anomalies[i].event];

		if (!event->n++)
			event->first = (uint32_t)i;
	}
	for (size_t i = 0; i < events_n; i++)
		event_finish(&events[i], anomalies);
	events_n = drop_unseen(events, events_n, anomalies);
	free(ends);
	free(keyed);
	return events_n;
}
