#pragma once

#include "analyzer/analysis/steps.h"
#include "analyzer/steps.h"
#include "common/crypto.h"

/* What is stored, decoded and placed in time and space: the input of the pure steps. */

/* One stored segment, without its bytes. */
struct loaded_segment {
	char epoch[65];
	uint64_t seq;
	uint8_t id[HASH_BYTES];
	int64_t received_utc_us;
	int64_t anchor_utc_us; /* 0 none */
	int64_t first_utc_us, last_utc_us; /* of its measurements; 0 none */
};

struct loaded {
	struct record record; /* points into what follows */
	struct sample *samples;
	struct probe *probes;
	struct network *networks;
	struct target_info *targets;
	struct point *points;
	struct loaded_segment *segments;
	size_t segments_n;
	char targets_hash[HASH_HEX_BYTES]; /* of the newest list */
};

/* Samples after until_utc_us are left out (0: none are). */
NODISCARD enum err load_read(struct loaded *loaded, struct store *store,
	const struct settings *settings, int64_t until_utc_us);
void load_free(struct loaded *loaded);
