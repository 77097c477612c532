#pragma once

#include "analyzer/analysis/shape.h"
#include "analyzer/analysis/steps.h"

/*
 * What imported outages and imported falls show: observations of the rows of evidence.def
 * that are marked IMPORTED. Pure.
 */
enum outage_scope { OUTAGE_COUNTRY, OUTAGE_REGION, OUTAGE_AS };

struct outage {
	int64_t begin_us, end_us; /* UTC; end 0: it had not ended */
	int64_t offset_us; /* local time less UTC */
	uint32_t place; /* equal numbers: the same country and scope */
	uint8_t scope; /* enum outage_scope */
	bool has_clock; /* the offset is known */
	uint8_t fell,
		signals; /* of routes, pings, background noise: fell, of those known */
};

/* Of outages[at]; outages: by place, then begin. At most ROW_COUNT. */
size_t outages_observe(struct observation *observations, const struct outage *outages,
	size_t n, size_t at);
/* Of a fall of a country's regions. */
size_t outages_observe_fall(struct observation *observations, const struct shape *shape,
	const struct fall *fall, int64_t step_us);
