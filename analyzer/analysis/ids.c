#include "analyzer/analysis/ids.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

void
ids_remember(struct ids *ids, const char *id, int64_t start_us, int64_t end_us,
	struct span networks)
{
	struct ids_earlier *e;

	ids->earlier = realloc(ids->earlier, (ids->n + 1) * sizeof(*ids->earlier));
	if (!ids->earlier)
		bug("no memory for an event");
	e = &ids->earlier[ids->n++];
	memset(e, 0, sizeof(*e));
	strncpy(e->id, id, sizeof(e->id) - 1);
	e->start_us = start_us;
	e->end_us = end_us ? end_us : INT64_MAX;
	buf_add(&e->networks, networks.at, networks.len);
}

/* Does one of the names between commas stand in both? */
static bool
share_name(const char *left, const char *right)
{
	const char *at = left + (*left == ',');

	while (*at) {
		size_t n = strcspn(at, ",");
		struct buf name = {0};
		bool found;

		buf_puts(&name, ",");
		buf_add(&name, at, n);
		buf_puts(&name, ",");
		found = strstr(right, name.data) != NULL;
		buf_free(&name);
		if (found)
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}

static uint64_t
apart(int64_t left, int64_t right)
{
	return left > right ? (uint64_t)left - (uint64_t)right
			    : (uint64_t)right - (uint64_t)left;
}

/* Both edges together. Times are far from the ends of an integer, but an open end is not:
 * it is as near to another open end as can be, and far from everything else. */
static uint64_t
distance(const struct ids_earlier *e, int64_t start_us, int64_t end_us)
{
	return apart(e->start_us, start_us) / 2 + apart(e->end_us, end_us) / 2;
}

const struct ids_earlier *
ids_take(struct ids *ids, int64_t start_us, int64_t end_us, const char *networks)
{
	struct ids_earlier *best = NULL;
	int64_t end = end_us ? end_us : INT64_MAX;

	for (size_t i = 0; i < ids->n; i++) {
		struct ids_earlier *e = &ids->earlier[i];

		if (e->taken || e->start_us > end || e->end_us < start_us ||
			(best && distance(e, start_us, end) >=
					 distance(best, start_us, end)) ||
			!share_name(networks, e->networks.data))
			continue;
		best = e;
	}
	if (best)
		best->taken = true;
	return best;
}

bool
ids_have(const struct ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (!strcmp(ids->earlier[i].id, id))
			return true;
	return false;
}

void
ids_free(struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		buf_free(&ids->earlier[i].networks);
	free(ids->earlier);
	*ids = (struct ids){0};
}
