#pragma once

#include "analyzer/analysis/view.h"

/*
 * What a probe's modem and its antenna hear in an event, beside what they heard before. Pure.
 */
void radio_take(struct tally *tally, const struct sample *sample);
/* The usual figures, from the n samples that end with its own trouble at ${before_us}. A radio
 * that fell back shortly before the lines were seen to be bad belongs to what befell them. */
void radio_before(struct tally *tally, const struct record *record, size_t first,
	size_t n, int64_t before_us);
