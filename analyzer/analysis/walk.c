#include "analyzer/analysis/walk.h"

#include <string.h>

/*
 * A bin is bad when it falls under a part of its series' own median: half of the share of
 * tries that usually succeed, two fifths of the usual rate; or where every round trip of it
 * is over the usual one of its target by two fifths. One bad bin is noise; two in a
 * row, or three transfers, are an anomaly, and two good ones in a row end it (hysteresis,
 * as IODA's and Chocolatine's second thresholds: what is back is nearly as it was). One alone is weak: it counts only with
 * what other probes saw at the same time. Bad bins never enter the baseline.
 */
#define SHARE_SCALE 1000
#define SHARE_FALLS_UNDER_PERCENT 50
#define SHARE_RISES_OVER_PERCENT 75
#define SHARE_LEAST 200 /* what hardly ever succeeds cannot break */
#define LATE_OVER_PERCENT 140
#define LATE_UNDER_PERCENT 125
#define RATE_RISES_OVER_PERCENT 60
#define BAD_BINS 2
#define BAD_TRANSFERS 3
#define GOOD_BINS 2

static int64_t
value_of(const struct bin *bin)
{
	if (bin->series == SERIES_RATE || bin->series == SERIES_LATE)
		return bin->value;
	return (int64_t)bin->succeeded * SHARE_SCALE / bin->tried;
}

/* What is usual never is more than all: no median is asked for. */
static bool
is_surely_good(const struct bin *bin)
{
	return bin->series != SERIES_RATE && bin->series != SERIES_LATE &&
	       value_of(bin) * 100 >= SHARE_SCALE * SHARE_RISES_OVER_PERCENT;
}

static bool
is_bad(const struct walk *walk, const struct bin *bin, int64_t reference)
{
	if (reference < 0)
		return false;
	if (bin->series == SERIES_RATE && !bin->succeeded)
		return value_of(bin) * 100 < reference * RATE_LOSSY_UNDER_PERCENT;
	if (bin->series == SERIES_RATE)
		return value_of(bin) * 100 <
		       reference * (walk->bad ? RATE_RISES_OVER_PERCENT
					      : RATE_FALLS_UNDER_PERCENT);
	if (bin->series == SERIES_LATE)
		return value_of(bin) * 100 >
		       LATE_USUAL *
			       (walk->bad ? LATE_UNDER_PERCENT : LATE_OVER_PERCENT);
	return reference >= SHARE_LEAST &&
	       value_of(bin) * 100 <
		       reference * (walk->bad ? SHARE_RISES_OVER_PERCENT
					      : SHARE_FALLS_UNDER_PERCENT);
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

/* A rung or a protocol that only one of its targets speaks against: that target's trouble. */
static bool
is_of_one_target(const struct walk *walk, uint8_t series)
{
	return (series == SERIES_RUNG || series == SERIES_CHECK) &&
	       walk->target == MANY_TARGETS && walk->bad_target != MANY_TARGETS;
}

static bool
is_weak(const struct walk *walk, uint8_t series)
{
	return walk->bad && !is_enough(walk, series);
}

static bool
is_told(const struct walk *walk, uint8_t series)
{
	return walk->bad && !is_of_one_target(walk, series);
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
	anomaly->tries = walk->bad_tries;
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
		/* It may have begun well: not with one host alone. */
		if (bin->succeeded >= 2 && bin->last_good_us < bin->first_bad_us) {
			walk->seen_good = true;
			walk->last_good_us = bin->last_good_us;
		}
		walk->reference = reference;
		walk->bad_target = NO_TARGET;
	}
	walk->bad_target = rollup_one_target(walk->bad_target, bin->bad_target);
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

/* Few tries of a protocol are few targets', and one of those may be down. */
#define PROTOCOL_TRIES 3
static bool
is_too_few(const struct bin *bin)
{
	return bin->series == SERIES_CHECK && bin->tried < PROTOCOL_TRIES;
}

bool
walk_take(struct anomaly *ended, struct walk *walk, const struct bin *bin,
	const struct record *record)
{
	bool found = false;

	if (is_too_few(bin))
		return false;
	walk->target =
		walk->seen ? rollup_one_target(walk->target, bin->target) : bin->target;
	walk->seen = true;
	if (!is_surely_good(bin)) {
		int64_t reference = reference_of(walk, bin, record);

		if (is_bad(walk, bin, reference)) {
			take_bad(walk, bin, reference);
			return false;
		}
	}
	if (take_good(walk, bin)) {
		found = is_told(walk, bin->series);
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
	if (!is_told(walk, bin->series))
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
	return is_too_few(bin) || is_surely_good(bin) ||
	       !is_bad(walk, bin, reference_of(walk, bin, record));
}

static int64_t
at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

/* It stopped between its last sample and when the next one was due, and was back at most a
 * window before its first. */
void
walk_gap(struct anomaly *anomaly, const struct bin *bin, const struct record *record)
{
	int64_t back_us = bin->first_good_us ? bin->first_good_us : INT64_MAX;
	int64_t missed_us = at_most(bin->first_bad_us, back_us);
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
