#pragma once

#include "analyzer/analysis/analyze.h"

/* Gives every event that its lines bear out the networks that it is known by, and an id:
 * that of an earlier one that is the same, which it takes, or a new one. */
void naming_give(struct analysis *analysis);
