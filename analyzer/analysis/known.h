#pragma once

#include "analyzer/analysis/steps.h"
#include "analyzer/steps.h"
#include "analyzer/store/store.h"

/* What the store says of probes and targets, and what others measured: all but segments. */
struct known {
	struct probe *probes; /* in the order of their epochs */
	struct known_probe {
		char epoch[65], cohort[33];
		int64_t enrolled_utc_us;
	} * names; /* by probe */
	struct target_info *targets; /* in the order in which they came first */
	struct known_target {
		char host[254];
		bool resolver; /* asked of the configured resolver */
	} * hosts; /* by target */
	uint32_t *ids; /* targets in the order of their ids */
	struct point *points;
	size_t probes_n, targets_n, points_n;
	char targets_hash[HASH_HEX_BYTES]; /* of the newest list */
};

/* Points after until_utc_us are left out (0: none are). To be freed in any case. */
NODISCARD enum err known_read(struct known *known, struct store *store,
	const struct settings *settings, int64_t until_utc_us);
void known_free(struct known *known);
/* UINT32_MAX: nobody. */
uint32_t known_probe(const struct known *known, const char *epoch);
/* NO_TARGET: none. */
uint32_t known_target(const struct known *known, const char *id);
/* The same probes and targets, but for where the probes are? */
bool known_same(const struct known *a, const struct known *b);
