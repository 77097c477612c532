#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/onset.h"
#include "analyzer/analysis/relations.h"
#include "analyzer/analysis/routes.h"
#include "analyzer/report/span.h"
#include "analyzer/report/values.h"
#include "analyzer/report/verdict_relations.h"
#include "common/log.h"
#include "common/utc.h"

/* The events around one, in figures and in words. */
#define DAY_US (INT64_C(24) * 3600 * 1000000)

static const struct neighbour *
other_of(const struct described *d, size_t at)
{
	return neighbours_at(&d->surroundings->neighbours, at);
}

/* SIZE_MAX: no others are known, or too few of its probes to tell. */
static size_t
place_of(const struct described *d)
{
	return d->surroundings ? neighbours_find(&d->surroundings->neighbours, d->event)
			       : SIZE_MAX;
}

static int64_t
start_of(const struct event *e)
{
	int64_t error_us;

	return verdict_instant(&error_us, e->start_lo_us, e->start_hi_us);
}

static int64_t
end_of(const struct event *e)
{
	int64_t error_us;

	return e->end_hi_us ? verdict_instant(&error_us, e->end_lo_us, e->end_hi_us)
			    : 0;
}

static const char *
name_of(const struct neighbour *other)
{
	return other->verdict->insufficient ? "an event of no certain class"
					    : verdict_cause(other->verdict);
}

/* Takes the words out of ${words}. */
static json_t *
text_of(struct buf *words)
{
	json_t *out = values_text(words->data);

	buf_free(words);
	return out;
}

static json_t *
other_json(const struct neighbour *other)
{
	json_t *out = values_must(json_object());

	values_put(out, "event", values_text(other->id));
	values_put(out, "class", values_text(verdict_class(other->verdict)));
	values_put(out, "cause", values_text(verdict_cause(other->verdict)));
	values_put(out, "from", values_time(start_of(other->event)));
	values_put(out, "to", values_time(end_of(other->event)));
	return out;
}

static void
put_numbers(json_t *out, const struct relation *r)
{
	values_put(out, "n", json_integer(r->n));
	values_put(out, "of", json_integer(r->of));
	values_put(out, "alike", json_integer(r->alike));
}

/* ---- phases ---- */

json_t *
verdict_phases(const struct described *d)
{
	json_t *out = values_must(json_array());
	size_t at = place_of(d), n = 0, *members;

	if (at == SIZE_MAX)
		return out;
	members = calloc(d->surroundings->sequences.n + 1, sizeof(*members));
	if (!members)
		bug("no memory for phases");
	n = sequences_of(members, &d->surroundings->sequences, at);
	for (size_t i = 0; i < n && i < VERDICT_RELATIONS_MOST; i++) {
		const struct neighbour *one = other_of(d, members[i]);
		json_t *phase = other_json(one);
		char from[UTC_TEXT_BYTES], to[UTC_TEXT_BYTES] = "now";
		struct buf says = {0};

		utc_text(from, start_of(one->event));
		if (one->event->end_hi_us)
			utc_text(to, end_of(one->event));
		buf_printf(&says, "%s from %s to %s at %u probes%s", name_of(one), from,
			to, one->event->affected, members[i] == at ? ": this one" : "");
		values_put(phase, "says", text_of(&says));
		values_append(out, phase);
	}
	free(members);
	return out;
}

/* ---- overlaps ---- */

static json_t *
overlap_json(const struct described *d, const struct relation *r)
{
	const struct neighbour *other = other_of(d, r->at);
	json_t *out = other_json(other), *against = values_must(json_array());
	struct buf says = {0};

	buf_printf(&says, "%s went on at the same time, ", name_of(other));
	if (r->reach == REACH_OWN)
		buf_printf(&says, "at %u of the %u probes of this one", r->n, r->of);
	else
		buf_printf(&says,
			"in regions where %u of the %u probes of this one are", r->n,
			r->of);
	put_numbers(out, r);
	values_put(out, "says", text_of(&says));
	values_append(against,
		values_text("What meets in time need have nothing to do with each "
			    "other; but each may hide some of the other."));
	values_put(out, "against", against);
	return out;
}

json_t *
verdict_overlaps(const struct described *d)
{
	struct relation relations[RELATIONS_MOST];
	json_t *out = values_must(json_array());
	size_t at = place_of(d), n;

	n = at == SIZE_MAX ? 0 : relations_overlaps(relations, d->surroundings, at);
	for (size_t i = 0; i < n; i++)
		values_append(out, overlap_json(d, &relations[i]));
	return out;
}

/* ---- follows ---- */

static json_t *
follow_against(const struct relation *r)
{
	json_t *out = values_must(json_array());
	struct buf text = {0};

	if (r->alike) {
		buf_printf(&text,
			"In the week before that one %u began there without it.",
			r->alike);
		values_append(out, text_of(&text));
	}
	if (r->n < r->of) {
		buf_printf(&text, "%u of its %u probes are elsewhere.", r->of - r->n,
			r->of);
		values_append(out, text_of(&text));
	}
	values_append(
		out, values_text("What begins after something need not come from it."));
	return out;
}

static json_t *
follow_json(const struct described *d, const struct relation *r)
{
	static const char *const words[] = {
		[REACH_OWN] = "are of those that it had hit already",
		[REACH_REGION] =
			"are in regions that it has out: what those share, power "
			"or masts or ways, may have gone with it",
		[REACH_OPERATOR] =
			"are of operators that it has out: what those share, "
			"a core or names or ways abroad, may have gone with it",
	};
	const struct neighbour *other = other_of(d, r->at);
	json_t *out = other_json(other);
	struct buf says = {0};

	buf_printf(&says, "%s had begun ", name_of(other));
	span_words(&says, r->apart_us);
	buf_printf(&says,
		" before or more, and went on; %u of the %u probes of this one %s",
		r->n, r->of, words[r->reach]);
	values_put(out, "after_s", values_ppm(r->apart_us));
	put_numbers(out, r);
	values_put(out, "says", text_of(&says));
	values_put(out, "against", follow_against(r));
	return out;
}

json_t *
verdict_follows(const struct described *d)
{
	struct relation relations[RELATIONS_MOST];
	json_t *out = values_must(json_array());
	size_t at = place_of(d), n;

	n = at == SIZE_MAX ? 0 : relations_follows(relations, d->surroundings, at);
	for (size_t i = 0; i < n; i++)
		values_append(out, follow_json(d, &relations[i]));
	return out;
}

/* ---- precursors ---- */

#define NO_SIGN "What comes before something need not announce it."

static json_t *
precursor_json(const struct described *d, const struct relation *r)
{
	const struct neighbour *other = other_of(d, r->at);
	json_t *out = other_json(other), *against = values_must(json_array());
	struct buf text = {0};

	values_put(out, "kind", values_text(r->long_before ? "earlier" : "event"));
	values_put(out, "before_s", values_ppm(r->apart_us));
	put_numbers(out, r);
	buf_printf(&text, "%s began ", name_of(other));
	span_words(&text, r->apart_us);
	buf_printf(&text,
		" before or more%s; of its %u probes %u were hit by this one, too",
		r->long_before ? ", and was over" : "", r->of, r->n);
	values_put(out, "says", text_of(&text));
	if (r->alike) {
		buf_printf(&text,
			"Of its kind %u began there before that, and this one "
			"did not come in the %s after.",
			r->alike, r->long_before ? "week" : "day");
		values_append(against, text_of(&text));
	}
	values_append(against, values_text(NO_SIGN));
	values_put(out, "against", against);
	return out;
}

/* Of what is no event. */
static json_t *
sign_json(const char *kind, uint32_t n, uint32_t of, uint32_t alike, int64_t apart_us)
{
	json_t *out = values_must(json_object());

	values_put(out, "kind", values_text(kind));
	values_put(out, "event", values_must(json_null()));
	values_put(out, "before_s", values_ppm(apart_us));
	values_put(out, "n", json_integer(n));
	values_put(out, "of", json_integer(of));
	values_put(out, "alike", json_integer(alike));
	return out;
}

static void
add_routes(json_t *out, const struct described *d)
{
	struct routes_fall fall;
	json_t *one, *against;
	char since[UTC_TEXT_BYTES];
	struct buf text = {0};

	if (d->event->family != FAMILY_LOSS ||
		!routes_before(&fall, d->event, d->anomalies, d->record))
		return;
	against = values_must(json_array());
	one = sign_json("routes", fall.n, fall.of, fall.alike,
		d->event->start_lo_us - fall.first_us);
	utc_text(since, fall.first_us);
	buf_printf(&text,
		"the announced routes of %u of the %u operators that it hit and whose "
		"routes are known had fallen under %d %% of the usual from %s on",
		fall.n, fall.of, ROUTES_FALLEN_PERCENT, since);
	values_put(one, "says", text_of(&text));
	if (fall.alike) {
		buf_printf(&text,
			"In the %lld days before that they fell so %u times, all "
			"counted together, and this did not come.",
			(long long)(d->record->reference_us / DAY_US), fall.alike);
		values_append(against, text_of(&text));
	}
	values_append(against, values_text(NO_SIGN));
	values_put(one, "against", against);
	values_append(out, one);
}

static void
add_first_operator(json_t *out, const struct described *d)
{
	struct onset *order = calloc(d->record->networks_n + 1, sizeof(*order));
	struct buf text = {0};
	json_t *one, *against;
	int64_t lead_us;
	size_t n;

	if (!order)
		bug("no memory for the order of onset");
	n = onset_order(order, ONSET_OPERATORS, d->event, d->anomalies, d->record);
	lead_us = onset_lead(order, n, d->record);
	if (lead_us) {
		against = values_must(json_array());
		one = sign_json("operator", order[0].probes, order[0].of, 0, lead_us);
		values_put(one, "asn",
			json_integer(d->record->networks[order[0].network].asn));
		buf_printf(&text,
			"half of the %u probes of AS%u that it hit, or more, were out ",
			order[0].probes, d->record->networks[order[0].network].asn);
		span_words(&text, lead_us);
		buf_puts(&text, " before half of any other operator's, or more");
		values_put(one, "says", text_of(&text));
		values_append(against,
			values_text("One that fails by itself shortly before the "
				    "others do looks the same."));
		values_put(one, "against", against);
		values_append(out, one);
	}
	free(order);
}

json_t *
verdict_precursors(const struct described *d)
{
	struct relation relations[RELATIONS_MOST];
	json_t *out = values_must(json_array());
	size_t at = place_of(d), n;

	if (at == SIZE_MAX)
		return out;
	n = relations_precursors(relations, d->surroundings, at);
	for (size_t i = 0; i < n; i++)
		values_append(out, precursor_json(d, &relations[i]));
	add_routes(out, d);
	add_first_operator(out, d);
	return out;
}
