#include "analyzer/report/verdict_texts.h"

#include <string.h>

#include "analyzer/report/real.h"
#include "analyzer/report/values.h"
#include "analyzer/report/verdict_scope.h"

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

json_t *
verdict_texts_context(const struct described *d)
{
	json_t *out = values_must(json_array());

	for (size_t i = 0; i < d->context_n; i++) {
		const struct store_context *c = &d->context[i];
		json_t *one;

		if (!is_context_of(d, c))
			continue;
		one = values_must(json_object());
		values_put(one, "kind", values_text(c->kind));
		values_put(one, "begin", values_time(c->begin_utc_us));
		values_put(one, "end", values_time(c->end_utc_us));
		values_put(one, "source", values_text(c->source));
		values_put(one, "says", values_text(c->says));
		values_put(one, "lr", json_integer(1));
		values_append(out, one);
	}
	return out;
}

static json_t *
hashes_of_context(const struct described *d)
{
	json_t *out = values_must(json_array());

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
		values_append(out, values_text(hex));
		buf_free(&row);
	}
	return out;
}

json_t *
verdict_texts_inputs(const struct described *d)
{
	json_t *out = values_must(json_object());

	values_put(out, "baseline", values_text(d->baseline_hash));
	values_put(out, "context", hashes_of_context(d));
	values_put(out, "targets", values_text(d->targets_hash));
	return out;
}

static void
say(json_t *out, const char *sentence)
{
	values_append(out, values_text(sentence));
}

static void
limits_of_source(json_t *out, const struct described *d)
{
	say(out, "It rests on what others measured from outside and published; no "
		 "probe of ours saw it, and nothing of it is proved.");
	say(out, "From outside, a cut at the border and one of everything look the "
		 "same.");
	if (!d->source->has_clock)
		say(out,
			"The country's local time is not known: nothing is said of the "
			"minute, and times that were local stand as if they were UTC.");
	if (!d->event->end_hi_us)
		say(out, "It had not ended when this was computed.");
}

json_t *
verdict_texts_limits(const struct described *d)
{
	json_t *out = values_must(json_array());
	struct buf tried = {0};

	say(out, "Who gave an order, if there was one, is not shown by a network.");
	real_sentence(&tried);
	say(out, tried.data);
	buf_free(&tried);
	if (!evidence_official(d->weights))
		say(out, "Unofficial: it was computed with other weights than the "
			 "published ones.");
	if (d->source) {
		limits_of_source(out, d);
		return out;
	}
	say(out, "Times are estimates from the probes' clocks; nothing here is in a "
		 "public log yet, so what is proved rests on the analyzer's word.");
	if (d->event->affected < VERDICT_PROBES)
		say(out, "Fewer than three probes saw it.");
	else if (verdict_scope_is_country(d) && !d->witness->borne)
		say(out, "If a third of the country's probes lied, or all of one "
			 "cohort, it might not be: so it is at most suspected.");
	if (!d->event->end_hi_us)
		say(out, "It had not ended when this was computed.");
	for (size_t i = 0; i < d->record->networks_n; i++)
		if (verdict_scope_has(d, i) && !d->record->networks[i].asn) {
			say(out, "Some probes' networks are their own claim: no note "
				 "of the analyzer vouches for them.");
			break;
		}
	return out;
}

json_t *
verdict_texts_source(const struct described *d)
{
	const struct verdict_source *s = d->source;
	json_t *out, *order;

	if (!s)
		return values_must(json_null());
	out = values_must(json_object());
	values_put(out, "format", values_text(s->format));
	values_put(out, "id", values_text(s->id));
	if (!s->regions_n)
		return out;
	order = values_must(json_array());
	for (size_t i = 0; i < s->regions_n; i++) {
		json_t *one = values_must(json_object());

		values_put(one, "region", values_text(s->regions[i]));
		values_put(one, "fell", values_time(s->fell_at_us[i]));
		values_append(order, one);
	}
	values_put(out, "first_to_fall", order);
	values_put(out, "left", values_ppm(s->floor_ppm));
	return out;
}
