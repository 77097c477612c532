#include "analyzer/analysis/borne.h"

#include <stdlib.h>

#define EVERYBODY UINT32_MAX

/* What an operator says; it stands at the first of its probes. */
struct ballot {
	uint32_t probes, affected;
};

struct poll {
	const struct view *view;
	/* By probe: the first of the same operator; EVERYBODY: no note of ours says whose
	 * it is. */
	uint32_t *first;
	struct ballot *ballots;
};

/* One that said nothing may have gone dark, and then an anomaly of its own says so. */
static bool
has_a_say(const struct view *v, size_t p)
{
	const struct tally *t = &v->tallies[p];

	return view_is_field(v, p) && (t->reported || t->affected);
}

/* Where it was seen; one that went dark asks nobody where it is. */
static uint32_t
operator_of(const struct view *v, size_t p)
{
	const struct record *r = v->record;
	uint32_t asn = r->networks[v->tallies[p].network].asn;

	return asn ? asn : r->networks[r->probes[p].network].asn;
}

static void
find_operators(struct poll *poll)
{
	const struct view *v = poll->view;

	for (uint32_t p = 0; p < v->record->probes_n; p++) {
		uint32_t asn = has_a_say(v, p) ? operator_of(v, p) : 0, q = 0;

		while (asn && q < p &&
			(poll->first[q] != q || operator_of(v, q) != asn))
			q++;
		poll->first[p] = asn ? q : EVERYBODY;
	}
}

struct count {
	uint32_t probes, counted, operators;
};

/* Of all that are not of this cohort, with operators of whose probes more than so many parts
 * of so many are affected. */
static struct count
count_without(struct poll *poll, uint32_t cohort, uint32_t parts, uint32_t of)
{
	const struct view *v = poll->view;
	struct count n = {0};

	for (size_t p = 0; p < v->record->probes_n; p++)
		poll->ballots[p] = (struct ballot){0};
	for (size_t p = 0; p < v->record->probes_n; p++) {
		if (!has_a_say(v, p) || v->record->probes[p].cohort == cohort)
			continue;
		n.probes++;
		if (poll->first[p] == EVERYBODY)
			continue;
		poll->ballots[poll->first[p]].probes++;
		poll->ballots[poll->first[p]].affected += v->tallies[p].affected;
	}
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct ballot *o = &poll->ballots[p];

		if (o->affected * of <= o->probes * parts)
			continue;
		n.counted += o->affected;
		n.operators++;
	}
	return n;
}

static bool
stands_without_a_third(struct poll *poll)
{
	struct count n = count_without(poll, EVERYBODY, 2, 3);

	return n.operators > 1 && n.counted >= n.probes / 3 + BORNE_LEAST_PROBES;
}

/* Is its cohort that of a probe before it? */
static bool
is_of_earlier(const struct view *v, size_t p)
{
	const struct probe *probes = v->record->probes;

	for (size_t q = 0; q < p; q++)
		if (has_a_say(v, q) && probes[q].cohort == probes[p].cohort)
			return true;
	return false;
}

static bool
stands_without_a_cohort(struct poll *poll)
{
	const struct view *v = poll->view;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		struct count n;

		if (!has_a_say(v, p) || is_of_earlier(v, p))
			continue;
		n = count_without(poll, v->record->probes[p].cohort, 1, 2);
		if (n.operators < 2 || n.counted < BORNE_LEAST_PROBES ||
			n.counted * 3 <= n.probes)
			return false;
	}
	return true;
}

bool
borne_widely(const struct view *view)
{
	size_t n = view->record->probes_n;
	struct poll poll = {.view = view,
		.first = calloc(n + 1, sizeof(*poll.first)),
		.ballots = calloc(n + 1, sizeof(*poll.ballots))};
	bool stands;

	if (!poll.first || !poll.ballots)
		abort();
	find_operators(&poll);
	stands = stands_without_a_third(&poll) && stands_without_a_cohort(&poll);
	free(poll.first);
	free(poll.ballots);
	return stands;
}
