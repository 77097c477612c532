#pragma once

#include "analyzer/analysis/steps.h"

/* In which order a verdict is told: integers and indexes only. Pure. */

/* Every cause, from the likeliest; equal ones in the order of the table. */
void ranking_causes(size_t order[CAUSE_COUNT], const struct verdict *verdict);
/* How far a row moved the leading class against the rest, in centinats: its best in the
 * class less its best outside it. Below 0 it speaks against the verdict. */
int32_t ranking_pull(const struct verdict *verdict, enum row row);
/* Indexes of the observations, at most ROW_COUNT, from the strongest pull. */
void ranking_rows(size_t order[ROW_COUNT], const struct verdict *verdict,
	const struct observation *observations, size_t n);
/* Why the other cause is less likely than the verdict's: index of the observation that
 * parts the two most; SIZE_MAX when none does. */
size_t ranking_parting(const struct verdict *verdict,
	const struct observation *observations, size_t n, enum cause other);
