#pragma once

#include "analyzer/analysis/answers.h"
#include "analyzer/analysis/steps.h"
#include "analyzer/analysis/trail.h"

/*
 * The trails of all probes, from one analysis to the next: only what is new is rolled up. Of
 * a series it holds a state that does not grow with the samples. Begins as zeroes. Pure.
 */
struct watch {
	struct trail **trails; /* by probe; NULL: a control, or nothing yet */
	bool *heard; /* by probe: a control that has said anything */
	size_t probes_n;
	struct answers answers; /* of the controls */
};

/* ${fresh}: by probe, how many of its samples are as they were the last time. What is said
 * of samples before *changed_us has not changed: it is set back where it has. */
void watch_take(struct watch *watch, int64_t *changed_us, const struct record *record,
	const size_t *fresh);
/* The anomalies of all, as detect() would give them, from malloc(). */
size_t watch_end(
	struct anomaly **anomalies, struct watch *watch, const struct record *record);
void watch_forget(struct watch *watch);
