#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/flow.h"

/*
 * What held a captured transfer back, judged from its facts. Pure.
 *
 *   policed    a meter: losses find one token bucket empty, and nothing waited before them
 *   shaped     a queue of its own at a flat rate: a shaper, or a slow line, which are one
 *   congested  a queue that others fill as well: the rate behind it is not flat
 *   lossy      losses that know of no bucket and of no queue
 *   clean      nothing of these, and more bytes than the largest usual bucket holds
 *
 * Sources: Flach et al. (SIGCOMM 2016) for the signs of a meter and the fifteen losses
 * below which nothing is said; METHOD.md for the limits.
 */
enum bottleneck {
	BOTTLENECK_POLICED,
	BOTTLENECK_SHAPED,
	BOTTLENECK_CONGESTED,
	BOTTLENECK_LOSSY,
	BOTTLENECK_CLEAN,
	BOTTLENECK_INSUFFICIENT,
};

struct bottleneck_verdict {
	enum bottleneck is;
	int64_t rate_bps; /* of the meter or the queue, in IP packets; -1 none */
	int64_t burst_bytes; /* of the meter; -1 none */
	char why[400]; /* a sentence with its numbers, without '"' and '\' */
};

/* ${own}: of the transfer; ${all}: of everything that was captured on its way to the same
 * receiver, itself included, which is what a meter on that way sees. ${payload_bytes}
 * arrived of its own. */
void bottleneck_judge(struct bottleneck_verdict *verdict, const struct flow_facts *own,
	const struct flow_facts *all, uint64_t payload_bytes);
const char *bottleneck_name(enum bottleneck bottleneck);
