#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Which anomalies of one country and one family belong together, told by where they are: a
 * place (one operator in one region) is out when most of its probes are; places that went
 * out one soon after the other are one event; what single probes saw besides joins it where
 * it is theirs, too, or is damage here and there where it is much, or stands alone. Pure.
 */
struct gathering {
	struct anomaly **anomalies; /* in the order of start_hi_us; not all absorbed */
	size_t n;
	uint32_t first_event; /* the number that the first event gets */
};

/* Sets anomaly.event, ANOMALY_ABSORBED where it is none's; returns how many events. */
size_t gather(const struct gathering *gathering, const struct record *record);
