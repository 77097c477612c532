#include "analyzer/analysis/judge.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/leaves.h"
#include "analyzer/analysis/sway.h"

/* After so many events the samples that they looked at are given back. */
#define REST_EVENTS 16

struct findings
judge_findings(const struct analysis *a)
{
	return (struct findings){a->anomalies, a->events, a->events_n,
		a->loaded.record.horizon_us, a->loaded.record.window_us};
}

/* The verdicts of the analysis before that nothing new can have changed. */
static void
keep_standing(struct analysis *a)
{
	struct findings now = judge_findings(a);
	struct stand stand;

	if (!a->judged_before)
		return;
	stand_open(&stand, &a->before, &now, a->loaded.changed_utc_us);
	for (size_t i = 0; i < a->events_n; i++) {
		size_t was = stand_find(&stand, i);
		struct judged *j = &a->judged[i];
		const struct judged *from;

		if (was == STAND_NONE)
			continue;
		from = &a->judged_before[was];
		j->stands = true;
		j->witness = from->witness;
		j->verdict = from->verdict;
		j->observations_n = from->observations_n;
		memcpy(j->observations, from->observations, sizeof(j->observations));
		memcpy(j->lines, from->lines, sizeof(j->lines));
		j->proved = from->proved;
	}
	stand_close(&stand);
}

void
judge_all(struct analysis *a)
{
	const struct record *r = &a->loaded.record;
	struct joined joined;

	watch_take(&a->watch, &a->loaded.changed_utc_us, r, a->loaded.fresh);
	a->loaded.record.answers = &a->watch.answers;
	a->anomalies_n = watch_end(&a->anomalies, &a->watch, r);
	a->events = analyze_room(a->anomalies_n, sizeof(*a->events));
	a->events_n = join(a->events, a->anomalies, a->anomalies_n, r);
	a->judged = analyze_room(a->events_n, sizeof(*a->judged));
	joined = (struct joined){.anomalies = a->anomalies,
		.anomalies_n = a->anomalies_n,
		.events = a->events,
		.events_n = a->events_n};
	keep_standing(a);
	for (size_t i = 0, n = 0; i < a->events_n; i++) {
		struct judged *j = &a->judged[i];

		if (j->stands)
			continue;
		j->observations_n = observe(
			j->observations, &j->witness, &a->events[i], &joined, r);
		classify(&j->verdict, j->observations, j->observations_n, a->weights);
		if (j->witness.borne && !j->verdict.insufficient)
			j->witness.borne = sway_none(j->verdict.class, &a->events[i],
				&joined, r, a->weights);
		if (++n % REST_EVENTS == 0)
			load_rest(&a->loaded);
	}
}

enum err
judge_fetch_lines(struct analysis *a, struct store *store)
{
	size_t most = a->events_n * ROW_COUNT * OBSERVATION_LINES, n = 0;
	uint32_t *samples = analyze_room(most, sizeof(*samples));
	char(*leaves)[HASH_HEX_BYTES];
	enum err err;

	for (size_t e = 0; e < a->events_n; e++)
		for (size_t o = 0;
			!a->judged[e].stands && o < a->judged[e].observations_n; o++)
			for (uint32_t l = 0; l < a->judged[e].observations[o].lines_n;
				l++)
				samples[n++] = a->judged[e].observations[o].lines[l];
	leaves = analyze_room(n, sizeof(*leaves));
	err = leaves_find(leaves, store, &a->loaded, samples, n);
	n = 0;
	for (size_t e = 0; e < a->events_n; e++)
		for (size_t o = 0;
			!a->judged[e].stands && o < a->judged[e].observations_n; o++)
			for (uint32_t l = 0; l < a->judged[e].observations[o].lines_n;
				l++)
				memcpy(a->judged[e].lines[o][l], leaves[n++],
					sizeof(*leaves));
	free(leaves);
	free(samples);
	return err;
}
