#include "analyzer/report/verdict.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/ranking.h"
#include "analyzer/report/real.h"
#include "common/log.h"
#include "common/utc.h"

/* A corroborated verdict rests on three probes and four parts in five. */
#define CORROBORATED_PROBES 3
#define CORROBORATED_PPM 800000
#define ALTERNATIVES 3

static json_t *
must(json_t *json)
{
	if (!json)
		bug("no memory for a verdict");
	return json;
}

static void
put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)))
		bug("no memory for a verdict");
}

static void
append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)))
		bug("no memory for a verdict");
}

static json_t *
text(const char *value)
{
	return must(json_string(value));
}

/* Probabilities and ratios are integers until here; a verdict is printed, not computed. */
static json_t *
ppm(int64_t value)
{
	return must(json_real((double)value / 1e6));
}

static json_t *
time_or_null(int64_t utc_us)
{
	char out[UTC_TEXT_BYTES];

	if (!utc_us)
		return must(json_null());
	utc_text(out, utc_us);
	return text(out);
}

int64_t
verdict_instant(int64_t *error_us, int64_t lo_us, int64_t hi_us)
{
	*error_us = (hi_us - lo_us + 1) / 2;
	return lo_us + (hi_us - lo_us) / 2;
}

static json_t *
instant(int64_t lo_us, int64_t hi_us, int64_t not_before_us, int64_t not_after_us)
{
	json_t *out = must(json_object()), *proved = must(json_object());
	int64_t error_us, estimate_us = verdict_instant(&error_us, lo_us, hi_us);

	put(out, "estimate", time_or_null(estimate_us));
	put(out, "error_s", ppm(error_us));
	put(proved, "not_before", time_or_null(not_before_us));
	put(proved, "not_after", time_or_null(not_after_us));
	put(out, "proved", proved);
	return out;
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
distribution(const int32_t class_ppm[CLASS_COUNT])
{
	json_t *out = must(json_object());

	for (size_t c = 0; c < CLASS_COUNT; c++)
		put(out, evidence_class_name((enum class)c), ppm(class_ppm[c]));
	return out;
}

static json_t *
causes(const struct verdict *v)
{
	json_t *out = must(json_array());
	size_t order[CAUSE_COUNT];

	ranking_causes(order, v);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		json_t *one = must(json_object());

		put(one, "cause", text(evidence_cause_name((enum cause)order[i])));
		put(one, "probability", ppm(v->cause_ppm[order[i]]));
		put(one, "prior_centinats", json_integer(v->prior[order[i]]));
		put(one, "sum_centinats", json_integer(v->sum[order[i]]));
		append(out, one);
	}
	return out;
}

/* The affected networks, each once, in the order of the record. */
static bool
is_affected(const struct described *d, size_t network)
{
	for (uint32_t i = 0; i < d->event->n; i++)
		if (d->anomalies[d->event->first + i].network == network)
			return true;
	return false;
}

static void
append_once(json_t *array, json_t *value)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_equal(json_array_get(array, i), value)) {
			json_decref(value);
			return;
		}
	append(array, value);
}

static json_t *
scope(const struct described *d)
{
	json_t *out = must(json_object()), *regions = must(json_array());
	json_t *asns = must(json_array()), *media = must(json_array());
	const char *level = "country";
	uint32_t *order = calloc(d->record->networks_n + 1, sizeof(*order));

	if (!order)
		bug("no memory for the networks");

	if (d->source)
		level = d->source->level;
	else if (d->event->affected == 1)
		level = "probe";
	else if (d->witness->operators == 1)
		level = "network";
	else if (d->witness->regions == 1)
		level = "region";
	record_networks(order, d->record);
	for (size_t i = 0; i < d->record->networks_n; i++) {
		const struct network *n = &d->record->networks[order[i]];

		if (!is_affected(d, order[i]))
			continue;
		if (n->region[0])
			append_once(regions, text(n->region));
		if (n->asn)
			append_once(asns, json_integer(n->asn));
		append_once(media, text(medium_name((enum medium)n->medium)));
	}
	if (d->source && d->source->asn)
		append(asns, json_integer(d->source->asn));
	free(order);
	put(out, "level", text(level));
	put(out, "country", text(d->event->country));
	put(out, "regions", regions);
	put(out, "asns", asns);
	put(out, "medium", media);
	return out;
}

static json_t *
ratios(const struct verdict *v, enum row row)
{
	json_t *out = must(json_object());

	for (size_t c = 0; c < CAUSE_COUNT; c++)
		if (v->counted[row][c])
			put(out, evidence_cause_name((enum cause)c),
				json_integer(v->counted[row][c]));
	return out;
}

/* What the row weighs where that is not what counted: another of its group weighs more,
 * or the group's cap is lower. */
static json_t *
set_aside(const struct described *d, enum row row)
{
	json_t *out = must(json_object());

	for (size_t c = 0; c < CAUSE_COUNT; c++)
		if (d->weights->lr[row][c] != d->verdict->counted[row][c])
			put(out, evidence_cause_name((enum cause)c),
				json_integer(d->weights->lr[row][c]));
	return out;
}

/* Of the groups whose rows were seen, in centinats. */
static json_t *
caps(const struct described *d)
{
	json_t *out = must(json_object());

	for (size_t i = 0; i < d->observations_n; i++) {
		enum group group = evidence_row(d->observations[i].row)->group;

		put(out, evidence_group_name(group),
			json_integer(d->weights->cap[group]));
	}
	return out;
}

static json_t *
row_json(const struct described *d, size_t i)
{
	const struct observation *o = &d->observations[i];
	const struct evidence_row *row = evidence_row(o->row);
	json_t *out = must(json_object()), *lines = must(json_array());
	struct buf sentence = {0};

	evidence_sentence(&sentence, o);
	for (uint32_t l = 0; l < o->lines_n; l++)
		if (d->lines[i][l][0])
			append(lines, text(d->lines[i][l]));
	put(out, "row", text(row->id));
	put(out, "group", text(evidence_group_name(row->group)));
	put(out, "basis", text(evidence_basis_name(row->basis)));
	put(out, "says", text(sentence.data));
	put(out, "lr", ratios(d->verdict, o->row));
	put(out, "set_aside", set_aside(d, o->row));
	put(out, "n", json_integer(o->n));
	put(out, "of", json_integer(o->of));
	put(out, "source", text(row->source));
	put(out, "lines", lines);
	buf_free(&sentence);
	return out;
}

/* Rows that speak for the leading cause, strongest first; and those against it. */
static void
rows_json(json_t *evidence, json_t *against, const struct described *d)
{
	size_t order[ROW_COUNT];

	ranking_rows(order, d->verdict, d->observations, d->observations_n);
	for (size_t i = 0; i < d->observations_n; i++) {
		enum row row = d->observations[order[i]].row;

		append(ranking_pull(d->verdict, row) < 0 ? against : evidence,
			row_json(d, order[i]));
	}
}

/* Why the other cause is less likely: the row that parts the two most. */
static json_t *
because(const struct described *d, enum cause other)
{
	size_t best =
		ranking_parting(d->verdict, d->observations, d->observations_n, other);
	struct buf out = {0};
	json_t *json;

	if (best == SIZE_MAX)
		buf_puts(&out, "nothing that was observed tells the two apart");
	else
		evidence_sentence(&out, &d->observations[best]);
	json = text(out.data);
	buf_free(&out);
	return json;
}

static json_t *
alternatives(const struct described *d)
{
	json_t *out = must(json_array());
	size_t order[CAUSE_COUNT];

	ranking_causes(order, d->verdict);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		json_t *one;

		if (order[i] == d->verdict->cause ||
			json_array_size(out) >= ALTERNATIVES)
			continue;
		one = must(json_object());
		put(one, "cause", text(evidence_cause_name((enum cause)order[i])));
		put(one, "probability", ppm(d->verdict->cause_ppm[order[i]]));
		put(one, "because", because(d, (enum cause)order[i]));
		append(out, one);
	}
	return out;
}

static json_t *
probes(const struct described *d)
{
	json_t *out = must(json_object());

	put(out, "expected", json_integer(d->witness->expected));
	put(out, "reporting", json_integer(d->witness->reporting));
	put(out, "alive", json_integer(d->witness->alive));
	put(out, "affected", json_integer(d->event->affected));
	put(out, "cohorts", json_integer(d->witness->cohorts));
	return out;
}

#define CONTEXT_BEFORE_US INT64_C(86400000000)

static bool
is_context_of(const struct described *d, const struct store_context *c)
{
	const struct event *e = d->event;

	return !strcmp(c->country, e->country) &&
	       (!e->end_hi_us || c->begin_utc_us <= e->end_hi_us) &&
	       (c->end_utc_us ? c->end_utc_us : c->begin_utc_us) >=
		       e->start_lo_us - CONTEXT_BEFORE_US;
}

/* What else happened: beside the verdict, with a likelihood ratio of 1 for every cause. */
static json_t *
context(const struct described *d)
{
	json_t *out = must(json_array());

	for (size_t i = 0; i < d->context_n; i++) {
		const struct store_context *c = &d->context[i];
		json_t *one;

		if (!is_context_of(d, c))
			continue;
		one = must(json_object());
		put(one, "kind", text(c->kind));
		put(one, "begin", time_or_null(c->begin_utc_us));
		put(one, "end", time_or_null(c->end_utc_us));
		put(one, "source", text(c->source));
		put(one, "says", text(c->says));
		put(one, "lr", json_integer(1));
		append(out, one);
	}
	return out;
}

static json_t *
context_hashes(const struct described *d)
{
	json_t *out = must(json_array());

	for (size_t i = 0; i < d->context_n; i++) {
		const struct store_context *c = &d->context[i];
		uint8_t hash[HASH_BYTES];
		char hex[HASH_HEX_BYTES];
		struct buf row = {0};

		if (!is_context_of(d, c))
			continue;
		buf_printf(&row, "%s,%s,%lld,%lld,%s,%s\n", c->kind, c->country,
			(long long)c->begin_utc_us, (long long)c->end_utc_us, c->source,
			c->says);
		crypto_sha256(hash, row.data, row.len);
		crypto_hex(hex, hash, sizeof(hash));
		append(out, text(hex));
		buf_free(&row);
	}
	return out;
}

static json_t *
inputs(const struct described *d)
{
	json_t *out = must(json_object());

	put(out, "baseline", text(d->baseline_hash));
	put(out, "context", context_hashes(d));
	put(out, "targets", text(d->targets_hash));
	return out;
}

static void
limits_of_source(json_t *out, const struct described *d)
{
	append(out,
		text("It rests on what others measured from outside and published; no "
		     "probe of ours saw it, and nothing of it is proved."));
	append(out,
		text("From outside, a cut at the border and one of everything look the "
		     "same."));
	if (!d->source->has_clock)
		append(out,
			text("The country's local time is not known: nothing is said "
			     "of the minute, and times that were local stand as if "
			     "they were UTC."));
	if (!d->event->end_hi_us)
		append(out, text("It had not ended when this was computed."));
}

static json_t *
limits(const struct described *d)
{
	json_t *out = must(json_array());
	struct buf tried = {0};

	append(out, text("Who gave an order, if there was one, is not shown by a "
			 "network."));
	real_sentence(&tried);
	append(out, text(tried.data));
	buf_free(&tried);
	if (!evidence_official(d->weights))
		append(out, text("Unofficial: it was computed with other weights than "
				 "the published ones."));
	if (d->source) {
		limits_of_source(out, d);
		return out;
	}
	append(out, text("Times are estimates from the probes' clocks; nothing here is "
			 "in a "
			 "public log yet, so what is proved rests on the analyzer's "
			 "word."));
	if (d->event->affected < CORROBORATED_PROBES)
		append(out, text("Fewer than three probes saw it."));
	if (!d->event->end_hi_us)
		append(out, text("It had not ended when this was computed."));
	for (size_t i = 0; i < d->record->networks_n; i++)
		if (is_affected(d, i) && !d->record->networks[i].asn) {
			append(out, text("Some probes' networks are their own claim: "
					 "no note "
					 "of the analyzer vouches for them."));
			break;
		}
	return out;
}

static json_t *
source(const struct described *d)
{
	const struct verdict_source *s = d->source;
	json_t *out, *order;

	if (!s)
		return must(json_null());
	out = must(json_object());
	put(out, "format", text(s->format));
	put(out, "id", text(s->id));
	if (!s->regions_n)
		return out;
	order = must(json_array());
	for (size_t i = 0; i < s->regions_n; i++) {
		json_t *one = must(json_object());

		put(one, "region", text(s->regions[i]));
		put(one, "fell", time_or_null(s->fell_at_us[i]));
		append(order, one);
	}
	put(out, "first_to_fall", order);
	put(out, "left", ppm(s->floor_ppm));
	return out;
}

const char *
verdict_standing(const struct described *d)
{
	return !d->verdict->insufficient && d->event->affected >= CORROBORATED_PROBES &&
			       d->verdict->class_ppm[d->verdict->class] >=
				       CORROBORATED_PPM
		       ? "corroborated"
		       : "suspected";
}

void
verdict_json(struct buf *out, const struct described *d)
{
	const struct event *e = d->event;
	const struct verdict *v = d->verdict;
	json_t *json = must(json_object());
	json_t *evidence = must(json_array()), *against = must(json_array());
	char version[EVIDENCE_VERSION_BYTES], *line;

	evidence_version(version, d->weights);
	rows_json(evidence, against, d);
	put(json, "event", text(d->id));
	put(json, "version", text(version));
	put(json, "weights",
		text(evidence_official(d->weights) ? "official" : VERDICT_UNOFFICIAL));
	put(json, "standing", text(verdict_standing(d)));
	put(json, "scope", scope(d));
	put(json, "start",
		instant(e->start_lo_us, e->start_hi_us, d->start_not_before_us,
			d->start_not_after_us));
	put(json, "end",
		e->end_hi_us ? instant(e->end_lo_us, e->end_hi_us, d->end_not_before_us,
				       d->end_not_after_us)
			     : json_null());
	put(json, "class", text(verdict_class(v)));
	put(json, "class_probability", distribution(v->class_ppm));
	put(json, "class_probability_measured_only", distribution(v->measured_ppm));
	put(json, "cause", text(verdict_named_cause(d)));
	put(json, "causes", causes(v));
	put(json, "caps_centinats", caps(d));
	put(json, "deliberate", ppm(v->deliberate_ppm));
	put(json, "probes", probes(d));
	put(json, "evidence", evidence);
	put(json, "against", against);
	put(json, "alternatives", alternatives(d));
	put(json, "context", context(d));
	put(json, "inputs", inputs(d));
	put(json, "limits", limits(d));
	put(json, "source", source(d));
	line = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
	if (!line)
		bug("no memory for a verdict");
	buf_puts(out, line);
	free(line);
	json_decref(json);
}
