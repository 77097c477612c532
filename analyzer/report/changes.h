#pragma once

#include <stdbool.h>

#include "analyzer/steps.h"

/* Prints an event's history (history.h): what it says of one change after the other.
 * ${found} is false, and nothing printed, when there is none. */
NODISCARD enum err changes_print(bool *found, struct store *store, const char *event,
	enum listing_format format);
