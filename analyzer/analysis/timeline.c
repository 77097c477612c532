#include "analyzer/analysis/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/bands.h"
#include "common/ladder.h"
#include "common/log.h"

/* A gap of so many windows in what a probe measured is silence, as for rollup(). */
#define SILENCE_WINDOWS 2
/* A measurement that says it took longer counts as this long: jobs end sooner. */
#define TOOK_MOST_US (120 * INT64_C(1000000))
/* Room before and after the event: half its length, some windows at least. */
#define MARGIN_WINDOWS 8

/* What one probe said, by column. */
struct track {
	bool heard[TIMELINE_COLUMNS], begun[TIMELINE_COLUMNS];
	uint16_t tried[RUNG_COUNT][TIMELINE_COLUMNS];
	uint16_t answered[RUNG_COUNT][TIMELINE_COLUMNS];
	uint16_t slow[TIMELINE_COLUMNS]; /* transfers */
	int64_t usual_bps; /* before the event; -1 unknown */
	struct baseline *rates; /* of the band, by phase */
	bool spoke[PHASE_COUNT], on_mains[PHASE_COUNT], supply_known[PHASE_COUNT];
};

const char *
timeline_state_name(enum cell_state state)
{
	static const char *const names[CELL_STATES] = {
		[CELL_ABSENT] = "no probe yet",
		[CELL_SILENT] = "silent",
		[CELL_UNMEASURED] = "not measured",
		[CELL_UP] = "up",
		[CELL_PARTIAL] = "partial",
		[CELL_DOWN] = "down",
	};

	return names[state];
}

bool
timeline_tells_power(const struct pool *pool)
{
	return pool->probes >= TIMELINE_LEAST_PROBES;
}

static int64_t
end_of(const struct timeline *t)
{
	return t->from_us + (int64_t)t->columns * t->step_us;
}

/* Columns are whole windows wide, and begin where windows do. */
static void
lay_out(struct timeline *t, const struct record *r, const struct timeline_ask *ask)
{
	int64_t end_us = ask->end_hi_us ? ask->end_hi_us : r->horizon_us;
	int64_t span_us, margin_us, to_us;

	if (end_us < ask->start_hi_us)
		end_us = ask->start_hi_us;
	span_us = end_us - ask->start_lo_us;
	margin_us = span_us / 2;
	if (margin_us < MARGIN_WINDOWS * r->window_us)
		margin_us = MARGIN_WINDOWS * r->window_us;
	to_us = end_us + margin_us < r->horizon_us ? end_us + margin_us : r->horizon_us;
	if (to_us < end_us)
		to_us = end_us;
	t->from_us = ask->start_lo_us > margin_us ? ask->start_lo_us - margin_us : 0;
	t->step_us = (to_us - t->from_us) / ((TIMELINE_COLUMNS - 2) * r->window_us);
	t->step_us = (t->step_us + 1) * r->window_us;
	t->from_us -= t->from_us % t->step_us;
	t->columns = (size_t)((to_us - t->from_us) / t->step_us) + 1;
	if (t->columns > TIMELINE_COLUMNS)
		t->columns = TIMELINE_COLUMNS;
}

/* The columns that [from, to] touches; false: none. */
static bool
columns_of(size_t *first, size_t *last, const struct timeline *t, int64_t from_us,
	int64_t to_us)
{
	if (to_us < t->from_us || from_us >= end_of(t))
		return false;
	*first = from_us <= t->from_us ? 0
				       : (size_t)((from_us - t->from_us) / t->step_us);
	*last = to_us >= end_of(t) ? t->columns - 1
				   : (size_t)((to_us - t->from_us) / t->step_us);
	return true;
}

static void
hear(struct track *track, const struct timeline *t, int64_t from_us, int64_t to_us)
{
	size_t first, last;

	if (columns_of(&first, &last, t, from_us, to_us))
		memset(&track->heard[first], true, last - first + 1);
}

/* A failure lasted from its try to its end; a success came at its end. */
static void
count(struct track *track, const struct timeline *t, enum rung rung, bool good,
	int64_t from_us, int64_t to_us)
{
	size_t first, last;

	if (!columns_of(&first, &last, t, good ? to_us : from_us, to_us))
		return;
	for (size_t c = first; c <= last; c++) {
		track->tried[rung][c] += track->tried[rung][c] < UINT16_MAX;
		track->answered[rung][c] +=
			good && track->answered[rung][c] < UINT16_MAX;
	}
}

/* In which phase an instant surely lies; PHASE_COUNT: between two. */
static enum phase
phase_of(const struct timeline *t, int64_t utc_us)
{
	const struct timeline_ask *ask = &t->ask;

	if (utc_us < t->from_us || utc_us >= end_of(t))
		return PHASE_COUNT;
	if (utc_us < ask->start_lo_us)
		return PHASE_BEFORE;
	if (utc_us < ask->start_hi_us)
		return PHASE_COUNT;
	if (!ask->end_hi_us || utc_us <= ask->end_lo_us)
		return PHASE_DURING;
	return utc_us > ask->end_hi_us ? PHASE_AFTER : PHASE_COUNT;
}

static void
sum(struct band *band, enum rung rung, enum phase phase, bool good)
{
	if (phase == PHASE_COUNT)
		return;
	band->phases[rung][phase].tried++;
	band->phases[rung][phase].answered += good;
}

static void
take_supply(struct track *track, const struct sample *s, enum phase phase)
{
	if (phase == PHASE_COUNT || s->supply == SUPPLY_unknown)
		return;
	if (!track->supply_known[phase])
		track->on_mains[phase] = true;
	track->supply_known[phase] = true;
	track->on_mains[phase] = track->on_mains[phase] && s->supply == SUPPLY_mains;
}

static void
take_rate(struct track *track, const struct timeline *t, const struct sample *s,
	int64_t end_us, enum phase phase)
{
	size_t first, last;

	if (s->rate_bps <= 0)
		return;
	if (phase != PHASE_COUNT)
		baseline_add(&track->rates[phase], 0, s->rate_bps);
	if (rollup_is_slow(s, track->usual_bps) &&
		columns_of(&first, &last, t, end_us, end_us))
		track->slow[first] += track->slow[first] < UINT16_MAX;
}

static void
take_sample(struct track *track, struct band *band, const struct timeline *t,
	const struct sample *s)
{
	int64_t took_us = s->took_us < TOOK_MOST_US ? s->took_us : TOOK_MOST_US;
	int64_t end_us = s->utc_us + (took_us > 0 ? took_us : 0);
	enum phase phase = phase_of(t, s->success == 1 ? end_us : s->utc_us);
	enum rung second = ladder_second((enum check)s->check);

	hear(track, t, s->utc_us, end_us);
	if (phase != PHASE_COUNT)
		track->spoke[phase] = true;
	if (s->check == CHECK_power)
		take_supply(track, s, phase);
	if (s->check == CHECK_speed && s->success == 1)
		take_rate(track, t, s, end_us, phase);
	if (s->success < 0 || s->rung == RUNG_power)
		return;
	count(track, t, (enum rung)s->rung, s->success == 1, s->utc_us, end_us);
	sum(band, (enum rung)s->rung, phase, s->success == 1);
	if (second == RUNG_COUNT || second == (enum rung)s->rung)
		return;
	count(track, t, second, s->success == 1, s->utc_us, end_us);
	sum(band, second, phase, s->success == 1);
}

static int64_t
usual_rate(const struct timeline *t, const struct record *r, uint32_t probe)
{
	struct baseline rates = {0};
	size_t first, n = record_find(&first, r, probe,
			      t->ask.start_lo_us - r->reference_us, t->ask.start_lo_us);

	for (size_t i = first; i < first + n; i++)
		if (r->samples[i].check == CHECK_speed && r->samples[i].rate_bps > 0)
			baseline_add(&rates, 0, r->samples[i].rate_bps);
	return baseline_median(&rates, 0);
}

/* Between two measurements that lie no further apart than a probe's round it was there,
 * only had nothing to say. */
static void
listen(struct track *track, struct band *band, const struct timeline *t,
	const struct record *r, uint32_t probe)
{
	int64_t most_us = SILENCE_WINDOWS * r->window_us, last_us = INT64_MIN / 2;
	int64_t from_us = t->from_us - most_us - TOOK_MOST_US;
	int64_t to_us = end_of(t) < t->horizon_us ? end_of(t) - 1 : t->horizon_us;
	size_t first, n, begun, last;

	record_find(&first, r, probe, 0, INT64_MAX);
	if (columns_of(&begun, &last, t, r->samples[first].utc_us, INT64_MAX))
		memset(&track->begun[begun], true, t->columns - begun);
	n = record_find(&first, r, probe, from_us, end_of(t) + most_us);
	for (size_t i = first; i < first + n; i++) {
		const struct sample *s = &r->samples[i];
		int64_t took_us = s->took_us < TOOK_MOST_US ? s->took_us : TOOK_MOST_US;

		if (s->utc_us > last_us && s->utc_us - last_us <= most_us)
			hear(track, t, last_us, s->utc_us);
		take_sample(track, band, t, s);
		if (s->utc_us + took_us > last_us)
			last_us = s->utc_us + took_us;
	}
	if (last_us < to_us && to_us - last_us <= most_us)
		hear(track, t, last_us, to_us);
}

/* One probe's word on a rung in a column joins the band's. */
static void
fold_cell(
	struct cell *cell, unsigned int tried, unsigned int answered, unsigned int slow)
{
	bool up = 2 * answered > tried && 2 * slow < answered;

	if (!tried)
		return;
	cell->up += up;
	cell->partial += answered > 0 && !up;
	cell->down += answered == 0;
}

static void
fold(struct band *band, bool heard[TIMELINE_COLUMNS], bool begun[TIMELINE_COLUMNS],
	const struct track *track)
{
	for (size_t c = 0; c < TIMELINE_COLUMNS; c++) {
		heard[c] = heard[c] || track->heard[c];
		begun[c] = begun[c] || track->begun[c];
		for (size_t r = 0; r < RUNG_COUNT; r++)
			fold_cell(&band->cells[r][c], track->tried[r][c],
				track->answered[r][c],
				r == RUNG_quality ? track->slow[c] : 0);
	}
	for (size_t p = 0; p < PHASE_COUNT; p++)
		for (size_t r = 0; r < RUNG_COUNT; r++) {
			struct phase_sum *s = &band->phases[r][p];

			s->probes++;
			s->heard += track->spoke[p];
			s->on_mains += track->on_mains[p];
			s->supply_known += track->supply_known[p];
		}
}

static enum cell_state
judge(const struct cell *cell, bool heard, bool begun)
{
	if (!heard)
		return begun ? CELL_SILENT : CELL_ABSENT;
	if (!cell->up && !cell->partial && !cell->down)
		return CELL_UNMEASURED;
	if (!cell->partial && !cell->down)
		return CELL_UP;
	return cell->up || cell->partial ? CELL_PARTIAL : CELL_DOWN;
}

static enum cell_state
judge_power(const struct phase_sum *s)
{
	if (!s->heard)
		return CELL_SILENT;
	if (!s->supply_known)
		return CELL_UNMEASURED;
	if (s->on_mains == s->supply_known && s->heard == s->probes)
		return CELL_UP;
	return s->on_mains ? CELL_PARTIAL : CELL_DOWN;
}

static enum cell_state
judge_phase(const struct phase_sum *s)
{
	if (!s->tried)
		return s->heard ? CELL_UNMEASURED : CELL_SILENT;
	if (!s->answered)
		return CELL_DOWN;
	return 2 * (uint64_t)s->answered > s->tried ? CELL_UP : CELL_PARTIAL;
}

static void
judge_band(struct band *band, const struct timeline *t,
	const bool heard[TIMELINE_COLUMNS], const bool begun[TIMELINE_COLUMNS])
{
	for (size_t r = 0; r < RUNG_COUNT; r++) {
		for (size_t c = 0; c < t->columns; c++) {
			int64_t at_us = t->from_us + (int64_t)c * t->step_us;
			bool could = at_us <= t->horizon_us;

			band->cells[r][c].state = (uint8_t)judge(
				&band->cells[r][c], heard[c], could && begun[c]);
		}
		for (size_t p = 0; p < PHASE_COUNT; p++) {
			struct phase_sum *s = &band->phases[r][p];

			s->state = (uint8_t)(r == RUNG_power ? judge_power(s)
							     : judge_phase(s));
		}
	}
}

static void
judge_rates(struct band *band, const struct baseline rates[PHASE_COUNT])
{
	for (size_t p = 0; p < PHASE_COUNT; p++) {
		int64_t median = baseline_median(&rates[p], 0);

		band->phases[RUNG_quality][p].rate_bps = median > 0 ? median : 0;
	}
}

static void
fill(struct timeline *t, const struct record *r, const uint32_t *band_of)
{
	struct track *track = malloc(sizeof *track);

	if (!track)
		bug("no memory for a timeline");
	for (size_t b = 0; b < t->bands_n; b++) {
		bool heard[TIMELINE_COLUMNS] = {0}, begun[TIMELINE_COLUMNS] = {0};
		struct baseline rates[PHASE_COUNT] = {0};

		for (uint32_t p = 0; p < r->probes_n; p++) {
			if (band_of[p] != b)
				continue;
			memset(track, 0, sizeof *track);
			track->rates = rates;
			track->usual_bps = usual_rate(t, r, p);
			listen(track, &t->bands[b], t, r, p);
			fold(&t->bands[b], heard, begun, track);
		}
		judge_band(&t->bands[b], t, heard, begun);
		judge_rates(&t->bands[b], rates);
	}
	free(track);
}

void
timeline_make(
	struct timeline *t, const struct record *r, const struct timeline_ask *ask)
{
	uint32_t *band_of = calloc(r->probes_n + 1, sizeof *band_of);
	struct pool pools[TIMELINE_BANDS];

	*t = (struct timeline){.ask = *ask, .horizon_us = r->horizon_us};
	t->bands = calloc(TIMELINE_BANDS, sizeof *t->bands);
	if (!t->bands || !band_of)
		bug("no memory for a timeline");
	lay_out(t, r, ask);
	t->bands_n = bands_pool(pools, band_of, &t->left_out, r, ask);
	for (size_t b = 0; b < t->bands_n; b++)
		t->bands[b].pool = pools[b];
	fill(t, r, band_of);
	free(band_of);
	t->ask.asns = NULL;
	t->ask.regions = NULL;
	t->ask.asns_n = t->ask.regions_n = 0;
}

void
timeline_free(struct timeline *t)
{
	free(t->bands);
	*t = (struct timeline){0};
}
