#include "analyzer/analysis/describe.h"

#include <string.h>

#include "analyzer/report/history.h"
#include "analyzer/report/verdict.h"
#include "common/crypto.h"

/* The segment that first shows an edge, and so what is proved of its time. */
static void
prove(int64_t *not_before_us, int64_t *not_after_us, const struct analysis *a,
	uint32_t probe, int64_t edge_us)
{
	const struct record *r = &a->loaded.record;
	size_t first;

	*not_before_us = *not_after_us = 0;
	if (record_find(&first, r, probe, edge_us, edge_us + 1)) {
		const struct loaded_segment *s =
			&a->loaded.probes[probe].segments[r->samples[first].segment];

		*not_before_us = s->anchor_utc_us;
		*not_after_us = s->received_utc_us;
	}
}

static void
prove_edges(struct proved *p, const struct analysis *a, const struct event *event)
{
	for (uint32_t i = 0; i < event->n; i++) {
		const struct anomaly *x = &a->anomalies[event->first + i];

		if (x->start_hi_us == event->start_hi_us)
			prove(&p->start_not_before_us, &p->start_not_after_us, a,
				x->probe, x->start_hi_us);
		if (x->end_hi_us && x->end_hi_us == event->end_hi_us)
			prove(&p->end_not_before_us, &p->end_not_after_us, a, x->probe,
				x->end_hi_us);
	}
}

/* Of one probe's segments that reach into the time: where they begin, and the chain up to
 * the last of them. */
static void
hash_chain(struct buf *out, const struct loaded_probe *p, int64_t from, int64_t to)
{
	const struct loaded_segment *s = p->segments;
	size_t first = 0, end = p->segments_n;

	while (end > 0 && (!s[end - 1].first_utc_us || s[end - 1].first_utc_us > to))
		end--;
	while (first < end && (!s[first].first_utc_us || s[first].last_utc_us < from))
		first++;
	if (first == end)
		return;
	buf_printf(out, "%zu\n", first);
	buf_add(out, s[end - 1].chain, sizeof(s[end - 1].chain));
}

/* Hash over every segment, and the points of every imported series, that the verdict could
 * have looked at. */
static void
hash_inputs(struct proved *proved, const struct analysis *a, const struct event *event)
{
	int64_t from = event->start_lo_us - a->loaded.record.reference_us;
	int64_t to = event->end_hi_us ? event->end_hi_us : INT64_MAX;
	struct buf ids = {0};
	uint8_t hash[HASH_BYTES];

	for (size_t i = 0; i < a->loaded.record.probes_n; i++)
		hash_chain(&ids, &a->loaded.probes[i], from, to);
	for (size_t i = 0; i < a->loaded.record.points_n; i++) {
		const struct point *p = &a->loaded.points[i];

		if (p->utc_us <= to && p->utc_us >= from &&
			!strcmp(p->country, event->country))
			buf_printf(&ids, "%u,%u,%lld,%lld\n", p->metric, p->asn,
				(long long)p->utc_us, (long long)p->value_micro);
	}
	crypto_sha256(hash, ids.data, ids.len);
	crypto_hex(proved->baseline_hash, hash, sizeof(hash));
	buf_free(&ids);
}

/* Of a verdict that stands it is as it was: nothing that it could have looked at is other. */
static void
prove_all(struct described *d, struct judged *j, const struct analysis *a)
{
	struct proved *p = &j->proved;

	if (!p->baseline_hash[0]) {
		prove_edges(p, a, d->event);
		hash_inputs(p, a, d->event);
	}
	d->start_not_before_us = p->start_not_before_us;
	d->start_not_after_us = p->start_not_after_us;
	d->end_not_before_us = p->end_not_before_us;
	d->end_not_after_us = p->end_not_after_us;
	memcpy(d->baseline_hash, p->baseline_hash, sizeof(d->baseline_hash));
	memcpy(d->targets_hash, a->loaded.targets_hash, sizeof(d->targets_hash));
}

void
describe_event(struct judged *j, const struct analysis *a, const struct event *event)
{
	struct described d = {
		.record = &a->loaded.record,
		.event = event,
		.anomalies = a->anomalies,
		.witness = &j->witness,
		.verdict = &j->verdict,
		.weights = a->weights,
		.observations = j->observations,
		.observations_n = j->observations_n,
		.lines = j->lines,
		.surroundings = &a->surroundings,
		.context = a->context,
		.context_n = a->context_n,
	};
	int64_t error_us;

	memcpy(d.id, j->id, sizeof(d.id));
	memcpy(d.version, a->version, sizeof(d.version));
	prove_all(&d, j, a);
	verdict_json(&j->json, &d);
	history_state(&j->state, &d);
	memcpy(j->stored.id, j->id, sizeof(j->stored.id));
	memcpy(j->stored.country, event->country, sizeof(j->stored.country));
	strncpy(j->stored.class_name, verdict_class(&j->verdict),
		sizeof(j->stored.class_name) - 1);
	strncpy(j->stored.cause, verdict_cause(&j->verdict),
		sizeof(j->stored.cause) - 1);
	j->stored.start_utc_us =
		verdict_instant(&error_us, event->start_lo_us, event->start_hi_us);
	if (event->end_hi_us)
		j->stored.end_utc_us =
			verdict_instant(&error_us, event->end_lo_us, event->end_hi_us);
	j->stored.probability_ppm = j->verdict.class_ppm[j->verdict.class];
	j->stored.unofficial = !evidence_official(a->weights);
	j->stored.asns = buf_span(&j->asns);
	j->stored.networks = buf_span(&j->networks);
	j->stored.json = buf_span(&j->json);
}
