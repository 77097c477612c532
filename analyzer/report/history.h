#pragma once

#include "analyzer/analysis/ids.h"
#include "analyzer/analysis/load.h"
#include "analyzer/report/verdict.h"

/*
 * What changed a verdict: at each analysis that knows more than all before it, what of an
 * event is said otherwise than the last time. The same deliveries, analysed at the same
 * points, give the same history: its times are those of the newest arrival, of no clock.
 *
 * One JSON object a change, numbered from 1 for each event:
 *
 *   event, n
 *   horizon   the newest arrival that it knew of
 *   arrived   {"segments", "probes"} since the change before; of the first: all there was
 *   from, to  of class, cause, standing, start, end and version those that differ, and the
 *             class_probability; from is null where it was said for the first time
 *   came, went  [{"row", "says"}] of the evidence
 *   part_of   withdrawn, as it turned out to be a part of this event; or null
 *
 * The first change and the newest HISTORY_MOST - 1 are kept.
 */
#define HISTORY_MOST 32

struct history {
	struct store *store;
	const struct loaded *loaded;
	bool notes; /* this analysis is one that makes history */
};

/* Appends what will be compared, as a text. An edge that moves by less than a second, or a
 * figure in a sentence, is no change. */
void history_state(struct buf *out, const struct described *d);

/* Between store_begin() and store_commit(). With ${weights} that are not official, or where
 * an analysis before knew of more, nothing is noted. */
NODISCARD enum err history_begin(struct history *history, struct store *store,
	const struct loaded *loaded, const struct weights *weights);
/* ${state} as of history_state(). */
NODISCARD enum err history_note(
	const struct history *history, const char *event, struct span state);
/* This event was not found any more: it is withdrawn, if this analysis makes history, or
 * forgotten, where only one that looked back ever found it; else hidden until one does. ${part_of}: the event that it is a part of now, or NULL. */
NODISCARD enum err history_lose(
	const struct history *history, const char *event, const char *part_of);
/* ${ids}: all events that stand now or were withdrawn. */
NODISCARD enum err history_end(const struct history *history, const struct ids *ids);
/* Where one came after it that made none: those that the newest that did has left. */
NODISCARD enum err history_recall(struct ids *ids, struct store *store);
