#include "analyzer/analysis/sequence.h"

#include <stdlib.h>
#include <string.h>

#define APART_WINDOWS 2
#define LEAST_PERCENT 25 /* of the country's field probes, each of two other scopes */

static bool
is_told_alike(const struct verdict *a, const struct verdict *b)
{
	return a->insufficient == b->insufficient &&
	       (a->insufficient || a->cause == b->cause);
}

static uint32_t
field_of(const struct record *record, const char *country)
{
	uint32_t n = 0;

	for (size_t p = 0; p < record->probes_n; p++)
		n += !record->probes[p].control &&
		     !strcmp(record->networks[record->probes[p].network].country,
			     country);
	return n;
}

/* Most of the smaller one's probes, and the other not twice as large; or both much of the
 * country: there one medium may go after the other. */
static bool
is_same_scope(const struct neighbours *ns, size_t a, size_t b)
{
	uint32_t of_a = neighbours_probes(ns, a), of_b = neighbours_probes(ns, b);
	uint32_t small = of_a < of_b ? of_a : of_b, large = of_a < of_b ? of_b : of_a;

	return (neighbours_shared(ns, a, b) * 2 > small && small * 2 >= large) ||
	       small * 100 >=
		       field_of(ns->record, neighbours_at(ns, a)->event->country) *
			       LEAST_PERCENT;
}

static bool
is_next(const struct neighbours *ns, size_t first, size_t later)
{
	const struct neighbour *a = neighbours_at(ns, first);
	const struct neighbour *b = neighbours_at(ns, later);
	int64_t slack_us = APART_WINDOWS * ns->record->window_us;

	return a->event->end_hi_us && a->event->start_hi_us < b->event->start_lo_us &&
	       b->event->start_lo_us <= a->event->end_hi_us + slack_us &&
	       b->event->start_hi_us + slack_us >= a->event->end_lo_us &&
	       !strcmp(a->event->country, b->event->country) &&
	       !is_told_alike(a->verdict, b->verdict) &&
	       is_same_scope(ns, first, later);
}

static uint32_t
root(const struct sequences *s, uint32_t at)
{
	while (s->of[at] != at)
		at = s->of[at];
	return at;
}

void
sequences_find(struct sequences *s, const struct neighbours *ns)
{
	s->n = ns->order_n;
	s->of = calloc(s->n + 1, sizeof(*s->of));
	if (!s->of)
		abort();
	for (uint32_t i = 0; i < s->n; i++)
		s->of[i] = i;
	for (uint32_t i = 0; i < s->n; i++)
		for (uint32_t k = 0; k < i; k++) {
			uint32_t a, b;

			if (!is_next(ns, k, i))
				continue;
			a = root(s, k);
			b = root(s, i);
			s->of[a > b ? a : b] = a > b ? b : a;
		}
	for (uint32_t i = 0; i < s->n; i++)
		s->of[i] = root(s, i);
}

void
sequences_free(struct sequences *s)
{
	free(s->of);
	*s = (struct sequences){0};
}

size_t
sequences_of(size_t *members, const struct sequences *s, size_t at)
{
	size_t n = 0;

	for (size_t i = s->of[at]; i < s->n; i++)
		if (s->of[i] == s->of[at])
			members[n++] = i;
	return n > 1 ? n : 0;
}
