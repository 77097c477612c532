#include "analyzer/analysis/sway.h"

#include <stdlib.h>

#include "analyzer/analysis/observe.h"

static bool
is_of(const struct record *r, size_t p, uint32_t cohort)
{
	return !r->probes[p].control && r->probes[p].cohort == cohort;
}

/* Has a probe before it asked for its cohort? */
static bool
is_done(const struct record *r, const bool *here, size_t p)
{
	for (size_t q = 0; q < p; q++)
		if (here[q] && is_of(r, q, r->probes[p].cohort))
			return true;
	return false;
}

static enum class class_without(struct view *v, const bool *here, uint32_t cohort,
	const struct weights *weights) {
	const struct record *r = v->record; struct observation observations[ROW_COUNT];
	struct verdict verdict;
	size_t n;

	for (size_t p = 0; p < r->probes_n; p++) v->tallies[p].here = here[p] &&
								      !is_of(r, p,
									      cohort);
	n = observe_rows(observations, v);
	classify(&verdict, observations, n, weights);
	return verdict.class;
}

bool
sway_none(enum class class, const struct event *event, const struct joined *joined,
	const struct record *record, const struct weights *weights)
{
	bool *here = calloc(record->probes_n + 1, sizeof(*here)), same = true;
	struct view view;

	if (!here)
		abort();
	view_open(&view, event, joined, record);
	for (size_t p = 0; p < record->probes_n; p++)
		here[p] = view.tallies[p].here;
	for (size_t p = 0; p < record->probes_n && same; p++)
		if (here[p] && !record->probes[p].control && !is_done(record, here, p))
			same = class_without(&view, here, record->probes[p].cohort,
				       weights) == class;
	view_close(&view);
	free(here);
	return same;
}
