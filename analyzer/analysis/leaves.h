#pragma once

#include "analyzer/analysis/load.h"

/* The leaf hash, in hex, of the line behind each sample: what a stranger can check against
 * the signed root of its segment. "" when the segment is not there, or no longer verifies. */
NODISCARD enum err leaves_find(char (*leaves)[HASH_HEX_BYTES], struct store *store,
	const struct loaded *loaded, const uint32_t *samples, size_t n);
