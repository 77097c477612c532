#pragma once

#include <jansson.h>

#include "analyzer/report/verdict.h"

/* What the observations say for and against the causes. */

/* Rows that speak for the leading cause, strongest first; and those against it. */
void verdict_rows(json_t *evidence, json_t *against, const struct described *d);
/* Of the groups whose rows were seen, in centinats. */
json_t *verdict_rows_caps(const struct described *d);
/* The next causes, each with the row that parts it most from the leading one. */
json_t *verdict_rows_alternatives(const struct described *d);
