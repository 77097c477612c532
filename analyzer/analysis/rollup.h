#pragma once

#include "analyzer/analysis/steps.h"

/*
 * rollup() sample by sample: the samples of one probe go by in the order of time, each makes
 * bins of its own, and bins of one series and window are merged, in any order. Pure.
 */
#define ROLLUP_BINS 7 /* of one sample, at most */

/* The round trips of one target that one probe has seen of late: what is usual is their
 * median. One that is far off it enters only after having been so for the whole reference:
 * a way that has grown longer stays longer until it has become the usual one. */
#define ROLLUP_TRIPS 15
struct rollup_trips {
	int64_t rtt_us[ROLLUP_TRIPS];
	int64_t off_since_us; /* 0: the last one was near */
	uint8_t n, next;
};

/* What is remembered of the probe whose samples go by. Begins as zeroes; rollup_forget()
 * gives its memory back. */
#define ROLLUP_PAUSES 32
struct rollup_past {
	bool any;
	struct sample last;
	struct rollup_trips *trips; /* by target; NULL not yet */
	size_t trips_n;
	int64_t pauses_us[ROLLUP_PAUSES]; /* between windows in which it measured */
	size_t pauses_n;
};
void rollup_forget(struct rollup_past *past);

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
