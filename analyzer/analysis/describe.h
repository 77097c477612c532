#pragma once

#include "analyzer/analysis/analyze.h"

/* Puts what was found of an event into words: its verdict and the state that its history
 * compares, with what is proved of its edges and the hash of what was looked at. Fills the
 * texts and the row to store, which points into them. */
void describe_event(struct judged *judged, const struct analysis *analysis,
	const struct event *event);
