#pragma once

#include "analyzer/analysis/steps.h"

/*
 * In what order an event reached whom: when each network, or each operator, first missed what
 * it missed. Told from the same edges as the start of the event (join). Pure.
 */
struct onset {
	uint32_t network; /* the network; of an operator any of its networks */
	uint32_t probes,
		of; /* field probes hit; all whose home it is, those included */
	int64_t lo_us, hi_us; /* its first edge lies between: UTC microseconds */
	bool before; /* surely before the event began: trouble that was there already */
};

enum onset_by { ONSET_NETWORKS, ONSET_OPERATORS /* networks of one country and AS */ };

/* Room for networks_n. From the first to the last, by the middle of the edge; returns how
 * many. */
size_t onset_order(struct onset *order, enum onset_by by, const struct event *event,
	const struct anomaly *anomalies, const struct record *record);

/* The operator that was out before any other was, by two windows at least, with three probes
 * or more: order[0] of onset_order() by operators. By how long, surely; 0: there is none. */
int64_t onset_lead(const struct onset *order, size_t n, const struct record *record);
