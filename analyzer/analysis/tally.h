#pragma once

#include "analyzer/analysis/view.h"

/*
 * What one probe saw of an event, sample by sample: the half of view_open() that reads. Pure.
 */

/* From when to when the anomaly is the probe's own in this event. */
int64_t tally_from(const struct anomaly *anomaly, const struct view *view);
int64_t tally_to(const struct anomaly *anomaly, const struct view *view);
/* Its last bad sample; where it has not ended all that is known. */
int64_t tally_end(const struct anomaly *anomaly, const struct record *record);
/* Fills the tally, whose network, own anomalies and times stand. ${dark}: its machine stopped. */
void tally_take(
	struct tally *tally, const struct view *view, uint32_t probe, bool dark);
