#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Whether the announced routes of the networks that an event hit had fallen before it began:
 * from imported series. Pure.
 */
#define ROUTES_BEFORE_US (INT64_C(24) * 3600 * 1000000)
#define ROUTES_FALLEN_PERCENT 85 /* of the usual: lower than row 18 calls visible */

struct routes_fall {
	uint32_t n, of; /* series that had fallen; those of operators that it hit */
	int64_t first_us; /* the first of the falls that lasted until it began */
	uint32_t
		alike; /* falls in the reference before that day, in all of them together */
};
/* False: none had. */
bool routes_before(struct routes_fall *fall, const struct event *event,
	const struct anomaly *anomalies, const struct record *record);
