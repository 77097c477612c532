#include "analyzer/analysis/ids.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct ids_earlier *
ids_remember(struct ids *ids, const char *id, int64_t start_us, int64_t end_us,
	struct span networks)
{
	struct ids_earlier *e;

	ids->earlier = realloc(ids->earlier, (ids->n + 1) * sizeof(*ids->earlier));
	if (!ids->earlier)
		bug("no memory for an event");
	e = &ids->earlier[ids->n++];
	memset(e, 0, sizeof(*e));
	memcpy(e->id, id, strnlen(id, sizeof(e->id) - 1));
	e->start_us = start_us;
	e->end_us = end_us ? end_us : INT64_MAX;
	buf_add(&e->networks, networks.at, networks.len);
	return e;
}

void
ids_put_aside(struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		ids->earlier[i].aside = true;
}

void
ids_bring_back(struct ids *ids, const struct ids_earlier *earlier)
{
	struct ids_earlier *e = NULL;

	for (size_t i = 0; i < ids->n && !e; i++)
		if (!strcmp(ids->earlier[i].id, earlier->id))
			e = &ids->earlier[i];
	if (e)
		e->revived = earlier->withdrawn && !e->withdrawn;
	else
		e = ids_remember(ids, earlier->id, 0, 0, (struct span){"", 0});
	e->start_us = earlier->start_us;
	e->end_us = earlier->end_us;
	e->gone = e->withdrawn = earlier->withdrawn;
	e->aside = false;
	buf_free(&e->networks);
	buf_add(&e->networks, earlier->networks.data, earlier->networks.len);
}

/* Does one of the names between commas stand in both, or with ${where} what is behind its
 * kind? */
static bool
share_name(const char *left, const char *right, bool where)
{
	const char *at = left + (*left == ',');

	while (*at) {
		size_t n = strcspn(at, ","), kind = where ? strcspn(at, "/") : 0;
		struct buf name = {0};
		bool found;

		kind = kind < n ? kind : 0;
		buf_puts(&name, kind ? "" : ",");
		buf_add(&name, at + kind, n - kind);
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

/* Both edges together; where one of the two has not ended, its end tells nothing. */
static uint64_t
distance(const struct ids_earlier *e, int64_t start_us, int64_t end_us)
{
	bool ended = e->end_us != INT64_MAX && end_us != INT64_MAX;

	return apart(e->start_us, start_us) + (ended ? apart(e->end_us, end_us) : 0);
}

bool
ids_alike(const struct ids_earlier *e, int64_t start_us, int64_t end_us,
	const char *networks, enum ids_like like)
{
	if (like == IDS_SILENCE && !strstr(e->networks.data, "," IDS_SILENT "/"))
		return false;
	return e->start_us <= (end_us ? end_us : INT64_MAX) && e->end_us >= start_us &&
	       share_name(networks, e->networks.data, like != IDS_SAME_KIND);
}

/* Is it a better choice than the best one so far? */
static bool
is_nearer(const struct ids_earlier *e, const struct ids_earlier *best, int64_t start_us,
	int64_t end_us)
{
	if (!best || best->gone != e->gone)
		return !best || best->gone;
	return distance(e, start_us, end_us) < distance(best, start_us, end_us);
}

const struct ids_earlier *
ids_take(struct ids *ids, int64_t start_us, int64_t end_us, const char *networks,
	enum ids_like like)
{
	struct ids_earlier *best = NULL;

	for (size_t i = 0; i < ids->n; i++) {
		struct ids_earlier *e = &ids->earlier[i];

		if (!e->taken && !e->aside &&
			is_nearer(e, best, start_us, end_us ? end_us : INT64_MAX) &&
			ids_alike(e, start_us, end_us, networks, like))
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
