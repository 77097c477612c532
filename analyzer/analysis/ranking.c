#include "analyzer/analysis/ranking.h"

void
ranking_causes(size_t order[CAUSE_COUNT], const struct verdict *v)
{
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		size_t at = c;

		for (; at && v->cause_ppm[order[at - 1]] < v->cause_ppm[c]; at--)
			order[at] = order[at - 1];
		order[at] = c;
	}
}

int32_t
ranking_pull(const struct verdict *v, enum row row)
{
	int32_t in = INT32_MIN, out = INT32_MIN;

	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		int32_t lr = v->counted[row][c];

		if (evidence_class((enum cause)c) == v->class)
			in = lr > in ? lr : in;
		else
			out = lr > out ? lr : out;
	}
	return in - out;
}

void
ranking_rows(size_t order[ROW_COUNT], const struct verdict *v,
	const struct observation *observations, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int32_t mine = ranking_pull(v, observations[i].row);
		size_t at = i;

		for (; at && ranking_pull(v, observations[order[at - 1]].row) < mine;
			at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

size_t
ranking_parting(const struct verdict *v, const struct observation *observations,
	size_t n, enum cause other)
{
	size_t best = SIZE_MAX;
	int32_t most = 0;

	for (size_t i = 0; i < n; i++) {
		enum row row = observations[i].row;
		int32_t apart = v->counted[row][v->cause] - v->counted[row][other];

		if (apart > most) {
			most = apart;
			best = i;
		}
	}
	return best;
}
