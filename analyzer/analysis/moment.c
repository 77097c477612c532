#include "analyzer/analysis/moment.h"
#include "analyzer/analysis/room.h"

#include <stdlib.h>

/* How many of the sorted are less. */
static size_t
before(const int64_t *sorted, size_t n, int64_t us)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted[middle] < us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The upper end, of those that most edges lie around, that comes first; how many do. */
static size_t
most_around(int64_t *hi_us, const struct moment *edges, size_t n)
{
	int64_t *los = calloc(n + 1, sizeof(*los)), *his = calloc(n + 1, sizeof(*his));
	size_t known = 0, most = 0;

	if (!los || !his)
		abort();
	for (size_t i = 0; i < n; i++)
		if (edges[i].lo_us <= edges[i].hi_us) {
			los[known] = edges[i].lo_us;
			his[known++] = edges[i].hi_us;
		}
	qsort(los, known, sizeof(*los), room_ascending);
	qsort(his, known, sizeof(*his), room_ascending);
	for (size_t i = 0; i < n; i++) {
		int64_t us = edges[i].hi_us;
		/* What is over by then has also begun. */
		size_t around = before(los, known, us) - before(his, known, us);

		if (around > most) {
			most = around;
			*hi_us = us;
		}
	}
	free(los);
	free(his);
	return most;
}

bool
moment_find(struct moment *moment, const struct moment *edges, size_t n)
{
	struct moment common = {INT64_MIN, 0};
	/* Where as many overlap as anywhere, some edge's upper end lies. */
	size_t most = most_around(&common.hi_us, edges, n);

	if (!most)
		return false;
	for (size_t i = 0; i < n; i++)
		if (edges[i].lo_us < common.hi_us && edges[i].hi_us >= common.hi_us &&
			edges[i].lo_us > common.lo_us)
			common.lo_us = edges[i].lo_us;
	*moment = common;
	return most * 2 >= n && most > 2;
}
