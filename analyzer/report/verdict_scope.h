#pragma once

#include <jansson.h>

#include "analyzer/report/verdict.h"

/* Whom an event befell, and who was there to see it. */

/* The level, the country, and the affected regions, networks and media, each once. */
json_t *verdict_scope(const struct described *d);
/* Is it of the whole country, or of a part that nobody has named? */
bool verdict_scope_is_country(const struct described *d);
/* How many probes were expected, reported, lived and were affected. */
json_t *verdict_scope_probes(const struct described *d);
/* Is it one of the affected networks of the record? */
bool verdict_scope_has(const struct described *d, size_t network);
