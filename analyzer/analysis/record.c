#include "analyzer/analysis/steps.h"

size_t
record_find(size_t *first, const struct record *record, uint32_t probe, int64_t from_us,
	int64_t to_us)
{
	size_t low = 0, high = record->samples_n, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct sample *s = &record->samples[middle];

		if (s->probe < probe || (s->probe == probe && s->utc_us < from_us))
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	for (end = low; end < record->samples_n; end++)
		if (record->samples[end].probe != probe ||
			record->samples[end].utc_us >= to_us)
			break;
	return end - low;
}
