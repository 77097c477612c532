#include "analyzer/analysis/steps.h"

void
baseline_add(struct baseline *baseline, int64_t window, int64_t value)
{
	baseline->values[baseline->next] = value;
	baseline->windows[baseline->next] = window;
	baseline->next = (baseline->next + 1) % BASELINE_VALUES;
	if (baseline->n < BASELINE_VALUES)
		baseline->n++;
}

int64_t
baseline_median(const struct baseline *baseline, int64_t oldest)
{
	int64_t sorted[BASELINE_VALUES];
	size_t n = 0;

	for (uint32_t i = 0; i < baseline->n; i++) {
		size_t at = n;

		if (baseline->windows[i] < oldest)
			continue;
		for (; at && sorted[at - 1] > baseline->values[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = baseline->values[i];
		n++;
	}
	return n < BASELINE_LEAST ? -1 : sorted[n / 2];
}
