#pragma once

#include "analyzer/analysis/load.h"
#include "common/measurement.h"
#include "common/segment.h"

/* What is at hand while the store is read: of one probe at a time. */
struct loader {
	struct loaded *out;
	struct store *store;
	uint32_t probe;
	struct sample *samples; /* as they are read: their time is the probe's own */
	struct claim *claims; /* by segment */
	size_t samples_n, samples_cap, claims_n, claims_cap;
	struct segment *segment; /* scratch, too large for the stack */
	struct measurement *m;
	enum err err;
};

/* Adds a segment behind those that the loader's probe has, store_segment_fn: its samples
 * and its claim go to the loader, their time still the probe's own. Always true. */
bool load_segment_read(void *loader, const struct store_segment *stored);
/* The network's number; a new one is added. */
uint32_t load_segment_network(struct loaded *loaded, const struct network *network);
