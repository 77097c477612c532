#include "analyzer/analysis/walk.h"

/* All bins of one series. */
static size_t
detect_series(struct anomaly *anomalies, const struct bin *bins, size_t n,
	const struct record *record)
{
	struct walk walk = {0};
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += walk_take(&anomalies[found], &walk, &bins[i], record);
	return found + walk_end(&anomalies[found], &walk, bins);
}

size_t
detect(struct anomaly *anomalies, const struct bin *bins, size_t bins_n,
	const struct record *record)
{
	size_t found = 0;

	for (size_t i = 0, end; i < bins_n; i = end) {
		end = i + 1;
		if (bins[i].series == SERIES_DARK || bins[i].series == SERIES_SILENT) {
			walk_gap(&anomalies[found++], &bins[i], record);
			continue;
		}
		while (end < bins_n && bins[end].probe == bins[i].probe &&
			bins[end].series == bins[i].series &&
			bins[end].index == bins[i].index &&
			bins[end].medium == bins[i].medium)
			end++;
		found += detect_series(&anomalies[found], &bins[i], end - i, record);
	}
	return found;
}
