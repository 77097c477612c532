#include "analyzer/report/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/ranking.h"
#include "analyzer/report/values.h"
#include "analyzer/report/verdict_relations.h"
#include "analyzer/report/verdict_rows.h"
#include "analyzer/report/verdict_scope.h"
#include "analyzer/report/verdict_texts.h"
#include "common/log.h"

/* A corroborated verdict rests on VERDICT_PROBES and on four parts in five; that of a whole
 * country stands though some of its probes lied. */
#define CORROBORATED_PPM 800000

int64_t
verdict_instant(int64_t *error_us, int64_t lo_us, int64_t hi_us)
{
	*error_us = (hi_us - lo_us + 1) / 2;
	return lo_us + (hi_us - lo_us) / 2;
}

const char *
verdict_class(const struct verdict *verdict)
{
	return verdict->insufficient ? "insufficient"
				     : evidence_class_name(verdict->class);
}

const char *
verdict_cause(const struct verdict *verdict)
{
	return verdict->insufficient ? "insufficient"
				     : evidence_cause_name(verdict->cause);
}

const char *
verdict_named_cause(const struct described *d)
{
	return d->source && d->source->no_cause ? "insufficient"
						: verdict_cause(d->verdict);
}

static json_t *
instant(int64_t lo_us, int64_t hi_us, int64_t not_before_us, int64_t not_after_us)
{
	json_t *out = values_must(json_object()), *proved = values_must(json_object());
	int64_t error_us, estimate_us = verdict_instant(&error_us, lo_us, hi_us);

	values_put(out, "estimate", values_time(estimate_us));
	values_put(out, "error_s", values_ppm(error_us));
	values_put(proved, "not_before", values_time(not_before_us));
	values_put(proved, "not_after", values_time(not_after_us));
	values_put(out, "proved", proved);
	return out;
}

static json_t *
distribution(const int32_t class_ppm[CLASS_COUNT])
{
	json_t *out = values_must(json_object());

	for (size_t c = 0; c < CLASS_COUNT; c++)
		values_put(out, evidence_class_name((enum class)c),
			values_ppm(class_ppm[c]));
	return out;
}

static json_t *
causes(const struct verdict *v)
{
	json_t *out = values_must(json_array());
	size_t order[CAUSE_COUNT];

	ranking_causes(order, v);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		json_t *one = values_must(json_object());

		values_put(one, "cause",
			values_text(evidence_cause_name((enum cause)order[i])));
		values_put(one, "probability", values_ppm(v->cause_ppm[order[i]]));
		values_put(one, "prior_centinats", json_integer(v->prior[order[i]]));
		values_put(one, "sum_centinats", json_integer(v->sum[order[i]]));
		values_append(out, one);
	}
	return out;
}

const char *
verdict_standing(const struct described *d)
{
	return !d->verdict->insufficient && d->event->affected >= VERDICT_PROBES &&
			       d->verdict->class_ppm[d->verdict->class] >=
				       CORROBORATED_PPM &&
			       (d->witness->borne || !verdict_scope_is_country(d))
		       ? "corroborated"
		       : "suspected";
}

void
verdict_json(struct buf *out, const struct described *d)
{
	const struct event *e = d->event;
	const struct verdict *v = d->verdict;
	json_t *json = values_must(json_object());
	json_t *evidence = values_must(json_array());
	json_t *against = values_must(json_array());
	char *line;

	verdict_rows(evidence, against, d);
	values_put(json, "event", values_text(d->id));
	values_put(json, "version", values_text(d->version));
	values_put(json, "weights",
		values_text(evidence_official(d->weights) ? "official"
							  : VERDICT_UNOFFICIAL));
	values_put(json, "standing", values_text(verdict_standing(d)));
	values_put(json, "scope", verdict_scope(d));
	values_put(json, "start",
		instant(e->start_lo_us, e->start_hi_us, d->start_not_before_us,
			d->start_not_after_us));
	values_put(json, "end",
		e->end_hi_us ? instant(e->end_lo_us, e->end_hi_us, d->end_not_before_us,
				       d->end_not_after_us)
			     : json_null());
	values_put(json, "class", values_text(verdict_class(v)));
	values_put(json, "class_probability", distribution(v->class_ppm));
	values_put(
		json, "class_probability_measured_only", distribution(v->measured_ppm));
	values_put(json, "cause", values_text(verdict_named_cause(d)));
	values_put(json, "causes", causes(v));
	values_put(json, "caps_centinats", verdict_rows_caps(d));
	values_put(json, "deliberate", values_ppm(v->deliberate_ppm));
	values_put(json, "onset_order", verdict_relations_onset(d));
	values_put(json, "schedule", verdict_schedule(d));
	values_put(json, "phases", verdict_phases(d));
	values_put(json, "overlaps", verdict_overlaps(d));
	values_put(json, "follows", verdict_follows(d));
	values_put(json, "precursors", verdict_precursors(d));
	values_put(json, "probes", verdict_scope_probes(d));
	values_put(json, "evidence", evidence);
	values_put(json, "against", against);
	values_put(json, "alternatives", verdict_rows_alternatives(d));
	values_put(json, "context", verdict_texts_context(d));
	values_put(json, "inputs", verdict_texts_inputs(d));
	values_put(json, "limits", verdict_texts_limits(d));
	values_put(json, "source", verdict_texts_source(d));
	line = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
	if (!line)
		bug("no memory for a verdict");
	buf_puts(out, line);
	free(line);
	json_decref(json);
}
