/*
 * Whatever was measured, the pure steps end, stay inside their arrays, and say what adds up:
 * the same samples give the same verdicts, and probabilities sum to a million.
 *
 * Input: four bytes of setting, then ten bytes a sample.
 */
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/sample.h"
#include "analyzer/analysis/rollup.h"
#include "analyzer/analysis/steps.h"
#include "analyzer/analysis/timeline.h"
#include "tests/fuzz/fuzz.h"

#define PROBES 6
#define NETWORKS 4
#define TARGETS 6
#define SAMPLES 4096
#define POINTS 32
#define SAMPLE_BYTES 10
#define MILLION 1000000
#define START_US (INT64_C(1700000000) * MILLION)
/* The latest that steps.h promises of a sample. */
#define LATEST_US (INT64_C(1) << 54)

struct world {
	struct sample samples[SAMPLES];
	struct probe probes[PROBES];
	struct network networks[NETWORKS];
	struct target_info targets[TARGETS];
	struct point points[POINTS];
	struct record record;
};

static void
settle(struct world *w, const uint8_t *bytes)
{
	static const uint8_t rungs[TARGETS] = {RUNG_domestic, RUNG_domestic,
		RUNG_domestic, RUNG_international, RUNG_international, RUNG_names};
	struct record *r = &w->record;

	memset(w, 0, sizeof *w);
	for (size_t i = 0; i < NETWORKS; i++) {
		memcpy(w->networks[i].country, i == 3 ? "QY" : "QX", 3);
		w->networks[i].asn = (uint32_t)(i * (bytes[0] & 1));
		w->networks[i].medium = (uint8_t)(i % MEDIUM_COUNT);
	}
	for (size_t i = 0; i < PROBES; i++)
		w->probes[i] = (struct probe){
			.control = i == 5, .network = i == 5 ? 3 : (uint32_t)(i % 3)};
	for (size_t i = 0; i < TARGETS; i++) {
		w->targets[i].id[0] = (char)('a' + i);
		w->targets[i].rung = rungs[i];
		w->targets[i].asn = (uint32_t)(i / 2 * (bytes[0] >> 1 & 1));
		w->targets[i].name = (uint32_t)(bytes[0] & 4 ? i / 2 * 2 : i);
	}
	*r = (struct record){w->samples, 0, w->probes, PROBES, w->networks, NETWORKS,
		w->targets, TARGETS, w->points, bytes[0] & 8 ? POINTS : 0,
		.window_us = MILLION << (bytes[1] % 12),
		.reference_us = (int64_t)MILLION << (bytes[2] % 22)};
}

/* Four series of eight points; what they say comes from the setting. */
static void
route(struct world *w, const uint8_t *bytes)
{
	for (size_t i = 0; i < POINTS; i++)
		w->points[i] = (struct point){
			START_US + (int64_t)(i % 8) * w->record.window_us * bytes[3],
			(int64_t)bytes[i % 4] * MILLION >> (i % 8 * (bytes[1] & 1)),
			(uint32_t)(i / 8), "QX", (uint8_t)(i / 24), (uint32_t)(i / 8)};
}

static void
measure(struct world *w, const uint8_t *b, int64_t *now_us)
{
	struct sample *s = &w->samples[w->record.samples_n];
	int64_t step_us = w->record.window_us / 4 * (b[7] % 64);

	/* One in sixty-four has lost its clock. */
	*now_us += step_us < LATEST_US - *now_us ? step_us : 0;
	*s = (struct sample){
		.utc_us = b[7] >> 6 == 3 && b[8] % 16 == 1
				  ? 1 + (LATEST_US >> (b[8] >> 4) * 3) / 256 * b[9]
				  : *now_us,
		.probe = b[0] % PROBES,
		.target = b[1] % (TARGETS + 1),
		.segment = (uint32_t)w->record.samples_n / 8,
		.line = (uint32_t)w->record.samples_n % 8,
		.boot = b[2] % 4,
		.check = b[3] % CHECK_COUNT,
		.rung = b[4] % RUNG_COUNT,
		.outcome = b[5] % OUTCOME_COUNT,
		.supply = (b[6] >> 4) % SUPPLY_COUNT,
		.success = (int8_t)(b[6] % 3 - 1),
		.resolver = b[6] & 4,
		.stage = b[9] % STAGE_COUNT,
		.other_name = (int8_t)(b[8] % 3 - 1),
		.answer = b[5] % 3,
		.rtt_us = INT64_C(600000000) / 255 * b[8],
		.rate_bps = INT64_C(10000000) / 255 * b[9],
		.queue_us = INT64_C(600000000) / 255 * b[5],
		.loss_ppm = MILLION / 255 * b[8],
	};
	s->network = w->probes[s->probe].network;
	if (s->target == TARGETS)
		s->target = NO_TARGET;
	else if (b[2] & 0x80)
		s->rung = w->targets[s->target].rung;
	w->record.samples_n++;
}

static void
must_sum(const int32_t *ppm, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		must(ppm[i] >= 0);
		sum += ppm[i];
	}
	must(sum == MILLION);
}

static void
must_hold(const struct verdict *v, const struct observation *o, size_t n,
	const struct record *r)
{
	must_sum(v->cause_ppm, CAUSE_COUNT);
	must_sum(v->class_ppm, CLASS_COUNT);
	must_sum(v->measured_ppm, CLASS_COUNT);
	must(v->cause < CAUSE_COUNT && evidence_class(v->cause) == v->class);
	must(v->deliberate_ppm >= 0 && v->deliberate_ppm <= MILLION);
	for (size_t i = 0; i < n; i++) {
		struct buf says = {0};

		must(i == 0 || o[i].row > o[i - 1].row);
		must(o[i].n <= o[i].of && o[i].of <= PROBES);
		must(o[i].lines_n <= OBSERVATION_LINES);
		for (uint32_t l = 0; l < o[i].lines_n; l++)
			must(o[i].lines[l] < r->samples_n);
		evidence_sentence(&says, &o[i]);
		must(says.len > 0 && !strchr(says.data, '{'));
		buf_free(&says);
	}
}

static void
must_be_event(const struct event *e, const struct anomaly *anomalies, size_t n)
{
	uint32_t event = 0;

	must(e->n > 0 && e->first + e->n <= n);
	must(e->affected > 0 && e->affected <= PROBES);
	must(e->start_lo_us <= e->start_hi_us);
	must(!e->end_hi_us || e->end_hi_us >= e->end_lo_us);
	event = anomalies[e->first].event;
	for (uint32_t i = 0; i < e->n; i++)
		must(anomalies[e->first + i].event == event);
}

/* What a picture of the event would show. */
static void
must_be_timeline(const struct event *e, const struct record *r)
{
	struct timeline_ask ask = {.start_lo_us = e->start_lo_us,
		.start_hi_us = e->start_hi_us,
		.end_lo_us = e->end_lo_us,
		.end_hi_us = e->end_hi_us,
		.by_region = e->n % 2};
	struct timeline timeline;
	uint32_t probes = 0;

	memcpy(ask.country, e->country, sizeof ask.country);
	timeline_make(&timeline, r, &ask);
	must(timeline.columns > 0 && timeline.columns <= TIMELINE_COLUMNS);
	must(timeline.bands_n <= TIMELINE_BANDS && timeline.step_us > 0);
	for (size_t b = 0; b < timeline.bands_n; b++) {
		const struct band *band = &timeline.bands[b];

		probes += band->pool.probes;
		for (size_t rung = 0; rung < RUNG_COUNT; rung++) {
			for (size_t c = 0; c < timeline.columns; c++)
				must(band->cells[rung][c].state < CELL_STATES);
			for (size_t p = 0; p < PHASE_COUNT; p++)
				must(band->phases[rung][p].answered <=
					band->phases[rung][p].tried);
		}
	}
	must(probes + timeline.left_out <= r->probes_n);
	timeline_free(&timeline);
}

/* All of the steps; the hash of all that they say. */
static uint64_t
analyse(const struct record *r)
{
	struct bin *bins =
		calloc(ROLLUP_BINS * r->samples_n + r->probes_n, sizeof *bins);
	size_t bins_n = rollup(bins, r), anomalies_n, events_n;
	struct anomaly *anomalies = calloc(bins_n + 1, sizeof *anomalies);
	struct event *events = calloc(bins_n + 1, sizeof *events);
	uint64_t hash = 14695981039346656037u;
	struct joined joined;

	must(bins_n <= ROLLUP_BINS * r->samples_n + r->probes_n);
	anomalies_n = detect(anomalies, bins, bins_n, r);
	must(anomalies_n <= bins_n);
	events_n = join(events, anomalies, anomalies_n, r);
	must(events_n <= anomalies_n);
	joined = (struct joined){anomalies, anomalies_n, events, events_n};
	for (size_t i = 0; i < events_n; i++) {
		struct observation observations[ROW_COUNT];
		struct witness witness;
		struct verdict verdict;
		size_t n;

		must_be_event(&events[i], anomalies, anomalies_n);
		n = observe(observations, &witness, &events[i], &joined, r);
		must(n <= ROW_COUNT);
		must(witness.alive <= witness.reporting &&
			witness.reporting <= witness.expected);
		must_be_timeline(&events[i], r);
		classify(&verdict, observations, n, evidence_weights());
		must_hold(&verdict, observations, n, r);
		for (size_t c = 0; c < CAUSE_COUNT; c++)
			hash = (hash ^ (uint32_t)verdict.cause_ppm[c]) * 1099511628211u;
		hash = (hash ^ (uint64_t)events[i].start_hi_us) * 1099511628211u;
	}
	free(events);
	free(anomalies);
	free(bins);
	return hash;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	int64_t now_us = START_US;

	if (size < 4)
		return 0;
	settle(&w, data);
	route(&w, data);
	w.record.horizon_us = START_US + w.record.window_us * (data[3] * 4);
	for (size_t at = 4; at + SAMPLE_BYTES <= size && w.record.samples_n < SAMPLES;
		at += SAMPLE_BYTES)
		measure(&w, data + at, &now_us);
	qsort(w.samples, w.record.samples_n, sizeof w.samples[0], sample_by_time);
	must(analyse(&w.record) == analyse(&w.record));
	return 0;
}
