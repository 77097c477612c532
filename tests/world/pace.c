#include "tests/world/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define BIN_S 900
#define HOUR_S 3600
#define NEAR_S (45 * 60)
#define AROUND_S (12 * HOUR_S) /* a day about an edge */
#define NEVER_S (INT64_C(400) * 24 * HOUR_S)
/* What a round holds, more or less. */
#define THIN_LINES 13.
#define FULL_LINES 112.
#define STRETCH_MOST 40.
#define WIDER 1.15

static enum nearness
nearness_of(int64_t edge_s)
{
	return edge_s <= NEAR_S	    ? PACE_NEAR
	       : edge_s <= AROUND_S ? PACE_DAY
	       : edge_s <= NEVER_S  ? PACE_FAR
				    : PACE_NEVER;
}

static void
see(struct pace *pace, const struct story *story)
{
	for (uint8_t network = 0; network < WORLD_NETWORKS; network++) {
		pace->nearness[network] = calloc(pace->bins + 1, 1);
		if (!pace->nearness[network])
			bug("no memory for %zu bins", pace->bins);
		for (size_t i = 0; i < pace->bins; i++)
			pace->nearness[network][i] = (uint8_t)nearness_of(story_edge_s(
				story, network, pace->start_s + (int64_t)i * BIN_S));
	}
}

static struct beat
beat_of(double round_s, double full_s, double speed_s, int64_t most_s)
{
	struct beat beat = {(int64_t)round_s, (int64_t)full_s, (int64_t)speed_s};

	if (beat.round_s > most_s)
		beat.round_s = most_s;
	return beat;
}

/* Near an edge the intervals grow least. */
static void
stretch(struct pace *pace, double by)
{
	double slow = sqrt(by);

	pace->beats[PACE_NEAR] =
		beat_of(300 * slow, HOUR_S * by, HOUR_S * slow, HOUR_S / 2);
	pace->beats[PACE_DAY] =
		beat_of(900 * by, 2 * HOUR_S * by, HOUR_S * by, 2 * HOUR_S);
	pace->beats[PACE_FAR] =
		beat_of(HOUR_S * by, 12 * HOUR_S * by, 6 * HOUR_S * by, 6 * HOUR_S);
	pace->beats[PACE_NEVER] = beat_of(
		3 * HOUR_S * by, 24 * HOUR_S * by, 12 * HOUR_S * by, 8 * HOUR_S);
}

static double
lines_of(const struct pace *pace, const double share[PACE_COUNT])
{
	double lines = 0;

	for (int i = 0; i < PACE_COUNT; i++) {
		const struct beat *b = &pace->beats[i];

		lines += share[i] * BIN_S *
			 (THIN_LINES / (double)b->round_s +
				 FULL_LINES / (double)b->full_s +
				 2. / (double)b->speed_s);
	}
	return lines;
}

void
pace_plan(struct pace *pace, const struct country *country, const struct story *story,
	int64_t quiet_s)
{
	double share[PACE_COUNT] = {0}; /* quarters of an hour of probes */
	double by = 1;

	*pace = (struct pace){.start_s = story_start_s(story)};
	pace->bins = (size_t)((story_end_s(story) - pace->start_s) / BIN_S) + 1;
	see(pace, story);
	for (size_t p = 0; p < country->probes_n; p++)
		for (size_t i = 0; i < pace->bins; i++)
			share[pace->nearness[country->probes[p].network][i]]++;
	stretch(pace, by);
	while (lines_of(pace, share) > PACE_BUDGET && by < STRETCH_MOST) {
		by *= WIDER;
		stretch(pace, by);
	}
	for (int i = 0; quiet_s && i < PACE_COUNT; i++)
		pace->beats[i] = (struct beat){quiet_s, 12 * quiet_s, 6 * quiet_s};
}

void
pace_free(struct pace *pace)
{
	for (int i = 0; i < WORLD_NETWORKS; i++)
		free(pace->nearness[i]);
	memset(pace, 0, sizeof(*pace));
}

const struct beat *
pace_at(const struct pace *pace, uint8_t network, int64_t utc_s)
{
	int64_t bin = (utc_s - pace->start_s) / BIN_S;

	if (bin < 0)
		bin = 0;
	if ((size_t)bin >= pace->bins)
		bin = (int64_t)pace->bins - 1;
	return &pace->beats[pace->nearness[network][bin]];
}

int64_t
pace_next_s(const struct pace *pace, uint8_t network, int64_t utc_s)
{
	int64_t next_s = utc_s + pace_at(pace, network, utc_s)->round_s;

	for (int64_t at_s = utc_s + BIN_S; at_s < next_s; at_s += BIN_S) {
		int64_t then_s = at_s + pace_at(pace, network, at_s)->round_s;

		next_s = then_s < next_s ? then_s : next_s;
	}
	return next_s;
}
