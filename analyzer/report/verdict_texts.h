#pragma once

#include <jansson.h>

#include "analyzer/report/verdict.h"

/* What stands beside the figures of a verdict. */

/* What else happened: with a likelihood ratio of 1 for every cause. */
json_t *verdict_texts_context(const struct described *d);
/* The hashes of all that was looked at. */
json_t *verdict_texts_inputs(const struct described *d);
/* What the verdict cannot tell, in sentences. */
json_t *verdict_texts_limits(const struct described *d);
/* The row of an import that it rests on, or null. */
json_t *verdict_texts_source(const struct described *d);
