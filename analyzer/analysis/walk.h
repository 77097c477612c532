#pragma once

#include "analyzer/analysis/steps.h"

/*
 * One series on its way through time: detect(), bin by bin. What it remembers does not grow
 * with the bins. Begins as zeroes. Pure.
 */
struct walk {
	struct baseline baseline;
	bool seen_good; /* before the bad bins */
	int64_t last_good_us; /* the newest sample of the newest good bin before them */
	bool bad; /* on a way of bad bins; the rest speaks only then */
	bool seen; /* a bin */
	uint32_t target; /* of all bins yet: see struct bin */
	uint32_t bad_target; /* of what failed in the bad ones */
	uint32_t network; /* of the first bad bin */
	int64_t first_bad_us, last_bad_us;
	bool good_again; /* good bins have come behind them */
	int64_t first_good_us; /* of the first of these */
	uint32_t bad_bins, bad_tries, good_bins;
	int64_t reference; /* what was usual at the first bad bin */
};

/* The next bin of the series. True: an anomaly ended with it, and was written. */
bool walk_take(struct anomaly *ended, struct walk *walk, const struct bin *bin,
	const struct record *record);
/* True: no more bins come, and an anomaly is left, written. ${bin}: any of the series. */
bool walk_end(struct anomaly *left, const struct walk *walk, const struct bin *bin);
/* Would the walk, ended behind this next bin, leave no anomaly? False: it may. */
bool walk_is_well(
	const struct walk *walk, const struct bin *bin, const struct record *record);
/* A gap is an anomaly as it stands. */
void walk_gap(
	struct anomaly *anomaly, const struct bin *bin, const struct record *record);
