#pragma once

#include "analyzer/analysis/steps.h"
#include "analyzer/store/store.h"
#include "common/measurement.h"

/*
 * When each stored segment lies in time: one answer for the analysis and for every listing,
 * so that a stranger finds the rows of a verdict where the verdict says they are.
 */

/* What the analyzer wrote of a probe's network, and when; 0 and "" where it did not. */
struct where_note {
	uint32_t asn;
	char country[3];
	int64_t utc_us;
};

/* Takes a header line of a segment into its claim, and of a where line its note (which the
 * opener verified). The lines come in their order: the clock's is before where. */
void times_take(
	struct claim *claim, struct where_note *note, const struct measurement *line);

struct times;

/* Of all stored segments whose epoch begins with ${epoch} ("": all). */
NODISCARD enum err times_read(
	struct times **times, struct store *store, const char *epoch);
/* What is to be added to t_us in this segment. To be asked in the order in which the store
 * gives them. False: it came after times_read(). */
bool times_offset(
	int64_t *offset_us, struct times *times, const struct store_segment *segment);
void times_free(struct times *times);
