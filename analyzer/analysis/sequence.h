#pragma once

#include "analyzer/analysis/neighbours.h"

/*
 * What happened in phases: events of which one begins where the other ends, at the same probes
 * or, both, in a large part of the country, and that are told otherwise. Pure.
 */
struct sequences {
	uint32_t
		*of; /* by place among the neighbours: the first of its sequence, itself
		       * where it is alone */
	size_t n;
};
void sequences_find(struct sequences *sequences, const struct neighbours *neighbours);
void sequences_free(struct sequences *sequences);
/* All of the sequence of the one at ${at}, that one included, in the order of time; 0 where it
 * is alone. Room for the places of all neighbours. */
size_t sequences_of(size_t *members, const struct sequences *sequences, size_t at);
