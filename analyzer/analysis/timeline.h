#pragma once

#include "analyzer/analysis/steps.h"

/*
 * What a picture of an event shows: the ladder of each network over time, in cells. Pure.
 *
 * A band is what may be shown of several probes together. Probes are pooled until three
 * stand behind a band wherever the country has as many; of the power rung even a pooled
 * edge could be one home's, so it is told as counts before, during and after the event,
 * and of fewer than three probes not at all (WIRE.md, "What is public").
 */
#define TIMELINE_COLUMNS 72
#define TIMELINE_BANDS 12
#define TIMELINE_LEAST_PROBES 3
/* As many satellite probes make a band of their own; fewer count as fixed. */
#define TIMELINE_LEAST_SATELLITE 10

enum cell_state {
	CELL_ABSENT, /* before the first probe of the band ever measured, or after what
		      * could have arrived */
	CELL_SILENT, /* nothing at all came from any probe of the band */
	CELL_UNMEASURED, /* something came, but nothing that speaks of this rung */
	CELL_UP, /* more than half of what each probe tried succeeded; of quality: and
		  * most of it not slow, as detect() has it */
	CELL_PARTIAL, /* neither */
	CELL_DOWN, /* nothing that any probe tried succeeded */
	CELL_STATES,
};
const char *timeline_state_name(enum cell_state state);

struct cell {
	uint8_t state; /* enum cell_state */
	uint16_t up, partial, down; /* probes */
};

enum phase { PHASE_BEFORE, PHASE_DURING, PHASE_AFTER, PHASE_COUNT };

/* What was tried in one phase, its edges left out. For the power rung: what the probes
 * said of their supply. */
struct phase_sum {
	uint8_t state; /* enum cell_state */
	uint32_t tried, answered;
	uint16_t probes, heard; /* of the band; that said anything on any rung */
	uint16_t on_mains, supply_known; /* probes; power rung only */
	int64_t rate_bps; /* quality only: median of the last transfers, 0 too few */
};

enum band_kind {
	BAND_OPERATOR, /* asn, medium, and a region or "" */
	BAND_REGION, /* region; all operators and media */
	BAND_MEDIUM, /* medium; operators with too few probes */
	BAND_OTHERS, /* whatever is left */
	BAND_CONTROL, /* outside, for comparison */
};

/* The probes that stand behind a band. */
struct pool {
	uint8_t kind; /* enum band_kind */
	uint8_t medium; /* enum medium */
	uint32_t asn;
	char region[7];
	bool with_satellite; /* pooled with fixed lines */
	bool touched; /* a network of the event is among them */
	uint32_t probes;
};

struct band {
	struct pool pool;
	struct cell cells[RUNG_COUNT][TIMELINE_COLUMNS]; /* power: only phases count */
	struct phase_sum phases[RUNG_COUNT][PHASE_COUNT];
};

/* The event in question. end_hi_us 0: still open. */
struct timeline_ask {
	char country[3];
	int64_t start_lo_us, start_hi_us, end_lo_us, end_hi_us;
	bool by_region; /* it is a region's: show regions, not operators */
	const uint32_t *asns;
	size_t asns_n;
	const char *const *regions;
	size_t regions_n;
};

struct timeline {
	struct timeline_ask ask; /* its arrays are not kept */
	int64_t from_us,
		step_us; /* column i holds [from + i * step, from + (i+1) * step) */
	int64_t horizon_us; /* nothing later could have arrived */
	size_t columns;
	struct band *bands; /* touched ones first, the controls last */
	size_t bands_n;
	uint32_t left_out; /* probes of bands that found no room */
};

void timeline_make(struct timeline *timeline, const struct record *record,
	const struct timeline_ask *ask);
void timeline_free(struct timeline *timeline);
/* Does the band hold enough probes for its power rung to be told? */
bool timeline_tells_power(const struct pool *pool);
