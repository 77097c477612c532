#pragma once

#include "analyzer/analysis/known.h"
#include "analyzer/analysis/steps.h"
#include "analyzer/steps.h"
#include "common/crypto.h"

/*
 * What is stored, decoded and placed in time and space: the input of the pure steps. Kept
 * from one analysis to the next, it reads only what has come since, and of a probe whose
 * past has changed (late segments, a late anchor) all of that probe: what it holds is what
 * it would hold if it were read from nothing.
 */

/* One stored segment of a probe, without its bytes. */
struct loaded_segment {
	uint64_t seq;
	int64_t received_utc_us;
	int64_t anchor_utc_us; /* 0 none */
	int64_t first_utc_us, last_utc_us; /* of its measurements; 0 none */
	uint8_t chain[HASH_BYTES]; /* over the ids of this probe's segments up to it */
};

/* What is known of one probe from its segments. */
struct loaded_probe {
	struct loaded_segment *segments; /* by seq; sample.segment counts them */
	size_t segments_n, segments_cap;
	struct again *again; /* lines that may be said again */
	size_t again_n, again_cap;
	struct claim last; /* of its last segment */
	struct claim
		anchor; /* that places what comes next, if it is of the same boot */
	bool has_anchor;
	uint32_t boot; /* the greatest */
	bool cut; /* measurements were left out that a later end would let in */
	bool anew; /* all of it is to be read again */
	size_t room; /* places on the shelf */
};

struct loaded {
	struct record record; /* points into what follows */
	struct known known;
	const struct sample *samples;
	struct target_info *targets;
	struct point *points;
	struct network *networks;
	size_t networks_cap;
	struct extent *extents; /* by probe */
	size_t *fresh; /* by probe: so many samples of it are as they were */
	struct loaded_probe *probes;
	struct shelf *shelf;
	int64_t stored_n; /* segments that were looked at */
	int64_t received_utc_us; /* when the newest of them came */
	int64_t until_utc_us;
	/* Set by each reading: nothing before this is other than it was. */
	int64_t changed_utc_us;
	char targets_hash[HASH_HEX_BYTES]; /* of the newest list */
};

/* Begins as zeroes. Samples after until_utc_us are left out (0: none are). */
NODISCARD enum err load_update(struct loaded *loaded, struct store *store,
	const struct settings *settings, int64_t until_utc_us);
/* From nothing. */
NODISCARD enum err load_read(struct loaded *loaded, struct store *store,
	const struct settings *settings, int64_t until_utc_us);
/* Gives back the memory of the samples that were looked at. */
void load_rest(struct loaded *loaded);
void load_free(struct loaded *loaded);
