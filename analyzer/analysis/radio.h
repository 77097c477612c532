#pragma once

#include "analyzer/analysis/view.h"

/*
 * What a probe's modem and its antenna hear in an event, beside what they heard before. Pure.
 */
void radio_take(struct tally *tally, const struct sample *sample);

/* So long before its lines are seen to be bad a radio that fell back belongs to what befell them. */
#define RADIO_BEFORE_WINDOWS 1

/* What is usual, sample by sample. Begins as zeroes. */
struct radio_usual {
	struct baseline signals, percents, beacons;
	uint8_t generation; /* the newest; 0 none yet */
};
void radio_take_usual(struct radio_usual *usual, const struct sample *sample);
/* Of the samples in [first, end), those of RADIO_BEFORE_WINDOWS: with which it fell back for good, or
 * end. */
size_t radio_falls_at(const struct radio_usual *before, const struct tally *tally,
	const struct record *record, size_t first, size_t end);
void radio_tell_usual(struct tally *tally, const struct radio_usual *usual);
