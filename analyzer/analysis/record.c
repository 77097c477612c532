#include "analyzer/analysis/steps.h"

#include <stdlib.h>
#include <string.h>

/* The first sample that is not before this probe and time. */
static size_t
lower_bound(const struct record *record, uint32_t probe, int64_t utc_us)
{
	const struct extent *extent = record->extents ? &record->extents[probe] : NULL;
	size_t low = extent ? extent->first : 0;
	size_t high = extent ? extent->first + extent->n : record->samples_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct sample *s = &record->samples[middle];

		if (s->probe < probe || (s->probe == probe && s->utc_us < utc_us))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
record_find(size_t *first, const struct record *record, uint32_t probe, int64_t from_us,
	int64_t to_us)
{
	size_t end = lower_bound(record, probe, to_us);

	*first = lower_bound(record, probe, from_us);
	return end > *first ? end - *first : 0;
}

struct placed {
	struct network network;
	uint32_t number;
};

int
record_network_order(const struct network *a, const struct network *b)
{
	int order = strcmp(a->country, b->country);

	if (!order)
		order = strcmp(a->region, b->region);
	if (!order && a->asn != b->asn)
		order = a->asn < b->asn ? -1 : 1;
	return order ? order : (int)a->medium - (int)b->medium;
}

static int
by_place(const void *left, const void *right)
{
	return record_network_order(&((const struct placed *)left)->network,
		&((const struct placed *)right)->network);
}

void
record_networks(uint32_t *order, const struct record *record)
{
	struct placed *all = calloc(record->networks_n + 1, sizeof(*all));

	if (!all)
		abort();
	for (uint32_t i = 0; i < record->networks_n; i++)
		all[i] = (struct placed){record->networks[i], i};
	qsort(all, record->networks_n, sizeof(*all), by_place);
	for (size_t i = 0; i < record->networks_n; i++)
		order[i] = all[i].number;
	free(all);
}
