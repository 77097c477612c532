#pragma once

#include "analyzer/analysis/scene.h"

/*
 * What the rows of evidence.def share. Each row has one function that says whether it
 * fired, for how many of how many; they read a view that is taken once per event. Pure.
 */
#define LEAST_PROBES 3 /* fewer of an operator say nothing of the operator */
#define LEAST_AGAIN 2 /* a success or failure that happened once is chance */

/* Fills n, of, the figures and the lines; true when the row holds. */
typedef bool row_fn(struct observation *o, const struct view *v);
#define ROW(id, ...) row_fn row_##id;
#define IMPORTED(id, ...) /* outages.h */
#include "analyzer/analysis/evidence.def"

/* Asks every row, of the probes that the view has: as observe(). */
size_t observe_rows(struct observation *observations, struct view *view);

/* Each probe that shows a row gives it a line or two. */
void observe_show(struct observation *o, const uint32_t *lines, uint32_t n);

/* The usual shape of a row: counts the affected probes, and those for which ${has} is
 * true; its lines are what failed, or with ${power} what the probes said of their supply. */
typedef bool has_fn(const struct view *v, const struct tally *t);
void observe_count(
	struct observation *o, const struct view *v, has_fn *has, bool power);

/* Of at most VIEW_TESTS values; 0 of none. */
int64_t observe_median(const int64_t *values, uint32_t n);
