#include "analyzer/analysis/watch.h"

#include <stdlib.h>
#include <string.h>

static void *
need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

void
watch_forget(struct watch *watch)
{
	for (size_t i = 0; i < watch->probes_n; i++)
		trail_free(watch->trails[i]);
	free(watch->trails);
	free(watch->heard);
	answers_close(&watch->answers);
	*watch = (struct watch){0};
}

static void
begin_anew(struct watch *watch, const struct record *record, uint32_t probe)
{
	trail_free(watch->trails[probe]);
	watch->trails[probe] = record->probes[probe].control ? NULL : trail_new();
}

/* What the controls were told, and found dead: all of it anew where a past has changed. Sets
 * from when on what they found dead is other than it was. */
static bool
hear_controls(struct watch *watch, int64_t *dead_us, const struct record *record,
	const size_t *fresh)
{
	bool anew = false, more = false;

	for (size_t p = 0; p < record->probes_n; p++)
		anew = anew || (watch->heard[p] && !fresh[p]);
	if (anew)
		answers_close(&watch->answers);
	for (size_t p = 0; p < record->probes_n; p++) {
		const struct extent *extent = &record->extents[p];

		if (!record->probes[p].control)
			continue;
		watch->heard[p] = extent->n > 0;
		for (size_t i = anew ? 0 : fresh[p]; i < extent->n; i++) {
			const struct sample *s = &record->samples[extent->first + i];

			more |= answers_add(&watch->answers, s);
			outside_add(&watch->answers.outside, s);
		}
	}
	*dead_us = outside_settle(&watch->answers.outside);
	if (anew)
		*dead_us = 0;
	return anew || more || *dead_us < INT64_MAX;
}

static void
copy(struct answers *to, const struct answers *from)
{
	*to = (struct answers){.rows = need(malloc((from->n + 1) * sizeof(*to->rows))),
		.n = from->n,
		.cap = from->n + 1};
	if (from->n)
		memcpy(to->rows, from->rows, from->n * sizeof(*to->rows));
}

/* Where the probe's first sample is, it may be other than it was. */
static void
change(int64_t *changed_us, const struct record *record, size_t probe)
{
	const struct extent *extent = &record->extents[probe];

	if (extent->n && record->samples[extent->first].utc_us < *changed_us)
		*changed_us = record->samples[extent->first].utc_us;
}

/* Rolls up again whoever was told something that the controls now judge otherwise, or asked
 * what they now found dead. */
static void
hear(struct watch *watch, int64_t *changed_us, bool *anew, const struct record *record,
	const size_t *fresh)
{
	struct answers was;
	int64_t dead_us;

	copy(&was, &watch->answers);
	if (hear_controls(watch, &dead_us, record, fresh))
		for (size_t p = 0; p < record->probes_n; p++) {
			const struct trail *trail = watch->trails[p];

			if (!trail || (trail_newest_us(trail) < dead_us &&
					      !answers_differ(&was, &watch->answers,
						      trail_told(trail))))
				continue;
			anew[p] = true;
			change(changed_us, record, p);
		}
	answers_close(&was);
}

void
watch_take(struct watch *watch, int64_t *changed_us, const struct record *record,
	const size_t *fresh)
{
	bool *anew = need(calloc(record->probes_n + 1, sizeof(*anew)));

	if (watch->probes_n != record->probes_n) {
		watch_forget(watch);
		watch->trails =
			need(calloc(record->probes_n + 1, sizeof(*watch->trails)));
		watch->heard =
			need(calloc(record->probes_n + 1, sizeof(*watch->heard)));
		watch->probes_n = record->probes_n;
	}
	hear(watch, changed_us, anew, record, fresh);
	for (uint32_t p = 0; p < record->probes_n; p++) {
		const struct extent *extent = &record->extents[p];
		size_t i = fresh[p];

		if (!i || anew[p]) {
			begin_anew(watch, record, p);
			i = 0;
		}
		for (; watch->trails[p] && i < extent->n; i++)
			trail_take(watch->trails[p], record, &watch->answers,
				&record->samples[extent->first + i]);
	}
	free(anew);
}

size_t
watch_end(struct anomaly **anomalies, struct watch *watch, const struct record *record)
{
	size_t most = 0, n = 0;

	for (size_t p = 0; p < watch->probes_n; p++)
		most += watch->trails[p] ? trail_most(watch->trails[p]) : 0;
	*anomalies = need(calloc(most + 1, sizeof(**anomalies)));
	for (size_t p = 0; p < watch->probes_n; p++)
		if (watch->trails[p])
			n += trail_end(*anomalies + n, watch->trails[p], record);
	return n;
}
