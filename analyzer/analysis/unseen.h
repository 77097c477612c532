#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Leaves out the events that are not worth a sentence: that too few probes saw, or one alone
 * too shortly, or one alone beside what befell it and many. The anomalies of those are
 * absorbed. Returns how many are left, in their order. Pure.
 */
size_t unseen_drop(struct event *events, size_t events_n, struct anomaly *anomalies,
	const struct record *record);
