#pragma once

#include "analyzer/analysis/steps.h"

/*
 * The first half of gather(): the anomalies of one country and family become outages of
 * places. Pure.
 */

/* What lies so many windows apart still is one event: operators obey one after the other. */
#define APART_WINDOWS 4
#define SLACK_WINDOWS 2

#define NOWHERE UINT32_MAX

/* One operator in one region. */
struct place {
	uint32_t network; /* any of it */
	uint32_t probes; /* whose home it is */
};

/* Anomalies of one place that began together. */
struct outage {
	uint32_t place, probes, event;
	uint32_t before; /* the one before of its place; NOWHERE: none */
	uint32_t first; /* of its anomalies */
	uint32_t tries; /* that failed */
	int64_t lo_us, hi_us; /* the first one's edge */
	int64_t last_hi_us; /* where the newest begins */
	int64_t last_end_us; /* the latest; INT64_MAX not yet */
	int64_t end_us; /* the one before, where several probes have one: who stays out alone
			 * has trouble of its own */
	uint8_t kind;
	bool strong; /* more than one bad bin at one probe of it */
	bool dated; /* most of it is out: lo_us and hi_us stand */
	bool out; /* most of the place's probes: more than one where it has more */
};

struct work {
	const struct record *record;
	struct anomaly **anomalies;
	uint32_t *outage_of; /* by anomaly */
	size_t n;
	struct place *places;
	uint32_t *place_of; /* by network */
	size_t places_n;
	struct outage *outages;
	size_t outages_n;
	struct crowd *crowds; /* by event: gather()'s */
};

/* The places of the record, and whose home each is. */
void outage_find_places(struct work *work);
/* What of the anomalies began together in one place, in the order of the first edges. */
void outage_find(struct work *work);
/* Any network of the place. */
const struct network *outage_network(const struct work *work, uint32_t place);
