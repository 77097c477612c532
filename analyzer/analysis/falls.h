#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Imported levels of regions -> falls of a whole country. Pure.
 *
 * A level is the share of a region's addresses that answered in the hour that begins at
 * its time (the step is taken from the series itself; an hour is meant). Each is held
 * against what the region had before at that time of day, and the mean over the regions,
 * the country's level, against its own last week: under four fifths of the usual one, and
 * four deviations under it, twice in a row, it has fallen (IODA's rule for active probing:
 * four fifths of the median of seven days). What fell enters no baseline.
 */
struct regional {
	uint32_t region;
	int64_t utc_us, value_micro; /* percent */
	/* Set by falls_find(): its slot, and the newest level of the region before it that
	 * enters a baseline; LEVEL_NONE: there is none. */
	uint32_t slot, before;
};

#define LEVEL_NONE UINT32_MAX

/* All regions in one step. */
struct slot {
	int64_t number; /* of the step since 1970 */
	int64_t utc_us; /* mean of its levels' times */
	int32_t level_ppm; /* of what is usual in each region; -1: not to be said */
	uint32_t levels; /* how many regions say something */
	bool frozen; /* it enters no baseline */
};

/* One fall: from slots[first] on, the first that was four deviations under the usual level,
 * until slots[end], from which on it was less than three under it for FALLS_STAYS steps. An
 * edge lies between lo and hi. */
struct fall {
	size_t first, end; /* end = slots_n: open */
	int32_t usual_ppm, spread_ppm, floor_ppm;
	int64_t start_lo_us, start_hi_us, end_lo_us, end_hi_us; /* end_hi 0: open */
};
#define FALLS_STAYS 6

struct falls {
	struct slot *slots;
	size_t slots_n;
	int64_t step_us, reference_us;
	struct fall *falls;
	size_t n;
};

/* Levels by region, then time, times above 0. Frees with falls_free(). */
void falls_find(
	struct falls *out, struct regional *levels, size_t n, int64_t reference_us);
void falls_free(struct falls *falls);
/* What is usual for levels[at] of its region, by what came before it; -1 unknown. */
int64_t falls_usual(
	const struct falls *falls, const struct regional *levels, size_t at);
