#pragma once

#include "analyzer/analysis/timeline.h"

/* Which probes a picture shows together. Pure. */
#define BANDS_NONE UINT32_MAX
/* Fills at most TIMELINE_BANDS pools and, by probe, the one it belongs to: BANDS_NONE for
 * a probe of another country, or one that never measured, or one that found no room, which
 * is counted. */
size_t bands_pool(struct pool *pools, uint32_t *band_of, uint32_t *left_out,
	const struct record *record, const struct timeline_ask *ask);
