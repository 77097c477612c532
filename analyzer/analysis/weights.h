#pragma once

#include "analyzer/analysis/steps.h"

/*
 * The numbers of evidence.def as a text that a person edits. Three columns a line; empty
 * lines and those that begin with # are left out:
 *
 *   prior,CLASS,PROBABILITY    above 0, six digits at most behind the point; the four
 *                              classes add up to 1
 *   cap,GROUP,RATIO            how far a group may move any cause
 *   ROW,CLASS,RATIO            for every cause of the class that has no line of its own
 *   ROW,CLASS.CAUSE,RATIO
 *
 * A ratio is X10 (ten to one for), D10 (ten to one against) or a decimal (0.1 is D10), from
 * 1/10000 to 10000; it counts as the nearest centinat. Pure.
 */
#define WEIGHTS_BYTES_MAX ((size_t)256 * 1024)

/* Puts what the text says over ${weights}. ERR_FORMAT: not all of it could be read, and
 * then the line (from 1) and why, in one sentence. */
NODISCARD enum err weights_read(
	struct weights *weights, struct span text, uint64_t *line, struct buf *why);
/* Appends all of them, in a form from which weights_read() makes the same. */
void weights_print(struct buf *out, const struct weights *weights);
