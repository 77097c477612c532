#pragma once

#include "analyzer/analysis/analyze.h"

/* Runs the pure steps, in the order the data flows, over what was read: events, and the
 * verdict on each that is not as the analysis before left it. */
void judge_all(struct analysis *analysis);
/* Fetches the leaf hashes of all lines that the new verdicts point at, in one pass. */
NODISCARD enum err judge_fetch_lines(struct analysis *analysis, struct store *store);
/* What was found, for the next analysis to compare with. Borrowed. */
struct findings judge_findings(const struct analysis *analysis);
