#include "analyzer/analysis/steps.h"

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

/* One series on its way through time. */
struct walk {
	struct baseline baseline;
	const struct bin *last_good; /* the newest good bin before the bad ones */
	const struct bin *first_bad, *last_bad, *first_good;
	uint32_t bad_bins, bad_tries, good_bins;
	int64_t reference;
};

static int64_t
value_of(const struct bin *bin)
{
	if (bin->series == SERIES_RATE)
		return bin->value;
	return (int64_t)bin->succeeded * SHARE_SCALE / bin->tried;
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

static bool
is_enough(const struct walk *walk)
{
	if (!walk->first_bad)
		return false;
	return walk->first_bad->series == SERIES_RATE ? walk->bad_tries >= BAD_TRANSFERS
						      : walk->bad_bins >= BAD_BINS;
}

static bool
is_weak(const struct walk *walk)
{
	return walk->first_bad && walk->first_bad->series != SERIES_RATE &&
	       !is_enough(walk);
}

static int64_t
last_of(const struct bin *bin)
{
	return bin->last_good_us > bin->last_bad_us ? bin->last_good_us
						    : bin->last_bad_us;
}

static struct anomaly
close_walk(struct walk *walk, bool open)
{
	const struct bin *bin = walk->first_bad;
	struct anomaly anomaly = {
		.probe = bin->probe,
		.network = bin->network,
		.index = bin->index,
		.series = bin->series,
		.start_lo_us =
			walk->last_good ? last_of(walk->last_good) : bin->first_bad_us,
		.start_hi_us = bin->first_bad_us,
		.end_lo_us = walk->last_bad->last_bad_us,
		.end_hi_us = open ? 0 : walk->first_good->first_good_us,
		.bins = walk->bad_bins,
		.weak = is_weak(walk),
	};

	return anomaly;
}

static void
forget_bad(struct walk *walk)
{
	walk->first_bad = walk->last_bad = walk->first_good = NULL;
	walk->bad_bins = walk->bad_tries = walk->good_bins = 0;
}

static void
take_bad(struct walk *walk, const struct bin *bin, int64_t reference)
{
	if (!walk->first_bad) {
		walk->first_bad = bin;
		walk->reference = reference;
	}
	walk->last_bad = bin;
	walk->first_good = NULL;
	walk->good_bins = 0;
	walk->bad_bins++;
	walk->bad_tries += bin->tried;
}

/* True when an anomaly ended with this bin. */
static bool
take_good(struct walk *walk, const struct bin *bin)
{
	bool ended = false;

	if (walk->first_bad) {
		if (!walk->first_good)
			walk->first_good = bin;
		ended = ++walk->good_bins >= GOOD_BINS || !is_enough(walk);
	}
	baseline_add(&walk->baseline, bin->window, value_of(bin));
	return ended;
}

static size_t
detect_series(struct anomaly *anomalies, const struct bin *bins, size_t n,
	const struct record *record)
{
	int64_t reach = record->reference_us / record->window_us;
	struct walk walk = {0};
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t reference =
			baseline_median(&walk.baseline, bins[i].window - reach);

		/* What was usual is forgotten in an outage as long as the reference;
		 * the outage is not over for that. */
		if (reference < 0 && walk.first_bad)
			reference = walk.reference;
		if (is_bad(&bins[i], reference)) {
			take_bad(&walk, &bins[i], reference);
			continue;
		}
		if (take_good(&walk, &bins[i])) {
			if (is_enough(&walk) || is_weak(&walk))
				anomalies[found++] = close_walk(&walk, false);
			forget_bad(&walk);
		}
		if (!walk.first_bad)
			walk.last_good = &bins[i];
	}
	if (is_enough(&walk) || is_weak(&walk))
		anomalies[found++] = close_walk(&walk, !walk.first_good);
	return found;
}

static int64_t
at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

/* A gap is an anomaly as it stands. What measures every round is missed within a window of
 * its last sample, and was back at most a window before its first. */
static struct anomaly
detect_gap(const struct bin *bin, const struct record *record)
{
	int64_t back_us = bin->first_good_us ? bin->first_good_us : INT64_MAX;
	int64_t missed_us = at_most(bin->last_good_us + record->window_us, back_us);
	int64_t dark_us = bin->first_good_us ? back_us - record->window_us : missed_us;
	struct anomaly anomaly = {
		.probe = bin->probe,
		.network = bin->network,
		.series = bin->series,
		.start_lo_us = bin->last_good_us,
		.start_hi_us = missed_us,
		.end_lo_us = dark_us > missed_us ? dark_us : missed_us,
		.end_hi_us = bin->first_good_us,
		.bins = 1,
	};

	return anomaly;
}

size_t
detect(struct anomaly *anomalies, const struct bin *bins, size_t bins_n,
	const struct record *record)
{
	size_t found = 0;

	for (size_t i = 0, end; i < bins_n; i = end) {
		end = i + 1;
		if (bins[i].series == SERIES_DARK || bins[i].series == SERIES_SILENT) {
			anomalies[found++] = detect_gap(&bins[i], record);
			continue;
		}
		while (end < bins_n && bins[end].probe == bins[i].probe &&
			bins[end].series == bins[i].series &&
			bins[end].index == bins[i].index)
			end++;
		found += detect_series(&anomalies[found], &bins[i], end - i, record);
	}
	return found;
}
