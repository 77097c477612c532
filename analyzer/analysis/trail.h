#pragma once

#include "analyzer/analysis/answers.h"
#include "analyzer/analysis/steps.h"

/*
 * rollup() and detect() of one probe in one, sample by sample: what detect() would say of all
 * bins, without keeping any but the newest of each series. Of what went by nothing stays but
 * anomalies. Pure.
 */
struct trail;

/* An empty one; to be freed. */
struct trail *trail_new(void);
void trail_free(struct trail *trail);
/* The probe's next sample, in the order of time. */
void trail_take(struct trail *trail, const struct record *record,
	const struct answers *answers, const struct sample *sample);
/* What the probe was told: it makes bins of its own. */
const struct answers *trail_told(const struct trail *trail);
/* When its newest sample was; 0: there was none. */
int64_t trail_newest_us(const struct trail *trail);
/* So many at most. */
size_t trail_most(const struct trail *trail);
/* The order of detect(), for qsort(). */
int trail_order(const void *left, const void *right);
/* All anomalies that there would be if no more samples came, in the order of detect(). More
 * may come all the same. */
size_t trail_end(
	struct anomaly *anomalies, struct trail *trail, const struct record *record);
