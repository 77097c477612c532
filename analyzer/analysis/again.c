#include "analyzer/analysis/again.h"

#include <stdlib.h>

/* Of equal lines the one that counts comes last. */
static int
order(const void *left, const void *right)
{
	const struct again *a = left, *b = right;

	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	if (a->boot != b->boot)
		return a->boot < b->boot ? -1 : 1;
	if (a->t_us != b->t_us)
		return a->t_us < b->t_us ? -1 : 1;
	if (a->full != b->full)
		return a->full ? 1 : -1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static bool
is_same(const struct again *a, const struct again *b)
{
	return a->probe == b->probe && a->boot == b->boot && a->t_us == b->t_us;
}

size_t
again_find(struct again *lines, size_t n)
{
	size_t found = 0;

	if (n > 0)
		qsort(lines, n, sizeof(*lines), order);
	/* Whatever stands before a full one of the same moment is outdone by it. */
	for (size_t i = 0; i + 1 < n; i++)
		if (is_same(&lines[i], &lines[i + 1]) && lines[i + 1].full)
			lines[found++] = lines[i];
	return found;
}
