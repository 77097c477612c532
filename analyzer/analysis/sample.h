#pragma once

#include "analyzer/analysis/steps.h"

/*
 * What a measurement says as a sample. The line is the word of a probe, which may lie: what
 * cannot be is brought to the nearest that can. Its time is the probe's own, and who
 * measured where the caller fills in. Pure.
 */
void sample_read(struct sample *sample, const struct measurement *measurement);
/* The order of a record's samples, for qsort(). */
int sample_by_time(const void *left, const void *right);
