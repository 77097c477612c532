#pragma once

#include "analyzer/analysis/steps.h"

/*
 * What lies under what on one probe's ladder: a rung that is gone explains what fails above
 * it, and where a line that is out for long loses a lower rung, too, for a part of that, it
 * is a worse hour of the same loss. Pure. The anomalies of one probe stand together.
 */

/* Marks what a lower rung explains ANOMALY_ABSORBED, and all else as of event 0. A target or a name
 * that fails on behind a lower rung begins behind it. */
void under_absorb(struct anomaly *anomalies, size_t n, const struct record *record);

/* Of each anomaly, which other one it is a worse hour of: its index, or NO_ORIGIN. What many
 * of one region or country suffer together is none: it is another phase. Never in a circle.
 * After under_absorb(). */
#define NO_ORIGIN UINT32_MAX
void under_find_origins(uint32_t *origins, const struct anomaly *anomalies, size_t n,
	const struct record *record);
