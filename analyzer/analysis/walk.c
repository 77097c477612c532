#include "analyzer/analysis/walk.h"

#include <string.h>

/*
 * A bin is bad when it falls under a part of its series' own median: half of the share of
 * tries that usually succeed, a third of the usual rate. One bad bin is noise; two in a
 * row, or three transfers, are an anomaly, and two good ones in a row end it (hysteresis,
 * as IODA's and Chocolatine's second thresholds). One alone is weak: it counts only with
 * what other probes saw at the same time. Bad bins never enter the baseline.
 */
#define SHARE_SCALE 1000
#define SHARE_FALLS_UNDER 2 /* a half */
#define SHARE_LEAST 200 /* what hardly ever succeeds cannot break */
#define BAD_BINS 2
#define BAD_TRANSFERS 3
#define GOOD_BINS 2

static int64_t
value_of(const struct bin *bin)
{
	if (bin->series == SERIES_RATE)
		return bin->value;
	return (int64_t)bin->succeeded * SHARE_SCALE / bin->tried;
}

/* What is usual never is more than all: no median is asked for. */
static bool
is_surely_good(const struct bin *bin)
{
	return bin->series != SERIES_RATE &&
	       value_of(bin) * SHARE_FALLS_UNDER >= SHARE_SCALE;
}

static bool
is_bad(const struct bin *bin, int64_t reference)
{
	if (reference < 0)
		return false;
	if (bin->series == SERIES_RATE)
		return value_of(bin) * RATE_FALLS_UNDER < reference;
	return reference >= SHARE_LEAST &&
	       value_of(bin) * SHARE_FALLS_UNDER < reference;
}

static int64_t
reference_of(
	const struct walk *walk, const struct bin *bin, const struct record *record)
{
	int64_t reach = record->reference_us / record->window_us;
	int64_t reference = baseline_median(&walk->baseline, bin->window - reach);

	/* What was usual is forgotten in an outage as long as the reference; the outage
	 * is not over for that. */
	return reference < 0 && walk->bad ? walk->reference : reference;
}

static bool
is_enough(const struct walk *walk, uint8_t series)
{
	if (!walk->bad)
		return false;
	return series == SERIES_RATE ? walk->bad_tries >= BAD_TRANSFERS
				     : walk->bad_bins >= BAD_BINS;
}

static bool
is_weak(const struct walk *walk, uint8_t series)
{
	return walk->bad && series != SERIES_RATE && !is_enough(walk, series);
}

static int64_t
last_of(const struct bin *bin)
{
	return bin->last_good_us > bin->last_bad_us ? bin->last_good_us
						    : bin->last_bad_us;
}

/* Without a byte that nobody set: whoever compares two sees the same of the same. */
static void
fill(struct anomaly *anomaly, const struct walk *walk, const struct bin *bin, bool open)
{
	memset(anomaly, 0, sizeof(*anomaly));
	anomaly->probe = bin->probe;
	anomaly->network = walk->network;
	anomaly->index = bin->index;
	anomaly->series = bin->series;
	anomaly->start_lo_us =
		walk->seen_good ? walk->last_good_us : walk->first_bad_us;
	anomaly->start_hi_us = walk->first_bad_us;
	anomaly->end_lo_us = walk->last_bad_us;
	anomaly->end_hi_us = open ? 0 : walk->first_good_us;
	anomaly->bins = walk->bad_bins;
	anomaly->weak = is_weak(walk, bin->series);
}

static void
forget_bad(struct walk *walk)
{
	walk->bad = walk->good_again = false;
	walk->bad_bins = walk->bad_tries = walk->good_bins = 0;
}

static void
take_bad(struct walk *walk, const struct bin *bin, int64_t reference)
{
	if (!walk->bad) {
		walk->bad = true;
		walk->network = bin->network;
		walk->first_bad_us = bin->first_bad_us;
		walk->reference = reference;
	}
	walk->last_bad_us = bin->last_bad_us;
	walk->good_again = false;
	walk->good_bins = 0;
	walk->bad_bins++;
	walk->bad_tries += bin->tried;
}

/* True when the bad bins before it are over with this one. */
static bool
take_good(struct walk *walk, const struct bin *bin)
{
	bool ended = false;

	if (walk->bad) {
		if (!walk->good_again)
			walk->first_good_us = bin->first_good_us;
		walk->good_again = true;
		ended = ++walk->good_bins >= GOOD_BINS || !is_enough(walk, bin->series);
	}
	baseline_add(&walk->baseline, bin->window, value_of(bin));
	return ended;
}

bool
walk_take(struct anomaly *ended, struct walk *walk, const struct bin *bin,
	const struct record *record)
{
	bool found = false;

	if (!is_surely_good(bin)) {
		int64_t reference = reference_of(walk, bin, record);

		if (is_bad(bin, reference)) {
			take_bad(walk, bin, reference);
			return false;
		}
	}
	if (take_good(walk, bin)) {
		found = is_enough(walk, bin->series) || is_weak(walk, bin->series);
		if (found)
			fill(ended, walk, bin, false);
		forget_bad(walk);
	}
	if (!walk->bad) {
		walk->seen_good = true;
		walk->last_good_us = last_of(bin);
	}
	return found;
}

bool
walk_end(struct anomaly *left, const struct walk *walk, const struct bin *bin)
{
	if (!is_enough(walk, bin->series) && !is_weak(walk, bin->series))
		return false;
	fill(left, walk, bin, !walk->good_again);
	return true;
}

bool
walk_is_well(
	const struct walk *walk, const struct bin *bin, const struct record *record)
{
	if (walk->bad)
		return false;
	return is_surely_good(bin) || !is_bad(bin, reference_of(walk, bin, record));
}

static int64_t
at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

/* What measures every round is missed within a window of its last sample, and was back at
 * most a window before its first. */
void
walk_gap(struct anomaly *anomaly, const struct bin *bin, const struct record *record)
{
	int64_t back_us = bin->first_good_us ? bin->first_good_us : INT64_MAX;
	int64_t missed_us = at_most(bin->last_good_us + record->window_us, back_us);
	int64_t dark_us = bin->first_good_us ? back_us - record->window_us : missed_us;

	memset(anomaly, 0, sizeof(*anomaly));
	anomaly->probe = bin->probe;
	anomaly->network = bin->network;
	anomaly->series = bin->series;
	anomaly->start_lo_us = bin->last_good_us;
	anomaly->start_hi_us = missed_us;
	anomaly->end_lo_us = dark_us > missed_us ? dark_us : missed_us;
	anomaly->end_hi_us = bin->first_good_us;
	anomaly->bins = 1;
}
