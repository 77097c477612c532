#include "analyzer/analysis/under.h"

#include "analyzer/analysis/edges.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>
#include <string.h>

#define ABROAD 1 /* index of SERIES_WHOLE */

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
	/* One that carries no target at all says nothing of this one. */
	bool protocol = low->series == SERIES_CHECK;

	if (!dark && record->networks[low->network].medium !=
			     record->networks[high->network].medium)
		return false;
	switch ((enum series)high->series) {
	case SERIES_DARK:
	case SERIES_SILENT:
	case SERIES_TUNNEL:
		return false;
	case SERIES_RUNG:
		return dark || (rung && low->index < high->index);
	case SERIES_CHECK:
		return dark || (rung && low->index <= RUNG_international);
	case SERIES_TARGET:
		return dark || home || own || protocol;
	case SERIES_NAME:
		return dark || home || own || protocol ||
		       (low->series == SERIES_TARGET && low->index == high->index);
	case SERIES_RATE:
		/* What stands still after some bytes comes at no rate. */
		return dark || (rung && low->index <= RUNG_international) ||
		       (low->series == SERIES_WHOLE && low->index == ABROAD);
	case SERIES_PACE:
	case SERIES_WHOLE:
	case SERIES_LATE:
		return dark || (rung && low->index <= RUNG_international);
	}
	return false;
}

/* The anomalies of one probe that may lie under others, in the order in which they began. */
struct lows {
	const struct anomaly **all;
	int64_t *ended_us; /* the latest end of it and of all before it */
	size_t n;
	const struct anomaly **found; /* of them: under the one that is looked at */
	size_t found_n;
};

static void
lows_open(struct lows *lows, size_t n)
{
	*lows = (struct lows){.all = room(n, sizeof(*lows->all)),
		.ended_us = room(n, sizeof(*lows->ended_us)),
		.found = room(n, sizeof(*lows->found))};
}

static void
lows_close(struct lows *lows)
{
	free(lows->all);
	free(lows->ended_us);
	free(lows->found);
}

static int
by_start(const void *left, const void *right)
{
	const struct anomaly *a = *(const struct anomaly *const *)left;
	const struct anomaly *b = *(const struct anomaly *const *)right;

	return a->start_lo_us < b->start_lo_us ? -1 : a->start_lo_us > b->start_lo_us;
}

/* Only these series lie under any other: see lies_under(). */
static bool
may_be_low(const struct anomaly *a)
{
	return a->series == SERIES_DARK || a->series == SERIES_RUNG ||
	       a->series == SERIES_CHECK || a->series == SERIES_TARGET ||
	       a->series == SERIES_WHOLE;
}

static void
lows_of(struct lows *lows, const struct anomaly *anomalies, size_t n)
{
	lows->n = 0;
	for (size_t i = 0; i < n; i++)
		if (may_be_low(&anomalies[i]))
			lows->all[lows->n++] = &anomalies[i];
	if (lows->n)
		qsort(lows->all, lows->n, sizeof(*lows->all), by_start);
	for (size_t i = 0; i < lows->n; i++) {
		int64_t end_us = edges_end(lows->all[i]);

		lows->ended_us[i] = i && lows->ended_us[i - 1] > end_us
					    ? lows->ended_us[i - 1]
					    : end_us;
	}
}

/* How many began no later. */
static size_t
begun_by(const struct lows *lows, int64_t us)
{
	size_t low = 0, high = lows->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lows->all[middle]->start_lo_us <= us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What may ail ${high} and lies somewhere in [from, to]. */
static void
find_lows(struct lows *lows, const struct anomaly *high, int64_t from_us, int64_t to_us,
	const struct record *record)
{
	lows->found_n = 0;
	for (size_t i = begun_by(lows, to_us);
		i > 0 && lows->ended_us[i - 1] >= from_us; i--) {
		const struct anomaly *low = lows->all[i - 1];

		if (low != high && edges_end(low) >= from_us &&
			(!low->weak || high->weak) && lies_under(low, high, record))
			lows->found[lows->found_n++] = low;
	}
}

/* Where what reaches over ${us} ends, the latest; before it: nothing does. */
static int64_t
reached_until(const struct lows *lows, int64_t us)
{
	int64_t until_us = us - 1;

	for (size_t i = 0; i < lows->found_n; i++)
		if (lows->found[i]->start_lo_us <= us &&
			edges_end(lows->found[i]) > until_us)
			until_us = edges_end(lows->found[i]);
	return until_us;
}

/* When the next one that may be why begins, after ${us}. */
static int64_t
next_begin(const struct lows *lows, int64_t us)
{
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < lows->found_n; i++)
		if (lows->found[i]->start_lo_us > us &&
			lows->found[i]->start_lo_us < next_us)
			next_us = lows->found[i]->start_lo_us;
	return next_us;
}

/* Do the anomalies on lower rungs of the same probe explain ${high}? They do when half of
 * what is known of it, from its first bad sample to its last, lies where one of them may have
 * been, together: a rung that answers for a moment is not well, and what is looked at once an
 * hour has wide edges, which are nobody's fault. */
static bool
is_explained(struct lows *lows, const struct anomaly *high, const struct record *record)
{
	int64_t us = high->start_hi_us, end_us = high->end_lo_us, covered_us = 0;
	bool any = false;

	find_lows(lows, high, us < end_us ? us : end_us, us < end_us ? end_us : us,
		record);
	/* What is looked at once a day may meet two nights' outages and nothing between. */
	if (reached_until(lows, us) >= us && reached_until(lows, end_us) >= end_us)
		return true;

	while (us <= end_us) {
		int64_t until_us = reached_until(lows, us);

		if (until_us >= us) {
			any = true;
			covered_us += (until_us < end_us ? until_us : end_us) - us;
		}
		us = until_us > us ? until_us : next_begin(lows, us);
	}
	return any && covered_us * 2 >= end_us - high->start_hi_us;
}

/* What failed while a lower rung was gone says nothing of an address or a name: it began behind
 * that, with a failure of which no more is known than that there was one by its last. */
static void
trim(struct lows *lows, struct anomaly *high, const struct record *record)
{
	int64_t until_us;

	if (high->series != SERIES_TARGET && high->series != SERIES_NAME)
		return;
	find_lows(lows, high, high->start_hi_us, high->start_hi_us, record);
	until_us = reached_until(lows, high->start_hi_us);
	if (until_us < high->start_hi_us || until_us >= high->end_lo_us)
		return;
	high->start_lo_us = until_us;
	high->start_hi_us = high->end_lo_us;
}

void
under_absorb(struct anomaly *anomalies, size_t n, const struct record *record)
{
	struct lows lows;

	lows_open(&lows, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && anomalies[end].probe == anomalies[i].probe;
			end++)
			anomalies[end].event = 0;
		lows_of(&lows, &anomalies[i], end - i);
		for (size_t high = i; high < end; high++)
			if (is_explained(&lows, &anomalies[high], record))
				anomalies[high].event = ANOMALY_ABSORBED;
		/* Who lies under another does so where it began. */
		for (size_t high = i; high < end; high++)
			if (anomalies[high].event != ANOMALY_ABSORBED)
				trim(&lows, &anomalies[high], record);
	}
	lows_close(&lows);
}

/* ---- a worse hour of a loss ---- */

/* So many of one region, or of the country, that were out already and worsened together
 * are another phase. */
#define PHASE_WINDOWS 4
#define PHASE_PROBES 3

/* Is ${low} an hour of ${high} in which that line lost more? It began later and was over
 * before. Both are losses. */
static bool
is_worse_hour(const struct anomaly *low, const struct anomaly *high,
	const struct record *record)
{
	return low != high && !high->weak && high->series == SERIES_RUNG &&
	       high->start_hi_us <= low->start_lo_us &&
	       edges_end(high) >= low->end_lo_us && edges_end(low) <= edges_end(high) &&
	       lies_under(low, high, record);
}

/* What no lower rung explains and is a loss: where among all, of each probe together. */
struct losses {
	uint32_t *at;
	uint32_t *first; /* the first of all anomalies of its probe */
	size_t n;
};

static void
losses_open(struct losses *losses, const struct anomaly *anomalies, size_t n)
{
	uint32_t first = 0;

	*losses = (struct losses){.at = room(n, sizeof(*losses->at)),
		.first = room(n, sizeof(*losses->first))};
	for (uint32_t i = 0; i < n; i++) {
		if (anomalies[i].probe != anomalies[first].probe)
			first = i;
		if (anomalies[i].event == ANOMALY_ABSORBED ||
			join_family(&anomalies[i]) != FAMILY_LOSS)
			continue;
		losses->at[losses->n] = i;
		losses->first[losses->n++] = first;
	}
}

static void
losses_close(struct losses *losses)
{
	free(losses->at);
	free(losses->first);
}

/* Behind the last of the same probe. */
static size_t
end_of_probe(const struct losses *losses, size_t i)
{
	uint32_t first = losses->first[i];

	while (i < losses->n && losses->first[i] == first)
		i++;
	return i;
}

/* Of the losses of one probe: which of them each is a worse hour of, or NO_ORIGIN. */
static void
find_origins(uint32_t *origins, const struct anomaly *anomalies,
	const struct losses *losses, size_t from, size_t end,
	const struct record *record)
{
	for (size_t i = from; i < end; i++) {
		const struct anomaly *low = &anomalies[losses->at[i]];
		uint32_t *origin = &origins[losses->at[i]];

		if (low->series == SERIES_TUNNEL)
			continue;
		for (size_t k = from; k < end && *origin == NO_ORIGIN; k++)
			if (is_worse_hour(low, &anomalies[losses->at[k]], record))
				*origin = losses->at[k];
	}
}

static const struct network *
home_of(const struct anomaly *a, const struct record *record)
{
	return &record->networks[a->network];
}

/* Probes that were out when ${low} began, and those of them that worsened with it. */
struct worsened {
	uint32_t out, worse;
};

static bool
is_phase_of(const struct worsened *w)
{
	return w->worse >= PHASE_PROBES && w->worse * 2 > w->out;
}

static bool
is_phase(const struct anomaly *low, const struct anomaly *anomalies,
	const uint32_t *origins, const struct losses *losses,
	const struct record *record)
{
	const struct network *mine = home_of(low, record);
	int64_t apart_us = PHASE_WINDOWS * record->window_us;
	struct worsened country = {0}, region = {0};

	for (size_t i = 0, end; i < losses->n; i = end) {
		const struct network *its =
			home_of(&anomalies[losses->first[i]], record);
		bool out = false, worse = false;

		end = end_of_probe(losses, i);
		for (size_t k = i; k < end; k++) {
			const struct anomaly *a = &anomalies[losses->at[k]];
			bool near = a->start_hi_us >= low->start_lo_us - apart_us &&
				    a->start_lo_us <= low->start_hi_us + apart_us;

			worse = worse || (origins[losses->at[k]] != NO_ORIGIN && near);
			out = out || (a->start_hi_us <= low->start_lo_us &&
					     edges_end(a) >= low->start_hi_us);
		}
		if (!out || strcmp(its->country, mine->country) != 0)
			continue;
		country.out++;
		country.worse += worse;
		if (strcmp(its->region, mine->region) != 0)
			continue;
		region.out++;
		region.worse += worse;
	}
	return is_phase_of(&country) || is_phase_of(&region);
}

/* Of each anomaly, which other one it is a worse hour of. */
void
under_find_origins(uint32_t *origins, const struct anomaly *anomalies, size_t n,
	const struct record *record)
{
	uint32_t *alone = room(n, sizeof(*alone));
	struct losses losses;

	for (size_t i = 0; i < n; i++)
		origins[i] = NO_ORIGIN;
	losses_open(&losses, anomalies, n);
	for (size_t i = 0, end; i < losses.n; i = end) {
		end = end_of_probe(&losses, i);
		find_origins(origins, anomalies, &losses, i, end, record);
	}
	for (size_t i = 0; i < n; i++)
		alone[i] = origins[i] != NO_ORIGIN && is_phase(&anomalies[i], anomalies,
							      origins, &losses, record)
				   ? NO_ORIGIN
				   : origins[i];
	memcpy(origins, alone, n * sizeof(*origins));
	losses_close(&losses);
	free(alone);
}
