#pragma once

#include "analyzer/analysis/load_segment.h"

/* What is new of one probe goes to the shelf: the loader is its scratch. */

/* Reads all that the store has of the probe, in place of what was known of it. */
NODISCARD enum err load_probe_anew(struct loader *loader, uint32_t probe);
/* Takes a segment that has come since, store_segment_fn; one that changes what came before
 * it marks its probe to be read anew. False: loader->err says why. */
bool load_probe_more(void *loader, const struct store_segment *stored);
