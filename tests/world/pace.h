#pragma once

#include "tests/world/scenario.h"

/*
 * How often probes make rounds. Minutes matter near the edges of what happens, and the lines
 * of a scenario have a budget: elsewhere rounds are rarer, and rarest in networks to which
 * nothing happens at all. All of it is stretched until the budget holds.
 */
enum nearness { PACE_NEAR, PACE_DAY, PACE_FAR, PACE_NEVER, PACE_COUNT };
struct beat { /* seconds between two rounds, two full ones, two pairs of transfers */
	int64_t round_s, full_s, speed_s;
};
struct pace {
	int64_t start_s;
	size_t bins; /* of a quarter of an hour */
	uint8_t *nearness[WORLD_NETWORKS]; /* by bin */
	struct beat beats[PACE_COUNT];
};
#define PACE_BUDGET 300000 /* lines */

/* ${pace} owns memory: pace_free(). ${quiet_s} not 0: every so often everywhere instead. */
void pace_plan(struct pace *pace, const struct country *country,
	const struct story *story, int64_t quiet_s);
void pace_free(struct pace *pace);
const struct beat *pace_at(const struct pace *pace, uint8_t network, int64_t utc_s);
/* When the round after one at ${utc_s} is due: never over the edge of busier times. */
int64_t pace_next_s(const struct pace *pace, uint8_t network, int64_t utc_s);
