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

/* The anchor nearest behind a segment is the one that saw the least drift since; before
 * the first of a boot, the next one ahead serves. */
void
place(struct claim *claims, size_t n)
{
	const struct claim *anchor = NULL;

	for (size_t i = 0; i < n; i++) {
		struct claim *c = &claims[i];

		if (c->anchored)
			anchor = c;
		else if (anchor && !same_boot(anchor, c))
			anchor = NULL;
		c->offset_us = anchor ? anchor->anchor_offset_us : believe_wall(c);
		c->anchored = anchor != NULL;
	}
	for (size_t i = n, next = n; i-- > 0;) {
		struct claim *c = &claims[i];

		if (c->anchored)
			next = i;
		else if (next < n && same_boot(c, &claims[next]))
			c->offset_us = claims[next].anchor_offset_us;
	}
}
