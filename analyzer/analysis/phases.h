#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Where one medium of a country is out and the other goes too, and comes back before it, what
 * happened has three phases: an event before, one while both are out, one after. Pure.
 */

/* Parts such events; those that are new stand behind the others and share the anomalies of
 * what they were a part of; one at most of each, which has three anomalies or more: there is
 * room where there is room for one event an anomaly. Returns how many there are. */
size_t phases_part(struct event *events, size_t n, const struct anomaly *anomalies,
	const struct record *record);
