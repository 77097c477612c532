#include "analyzer/analysis/unseen.h"

#include <stdlib.h>
#include <string.h>

/* What fewer probes say of one target, or few of each operator, is not yet worth a
 * sentence. */
#define TARGET_LEAST_PROBES 3
/* Nor is one that has fallen silent: it may have been put away. Many are, or most of some
 * operators'. */
#define SILENT_LEAST_PROBES 10
#define SILENT_LEAST_SHARED 3
/* Nor what one probe alone misses beyond its home for less than three windows. */
#define LONE_LEAST_BINS 3
/* What it has more of than so many that something befell with it, or than so many others of its
 * operator, is part of that: for all of its time but one part of so many. */
#define WIDER_LEAST_PROBES 3
#define WIDER_LEAST_OTHERS 2
#define DURING_PARTS 4
#define BEFORE_WINDOWS 2

static bool
is_at_home(const struct anomaly *a)
{
	return a->series == SERIES_DARK || a->series == SERIES_TUNNEL ||
	       (a->series == SERIES_RUNG && a->index <= RUNG_router);
}

/* May what the one's network does befall the other, too: one operator, or its part in a region? */
static bool
is_one_hand(const struct network *a, const struct network *b, bool region)
{
	return a->asn == b->asn && (!region || !strcmp(a->region, b->region));
}

/* Do most of the probes of that network's operator miss it, of all or of those in its region? Who is
 * the only one there is no region. */
static bool
most_miss(const struct network *network, bool region, const struct event *event,
	const struct anomaly *own, const struct record *record)
{
	uint32_t n = 0, of = 0;

	for (uint32_t k = 0; k < event->n; k++)
		n += (!k || own[k].probe != own[k - 1].probe) &&
		     is_one_hand(&record->networks[own[k].network], network, region);
	for (size_t p = 0; p < record->probes_n; p++)
		of += !record->probes[p].control &&
		      is_one_hand(&record->networks[record->probes[p].network], network,
			      region);
	return n * 2 > of && of >= (region ? TARGET_LEAST_PROBES : 1);
}

/* Probes that miss it at operators where most do, or most of those in the region; of those that
 * fell silent an operator's all count, a few may be put away together. */
static uint32_t
shared_by(const struct event *event, const struct anomaly *anomalies,
	const struct record *record)
{
	const struct anomaly *own = &anomalies[event->first];
	bool by_region = event->family != FAMILY_SILENT;
	uint32_t shared = 0;

	for (uint32_t i = 0; i < event->n; i++) {
		const struct network *network = &record->networks[own[i].network];

		if (i && own[i].probe == own[i - 1].probe)
			continue;
		shared += most_miss(network, false, event, own, record) ||
			  (by_region && most_miss(network, true, event, own, record));
	}
	return shared;
}

static bool
is_unseen(const struct event *event, const struct anomaly *anomalies,
	const struct record *record)
{
	uint32_t bins = 0;

	if (!event->n)
		return true; /* it went into another */
	if (event->family == FAMILY_TARGET || event->family == FAMILY_NAME ||
		event->family == FAMILY_WHOLE)
		return event->affected < TARGET_LEAST_PROBES ||
		       shared_by(event, anomalies, record) < TARGET_LEAST_PROBES;
	if (event->family == FAMILY_SILENT)
		return event->affected < SILENT_LEAST_SHARED ||
		       (event->affected < SILENT_LEAST_PROBES &&
			       shared_by(event, anomalies, record) <
				       SILENT_LEAST_SHARED);
	if (event->affected > 1)
		return false;
	for (uint32_t i = 0; i < event->n; i++)
		if (is_at_home(&anomalies[event->first + i]))
			return false;
	/* One line's round trips vary with its way and its hour: later ones alone are nothing
	 * that befell it. */
	for (uint32_t i = 0; i < event->n; i++)
		if (anomalies[event->first + i].series != SERIES_LATE &&
			anomalies[event->first + i].bins > bins)
			bins = anomalies[event->first + i].bins;
	return bins < LONE_LEAST_BINS;
}

static int64_t
event_end(const struct event *event)
{
	return event->end_hi_us ? event->end_hi_us : INT64_MAX;
}

/* Most of the one's time is the other's, and it did not begin long before. What is worse than the
 * other must last for a good part of that: a day without answers in a slow month is an event of
 * its own. */
static bool
is_during(const struct event *one, const struct event *other, int64_t window_us)
{
	int64_t from_us = one->start_hi_us, to_us = event_end(one);
	int64_t length_us = to_us - from_us;

	if (from_us < other->start_lo_us - BEFORE_WINDOWS * window_us ||
		(one->family < other->family &&
			length_us <
				(event_end(other) - other->start_hi_us) / DURING_PARTS))
		return false;
	if (from_us < other->start_lo_us)
		from_us = other->start_lo_us;
	if (to_us > event_end(other))
		to_us = event_end(other);
	return (to_us - from_us) > length_us / DURING_PARTS * (DURING_PARTS - 1);
}

static bool
is_same_operator(const struct record *r, uint32_t a, uint32_t b)
{
	return r->networks[a].asn == r->networks[b].asn &&
	       r->networks[a].medium == r->networks[b].medium;
}

static bool
has_probe(const struct event *event, const struct anomaly *anomalies, uint32_t probe)
{
	for (uint32_t i = 0; i < event->n; i++)
		if (anomalies[event->first + i].probe == probe)
			return true;
	return false;
}

/* Is it that of many, or of half of the others of its operator; of most where it is not the
 * probe's already? */
static bool
is_wider(const struct event *event, const struct anomaly *anomalies,
	const struct record *r, const struct anomaly *lone)
{
	const struct anomaly *own = &anomalies[event->first];
	bool same = has_probe(event, anomalies, lone->probe);
	uint32_t hit = 0, others = 0;

	for (uint32_t i = 0; i < event->n; i++)
		hit += (!i || own[i].probe != own[i - 1].probe) &&
		       own[i].probe != lone->probe &&
		       is_same_operator(r, own[i].network, lone->network);
	for (uint32_t p = 0; p < r->probes_n; p++)
		others += p != lone->probe && !r->probes[p].control &&
			  is_same_operator(r, r->probes[p].network, lone->network);
	if (same)
		return event->affected >= WIDER_LEAST_PROBES ||
		       (hit && hit * 2 >= others);
	return hit >= WIDER_LEAST_OTHERS && hit * 2 > others;
}

static bool
is_all_of(const struct event *few, const struct event *many,
	const struct anomaly *anomalies)
{
	for (uint32_t i = 0; i < few->n; i++)
		if (!has_probe(many, anomalies, anomalies[few->first + i].probe))
			return false;
	return true;
}

/* Is the one part of the other? Packets that are late with all are lost with some. */
static bool
is_part(const struct event *one, const struct event *other,
	const struct anomaly *anomalies, const struct record *record)
{
	if (one == other || !join_is_of_places((enum family)other->family) ||
		other->affected < 2 || !is_during(one, other, record->window_us))
		return false;
	if (one->affected == 1)
		return is_wider(other, anomalies, record, &anomalies[one->first]);
	return one->family != other->family && one->affected * 2 <= other->affected &&
	       is_all_of(one, other, anomalies);
}

/* An event of more that it is part of, if there is one. A home's own trouble stays its own. */
static const struct event *
next_wider_of(const struct event *event, const struct event *events, size_t events_n,
	const struct anomaly *anomalies, const struct record *record)
{
	if (!event->n || !join_is_of_places((enum family)event->family))
		return NULL;
	for (uint32_t i = 0; i < event->n; i++)
		if (is_at_home(&anomalies[event->first + i]))
			return NULL;
	for (size_t e = 0; e < events_n; e++)
		if (is_part(event, &events[e], anomalies, record))
			return &events[e];
	return NULL;
}

/* The widest, where that event is part of another: each has more probes than the one before, so
 * that there is an end. */
static const struct event *
wider_of(const struct event *event, const struct event *events, size_t events_n,
	const struct anomaly *anomalies, const struct record *record)
{
	const struct event *wider =
		next_wider_of(event, events, events_n, anomalies, record);

	for (const struct event *next = wider; next;
		next = next_wider_of(next, events, events_n, anomalies, record))
		wider = next;
	return wider;
}

bool
unseen_merge(const struct event *events, size_t events_n, struct anomaly *anomalies,
	const struct record *record)
{
	bool merged = false;

	for (size_t i = 0; i < events_n; i++) {
		const struct event *few = &events[i];
		const struct event *wider =
			wider_of(few, events, events_n, anomalies, record);
		/* What is seen of it there is from when to when it had what the others
		 * have. */
		bool same = wider &&
			    has_probe(wider, anomalies, anomalies[few->first].probe);

		for (uint32_t a = 0; wider && a < few->n; a++)
			anomalies[few->first + a].event =
				same ? ANOMALY_ABSORBED : (uint32_t)(wider - events);
		merged = merged || wider;
	}
	return merged;
}

size_t
unseen_drop(struct event *events, size_t events_n, struct anomaly *anomalies,
	const struct record *record)
{
	size_t kept = 0;

	for (size_t i = 0; i < events_n; i++) {
		bool dropped = is_unseen(&events[i], anomalies, record);

		for (uint32_t a = 0; a < events[i].n; a++)
			anomalies[events[i].first + a].event =
				dropped ? ANOMALY_ABSORBED : (uint32_t)kept;
		if (!dropped)
			events[kept++] = events[i];
	}
	return kept;
}
