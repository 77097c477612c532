#include "analyzer/analysis/edges.h"

#include "analyzer/analysis/moment.h"
#include "analyzer/analysis/outage.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>

int64_t
edges_end(const struct anomaly *a)
{
	return a->end_hi_us ? a->end_hi_us : INT64_MAX;
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
	return edges_end(a) - a->start_hi_us;
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
			edges_end(&own[i]) >= edges_end(latest_of_probe))
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

void
edges_find(struct event *event, const struct anomaly *anomalies, int64_t *us,
	const struct record *record)
{
	struct moment *edges = room(event->n, sizeof(*edges));

	find_start(event, anomalies, us, edges, record);
	find_end(event, anomalies, us, edges, record);
	free(edges);
	if (event->end_hi_us && event->end_hi_us < event->end_lo_us)
		event->end_hi_us = event->end_lo_us;
}
