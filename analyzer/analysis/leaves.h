#pragma once

#include "analyzer/analysis/load.h"

/* Leaf hashes of lines, in hex: for each (segment, line) of ${samples} the text at the
 * same index of ${leaves}; "" where the line is gone. */
NODISCARD enum err leaves_find(char (*leaves)[HASH_HEX_BYTES], struct store *store,
	const struct loaded *loaded, const uint32_t *samples, size_t n);
