#include "analyzer/analysis/imported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/outages.h"
#include "analyzer/report/history.h"
#include "analyzer/report/verdict.h"
#include "common/log.h"

#define SECOND_US INT64_C(1000000)

struct reader {
	struct imported *out;
	const struct imported_how *how;
	/* outages, and what the pure step sees of them */
	struct store_outage *rows;
	struct outage *outages;
	size_t outages_n, rows_cap, outages_cap;
	/* the levels of one source */
	struct store_level of;
	struct regional *levels;
	char (*regions)[sizeof((struct store_level *)0)->region];
	size_t levels_n, levels_cap, regions_n, regions_cap;
};

static void *
grow(void *items, size_t n, size_t *cap, size_t size)
{
	void *bigger = items;

	if (n == *cap) {
		*cap = *cap ? *cap * 2 : 64;
		bigger = realloc(items, *cap * size);
		if (!bigger)
			bug("no memory for what was imported");
	}
	return bigger;
}

/* ---- an event ---- */

/* What is known of one, besides the observations. */
struct draft {
	const char *country;
	struct event event;
	struct verdict_source source;
	struct observation observations[ROW_COUNT];
	size_t observations_n;
	struct buf inputs; /* what its hash is of */
};

static void
hash_hex(char *out, size_t hex, struct span text)
{
	uint8_t hash[HASH_BYTES];

	crypto_sha256(hash, text.at, text.len);
	crypto_hex(out, hash, hex / 2);
}

/* A row is named by its own id. A source may fall more than once, and late data moves the
 * edges of a fall. */
static void
name(struct store_event *event, const struct reader *r, const struct draft *d)
{
	const struct ids_earlier *earlier = NULL;
	struct buf text = {0};

	buf_add(&text, event->networks.at, event->networks.len);
	if (!strcmp(d->source.format, "series")) {
		earlier = ids_take(r->how->earlier, event->start_utc_us,
			event->end_utc_us, event->networks.at, IDS_SAME_KIND);
		buf_printf(&text, "%lld", (long long)d->event.start_hi_us);
	}
	if (earlier)
		memcpy(event->id, earlier->id, sizeof event->id);
	else
		hash_hex(event->id, sizeof event->id - 1, buf_span(&text));
	buf_free(&text);
}

/* Nothing that was seen parts most causes of the class from each other: then to name the
 * first of them would be a claim without evidence. */
static bool
has_no_cause(const struct verdict *v)
{
	size_t alike = 0, all = 0;

	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		if (evidence_class((enum cause)c) != v->class)
			continue;
		all++;
		alike += v->sum[c] == v->sum[v->cause];
	}
	return alike * 2 > all;
}

static void
add_event(struct reader *r, struct draft *d)
{
	struct imported *out = r->out;
	struct store_event e = {0};
	struct verdict *verdict = malloc(sizeof *verdict);
	struct witness witness = {0};
	struct record record = {0};
	struct described described = {
		.record = &record,
		.event = &d->event,
		.witness = &witness,
		.verdict = verdict,
		.weights = r->how->weights,
		.observations = d->observations,
		.observations_n = d->observations_n,
		.source = &d->source,
		.context = r->how->context,
		.context_n = r->how->context_n,
	};
	struct imported_texts texts = {0};
	int64_t error_us;

	if (!verdict)
		bug("no memory for a verdict");
	memcpy(d->event.country, d->country, sizeof d->event.country);
	d->event.target = NO_TARGET;
	classify(verdict, d->observations, d->observations_n, r->how->weights);
	memcpy(e.country, d->country, sizeof e.country);
	strncpy(e.class_name, verdict_class(verdict), sizeof e.class_name - 1);
	d->source.no_cause = has_no_cause(verdict);
	strncpy(e.cause, verdict_named_cause(&described), sizeof e.cause - 1);
	e.start_utc_us =
		verdict_instant(&error_us, d->event.start_lo_us, d->event.start_hi_us);
	if (d->event.end_hi_us)
		e.end_utc_us = verdict_instant(
			&error_us, d->event.end_lo_us, d->event.end_hi_us);
	e.probability_ppm = verdict->class_ppm[verdict->class];
	buf_printf(&texts.networks, ",%s/%s,", d->source.format, d->source.id);
	e.networks = buf_span(&texts.networks);
	e.unofficial = !evidence_official(r->how->weights);
	name(&e, r, d);
	memcpy(described.id, e.id, sizeof described.id);
	evidence_version(described.version, r->how->weights);
	hash_hex(described.baseline_hash, HASH_HEX_BYTES - 1, buf_span(&d->inputs));
	verdict_json(&texts.json, &described);
	history_state(&texts.state, &described);
	out->events = grow(out->events, out->n, &out->cap, sizeof *out->events);
	out->texts = realloc(out->texts, out->cap * sizeof *out->texts);
	if (!out->texts)
		bug("no memory for an event");
	e.json = buf_span(&texts.json);
	out->texts[out->n] = texts;
	out->events[out->n++] = e;
	free(verdict);
	buf_free(&d->inputs);
}

/* ---- outages ---- */

static void
keep_outage(void *arg, const struct store_outage *row)
{
	struct reader *r = arg;
	struct outage o = {
		.begin_us = row->begin_utc_us,
		.end_us = row->end_utc_us,
		.offset_us = row->offset_s * SECOND_US,
		.has_clock = row->has_clock,
		.scope = !strcmp(row->scope, "country")	 ? OUTAGE_COUNTRY
			 : !strcmp(row->scope, "region") ? OUTAGE_REGION
							 : OUTAGE_AS,
		.signals = row->signals,
		.fell = row->fell,
	};

	if (r->how->until_utc_us && row->begin_utc_us > r->how->until_utc_us)
		return;
	if (r->how->until_utc_us && row->end_utc_us > r->how->until_utc_us)
		o.end_us = 0;
	if (r->outages_n) {
		const struct store_outage *last = &r->rows[r->outages_n - 1];

		o.place = r->outages[r->outages_n - 1].place;
		o.place += strcmp(last->country, row->country) ||
			   strcmp(last->place, row->place) ||
			   strcmp(last->scope, row->scope);
	}
	r->rows = grow(r->rows, r->outages_n, &r->rows_cap, sizeof *r->rows);
	r->outages =
		grow(r->outages, r->outages_n, &r->outages_cap, sizeof *r->outages);
	r->rows[r->outages_n] = *row;
	r->outages[r->outages_n++] = o;
}

static void
add_outage(struct reader *r, size_t i)
{
	const struct store_outage *row = &r->rows[i];
	const struct outage *o = &r->outages[i];
	struct draft d = {
		.country = row->country,
		.event = {.start_lo_us = o->begin_us,
			.start_hi_us = o->begin_us,
			.end_lo_us = o->end_us,
			.end_hi_us = o->end_us},
		.source = {.format = "outages",
			.id = row->id,
			.level = o->scope == OUTAGE_COUNTRY  ? "country"
				 : o->scope == OUTAGE_REGION ? "region"
							     : "network",
			.asn = row->asn,
			.has_clock = row->has_clock},
	};

	d.observations_n = outages_observe(d.observations, r->outages, r->outages_n, i);
	buf_printf(&d.inputs, "%s\n%s\n%s\n%u\n%lld\n%lld\n%u\n%u\n", row->id,
		row->place, row->scope, row->asn, (long long)o->begin_us,
		(long long)o->end_us, row->signals, row->fell);
	add_event(r, &d);
}

/* ---- levels of regions ---- */

static void
add_fall(struct reader *r, const struct falls *falls, const struct fall *fall)
{
	const char *regions[SHAPE_ORDER];
	struct shape shape;
	struct draft d = {
		.country = r->of.country,
		.event = {.start_lo_us = fall->start_lo_us,
			.start_hi_us = fall->start_hi_us,
			.end_lo_us = fall->end_lo_us,
			.end_hi_us = fall->end_hi_us},
		.source = {.format = "series",
			.id = r->of.source,
			.has_clock = strcmp(r->of.country, STORE_NO_COUNTRY) != 0,
			.floor_ppm = fall->floor_ppm,
			.fell_at_us = shape.fell_at_us,
			.regions = regions},
	};

	shape_read(&shape, fall, falls, r->levels, r->levels_n);
	for (size_t i = 0; i < shape.order_n; i++)
		regions[i] = r->regions[shape.order[i]];
	d.source.regions_n = shape.order_n;
	d.source.level = shape.fell * 4 >= shape.regions * 3 ? "country" : "region";
	d.observations_n =
		outages_observe_fall(d.observations, &shape, fall, falls->step_us);
	for (size_t i = 0; i < r->levels_n; i++)
		buf_printf(&d.inputs, "%s,%lld,%lld\n", r->regions[r->levels[i].region],
			(long long)r->levels[i].utc_us,
			(long long)r->levels[i].value_micro);
	add_event(r, &d);
}

/* The levels of one source are complete. */
static void
end_source(struct reader *r)
{
	struct falls falls;

	if (!r->levels_n)
		return;
	falls_find(&falls, r->levels, r->levels_n, r->how->reference_us);
	for (size_t i = 0; i < falls.n; i++)
		add_fall(r, &falls, &falls.falls[i]);
	falls_free(&falls);
	r->levels_n = r->regions_n = 0;
}

static void
keep_level(void *arg, const struct store_level *row)
{
	struct reader *r = arg;

	if (r->how->until_utc_us && row->utc_us > r->how->until_utc_us)
		return;
	if (strcmp(r->of.country, row->country) != 0 ||
		strcmp(r->of.source, row->source) != 0)
		end_source(r);
	if (!r->regions_n || strcmp(r->regions[r->regions_n - 1], row->region) != 0) {
		r->regions = grow(
			r->regions, r->regions_n, &r->regions_cap, sizeof *r->regions);
		memcpy(r->regions[r->regions_n++], row->region, sizeof *r->regions);
	}
	r->levels = grow(r->levels, r->levels_n, &r->levels_cap, sizeof *r->levels);
	r->levels[r->levels_n++] = (struct regional){
		.region = (uint32_t)r->regions_n - 1,
		.utc_us = row->utc_us,
		.value_micro = row->value_micro,
	};
	r->of = *row;
}

enum err
imported_read(struct imported *out, struct store *store, const struct imported_how *how)
{
	struct reader r = {.out = out, .how = how};
	enum err err;

	memset(out, 0, sizeof *out);
	err = store_each_outage(store, keep_outage, &r);
	if (err == OK)
		err = store_each_level(store, keep_level, &r);
	end_source(&r);
	for (size_t i = 0; i < r.outages_n; i++)
		add_outage(&r, i);
	free(r.rows);
	free(r.outages);
	free(r.levels);
	free(r.regions);
	return err;
}

void
imported_free(struct imported *imported)
{
	for (size_t i = 0; i < imported->n; i++) {
		buf_free(&imported->texts[i].networks);
		buf_free(&imported->texts[i].json);
		buf_free(&imported->texts[i].state);
	}
	free(imported->texts);
	free(imported->events);
	memset(imported, 0, sizeof *imported);
}
