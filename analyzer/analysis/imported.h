#pragma once

#include "analyzer/analysis/ids.h"
#include "analyzer/analysis/steps.h"
#include "analyzer/steps.h"
#include "analyzer/store/store.h"

/* Events that rest on what others measured alone: imported outages, a row an event, and
 * falls of imported levels of regions. */
struct imported {
	struct store_event *events; /* point into what follows */
	size_t n, cap;
	struct imported_texts {
		struct buf networks, json;
		struct buf state; /* as of history_state() */
	} * texts; /* of each event */
};

struct imported_how {
	struct ids *earlier; /* of the analysis before */
	const struct weights *weights;
	const struct store_context *context; /* shown beside */
	size_t context_n;
	int64_t reference_us; /* how far back a baseline looks */
	int64_t until_utc_us; /* rows that begin later are left out; 0: none are */
};
/* Frees with imported_free(), also after an error. */
NODISCARD enum err imported_read(
	struct imported *out, struct store *store, const struct imported_how *how);
void imported_free(struct imported *imported);
