#include "analyzer/analysis/observe.h"

#include <string.h>

#include "analyzer/analysis/borne.h"

void
observe_show(struct observation *o, const uint32_t *lines, uint32_t n)
{
	for (uint32_t i = 0; i < n && i < 2 && o->lines_n < OBSERVATION_LINES; i++)
		o->lines[o->lines_n++] = lines[i];
}

void
observe_count(struct observation *o, const struct view *v, has_fn *has, bool power)
{
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected)
			continue;
		o->of++;
		if (!has(v, t))
			continue;
		o->n++;
		if (power)
			observe_show(o, t->power_lines, t->power_lines_n);
		else
			observe_show(o, t->lines, t->lines_n);
	}
}

int64_t
observe_median(const int64_t *values, uint32_t n)
{
	int64_t sorted[VIEW_TESTS];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i;

		for (; at && sorted[at - 1] > values[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = values[i];
	}
	return n ? sorted[n / 2] : 0;
}

static row_fn *const row_fns[ROW_COUNT] = {
#define ROW(id, ...) [ROW_##id] = row_##id,
#define IMPORTED(id, ...) [ROW_##id] = NULL,
#include "analyzer/analysis/evidence.def"
};

/* What no row of its lines has a shape for was not there. */
static bool
is_shaped(const struct observation *observations, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (evidence_row(observations[i].row)->group == GROUP_shape)
			return true;
	return false;
}

size_t
observe_rows(struct observation *observations, struct view *view)
{
	struct scene scene;
	size_t n = 0;

	scene_open(&scene, view);
	view->scene = &scene;
	for (size_t row = 0; row < ROW_COUNT; row++) {
		struct observation *o = &observations[n];

		memset(o, 0, sizeof(*o));
		o->row = (enum row)row;
		if (row_fns[row] && row_fns[row](o, view))
			n++;
	}
	if (!is_shaped(observations, n) && view->event->family != FAMILY_SILENT)
		n = 0;
	view->scene = NULL;
	scene_close(&scene);
	return n;
}

size_t
observe(struct observation *observations, struct witness *witness,
	const struct event *event, const struct joined *joined,
	const struct record *record)
{
	struct view view;
	size_t n;

	view_open(&view, event, joined, record);
	view_witness(witness, &view);
	witness->borne = borne_widely(&view);
	n = observe_rows(observations, &view);
	view_close(&view);
	return n;
}
