#pragma once

#include "analyzer/analysis/falls.h"

/* What a fall looks like: how each region fell and in what order, what was left, and how it
 * came back. Pure. */
#define SHAPE_ORDER 8 /* regions told in the order in which they fell */

struct shape {
	uint32_t regions, fell; /* that had a usual level; that lost a fifth of it */
	uint32_t steps, slides; /* of those: fell in at most two steps, in 3 to 12 */
	uint32_t order[SHAPE_ORDER]; /* regions, the first to fall first */
	int64_t fell_at_us[SHAPE_ORDER];
	uint32_t order_n;
	uint32_t
		middle_steps; /* between the first and the third quarter of them to fall */
	uint32_t
		floor_steps; /* the longest run within a tenth of the depth of the floor */
	uint32_t
		return_steps; /* from the floor to the last tenth, or as far as it came */
	bool returned; /* all but a tenth is back and stayed */
	int32_t returned_ppm; /* the most that was back, of the depth */
	int32_t leap_ppm; /* the largest part of the depth that came back in a step */
};
void shape_read(struct shape *shape, const struct fall *fall, const struct falls *falls,
	const struct regional *levels, size_t n);
