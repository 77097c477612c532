#pragma once

#include "analyzer/analysis/ids.h"
#include "analyzer/analysis/imported.h"
#include "analyzer/analysis/load.h"
#include "analyzer/analysis/stand.h"
#include "analyzer/analysis/steps.h"
#include "analyzer/analysis/surroundings.h"
#include "analyzer/analysis/watch.h"
#include "analyzer/store/store.h"

/*
 * What one analysis holds while the steps that know the store go over it, in this order:
 * judge (compute, and fetch the lines), naming, describe, keep. analyzer/steps.h says how
 * an analysis is run.
 */

/* What is proved of an event's edges, and what its verdict was computed from. */
struct proved {
	int64_t start_not_before_us, start_not_after_us; /* 0 nothing */
	int64_t end_not_before_us, end_not_after_us;
	char baseline_hash[HASH_HEX_BYTES]; /* "" not yet known */
};

/* What one event became, with its texts. */
struct judged {
	struct witness witness;
	struct verdict verdict;
	struct observation observations[ROW_COUNT];
	size_t observations_n;
	char lines[ROW_COUNT][OBSERVATION_LINES][HASH_HEX_BYTES];
	char id[ID_BYTES];
	int64_t ended_us; /* when the stored event of that id had; INT64_MAX: it had not */
	struct buf asns, networks, json, state;
	struct store_event stored;
	struct proved proved;
	bool stands; /* its verdict is that of the analysis before */
};

struct analysis {
	const struct weights *weights;
	char version[EVIDENCE_VERSION_BYTES]; /* theirs */
	const struct settings *settings;
	struct loaded loaded;
	struct watch watch;
	struct anomaly *anomalies;
	struct event *events;
	struct judged *judged;
	struct neighbour *neighbours; /* by event */
	struct surroundings surroundings; /* while they are described */
	struct ids earlier;
	struct imported imported;
	struct store_context *context;
	size_t context_n;
	size_t anomalies_n, events_n;
	struct findings before; /* what the analysis before found; owns its arrays */
	struct judged *judged_before;
};

/* ${n} zeroed records, and never none: there is always something to free. */
void *analyze_room(size_t n, size_t size);
