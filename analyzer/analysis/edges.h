#pragma once

#include "analyzer/analysis/steps.h"

/*
 * When an event began and ended, from the edges of its anomalies: in one moment, or with the first
 * and the last of them (METHOD.md, "join"). Pure.
 */

/* INT64_MAX: not yet. */
int64_t edges_end(const struct anomaly *anomaly);
/* The four edges of the event, whose anomalies stand together from event.first on, by probe.
 * ${scratch} has room for one number an anomaly. */
void edges_find(struct event *event, const struct anomaly *anomalies, int64_t *scratch,
	const struct record *record);
