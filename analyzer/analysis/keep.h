#pragma once

#include "analyzer/analysis/analyze.h"

/* Names and describes what was found, and stores it: all or nothing. What had ended before
 * ${since} (0: nothing) stays as it is. */
NODISCARD enum err keep_all(
	struct analysis *analysis, struct store *store, int64_t since_utc_us);
