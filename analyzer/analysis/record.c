#include "analyzer/analysis/steps.h"

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
