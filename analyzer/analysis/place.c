#include "analyzer/analysis/steps.h"

static bool
same_boot(const struct claim *a, const struct claim *b)
{
	return a->probe == b->probe && a->boot == b->boot;
}

/* Without an anchor anywhere in its boot. */
static int64_t
believe_wall(const struct claim *claim)
{
	int64_t latest = claim->received_utc_us - claim->closed_us;

	return claim->wall_offset_us < latest ? claim->wall_offset_us : latest;
}

/* A note says when it was written, and the probe when it came: of an honest one whatever
 * held it up on the way makes the time too early, never too late. */
#define DRIFT_PER_S 100 /* us: the most that a probe's clock runs fast */
#define LATE_US 60000000 /* by more, the analyzer's own clock was set back */

static bool
came_late(const struct claim *note, const struct claim *before)
{
	int64_t early_us = before->anchor_offset_us - note->anchor_offset_us;
	int64_t apart_us = note->closed_us - before->closed_us;
	int64_t drift_us = apart_us > 0 ? apart_us / 1000000 * DRIFT_PER_S : 0;

	return early_us > drift_us && early_us <= LATE_US;
}

/* The anchor nearest behind a segment is the one that saw the least drift since, unless it
 * came late; before the first of a boot, the next one ahead serves. */
void
place(struct claim *claims, size_t n)
{
	const struct claim *anchor = NULL;

	for (size_t i = 0; i < n; i++) {
		struct claim *c = &claims[i];

		if (anchor && !same_boot(anchor, c))
			anchor = NULL;
		if (c->anchored && (!anchor || !came_late(c, anchor)))
			anchor = c;
		c->offset_us = anchor ? anchor->anchor_offset_us : believe_wall(c);
		c->anchored = anchor != NULL;
	}
	for (size_t i = n, next = n; i-- > 0;) {
		struct claim *c = &claims[i];

		if (c->anchored)
			next = i;
		else if (next < n && same_boot(c, &claims[next]))
			c->offset_us = claims[next].offset_us;
	}
}
