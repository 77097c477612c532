#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Which of the events that join() found are worth a sentence of their own. Pure.
 */

/* Gives what one probe alone has beside what befell many to the event of those, or absorbs it
 * where the probe has part in that; so too what a few have of another kind than many that they
 * all have part in: anomaly.event. False: there was nothing of the kind. */
bool unseen_merge(const struct event *events, size_t events_n,
	struct anomaly *anomalies, const struct record *record);
/* Leaves out those that too few probes saw, or one alone too shortly; their anomalies are
 * absorbed. Returns how many are left, in their order. */
size_t unseen_drop(struct event *events, size_t events_n, struct anomaly *anomalies,
	const struct record *record);
