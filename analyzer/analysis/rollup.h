#pragma once

#include "analyzer/analysis/steps.h"

/*
 * rollup() sample by sample: the samples of one probe go by in the order of time, each makes
 * bins of its own, and bins of one series and window are merged, in any order. Pure.
 */
#define ROLLUP_BINS 4 /* of one sample, at most */

/* What is remembered of the probe whose samples go by. Begins as zeroes. */
struct rollup_past {
	bool any;
	struct sample last;
};

/* The bins of the probe's next sample, and of a gap before it. Returns how many. */
size_t rollup_take(struct bin *bins, struct rollup_past *past,
	const struct record *record, const struct answers *answers,
	const struct sample *sample);
/* What is left to say when no more samples come: at most one bin. */
size_t rollup_end(
	struct bin *bin, const struct rollup_past *past, const struct record *record);
/* Of one series? */
bool rollup_same_series(const struct bin *a, const struct bin *b);
/* Both of one series and window. */
void rollup_merge(struct bin *into, const struct bin *from);
