#include "analyzer/analysis/under.h"

#include <stdlib.h>
#include <string.h>

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
	case SERIES_PACE:
	case SERIES_WHOLE:
	case SERIES_RATE:
	case SERIES_LATE:
		return dark || (rung && low->index <= RUNG_international);
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

	/* What is looked at once a day may meet two nights' outages and nothing between. */
	if (reached_until(anomalies, n, high, us, record) >= us &&
		reached_until(anomalies, n, high, end_us, record) >= end_us)
		return true;

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

void
under_absorb(struct anomaly *anomalies, size_t n, const struct record *record)
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

/* ---- a worse hour of a loss ---- */

/* So many of one region, or of the country, that were out already and worsened together
 * are another phase. */
#define PHASE_WINDOWS 4
#define PHASE_PROBES 3

/* Is ${low} an hour of ${high} in which that line lost more? It began later and was over
 * before. */
static bool
is_worse_hour(const struct anomaly *low, const struct anomaly *high,
	const struct record *record)
{
	return low != high && high->event != ANOMALY_ABSORBED && !high->weak &&
	       high->series == SERIES_RUNG && join_family(high) == FAMILY_LOSS &&
	       high->start_hi_us <= low->start_lo_us &&
	       end_of(high) >= low->end_lo_us && end_of(low) <= end_of(high) &&
	       lies_under(low, high, record);
}

/* Of the anomalies of one probe: which of them each is a worse hour of, or NO_ORIGIN. */
static void
find_origins(uint32_t *origins, const struct anomaly *anomalies, size_t first,
	size_t end, const struct record *record)
{
	for (size_t i = first; i < end; i++) {
		const struct anomaly *low = &anomalies[i];

		origins[i] = NO_ORIGIN;
		if (low->event == ANOMALY_ABSORBED || low->series == SERIES_TUNNEL ||
			join_family(low) != FAMILY_LOSS)
			continue;
		for (size_t k = first; k < end && origins[i] == NO_ORIGIN; k++)
			if (is_worse_hour(low, &anomalies[k], record))
				origins[i] = (uint32_t)k;
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
	const uint32_t *origins, size_t n, const struct record *record)
{
	const struct network *mine = home_of(low, record);
	int64_t apart_us = PHASE_WINDOWS * record->window_us;
	struct worsened country = {0}, region = {0};

	for (size_t i = 0, end; i < n; i = end) {
		const struct network *its = home_of(&anomalies[i], record);
		bool out = false, worse = false, near = false;

		for (end = i; end < n && anomalies[end].probe == anomalies[i].probe;
			end++) {
			const struct anomaly *a = &anomalies[end];

			if (a->event == ANOMALY_ABSORBED ||
				join_family(a) != FAMILY_LOSS)
				continue;
			near = a->start_hi_us >= low->start_lo_us - apart_us &&
			       a->start_lo_us <= low->start_hi_us + apart_us;
			worse = worse || (origins[end] != NO_ORIGIN && near);
			out = out || (a->start_hi_us <= low->start_lo_us &&
					     end_of(a) >= low->start_hi_us);
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
	uint32_t *alone = calloc(n + 1, sizeof(*alone));

	if (!alone)
		abort();
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && anomalies[end].probe == anomalies[i].probe;)
			end++;
		find_origins(origins, anomalies, i, end, record);
	}
	for (size_t i = 0; i < n; i++)
		alone[i] = origins[i] != NO_ORIGIN && is_phase(&anomalies[i], anomalies,
							      origins, n, record)
				   ? NO_ORIGIN
				   : origins[i];
	memcpy(origins, alone, n * sizeof(*origins));
	free(alone);
}
