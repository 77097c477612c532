#pragma once

#include "analyzer/analysis/steps.h"

/*
 * All events of an analysis beside one another: whose probes are whose, and which lie where
 * another was. What timetables and relations are told from. Pure.
 */
struct neighbour {
	const char *id; /* not looked at here: for those who write it */
	const struct event *event;
	const struct verdict *verdict; /* NULL: nothing is said of it */
};

/* Fewer probes make no claim about what came before or after what. */
#define NEIGHBOUR_PROBES 3

/* Where the probes of one event are, as another event knows it: of ${of}, so many are its own,
 * are in a region that is out in it (half of its probes, or more), are of such an operator. */
struct nearness {
	uint32_t of, own, region, operator;
};

struct neighbours {
	const struct neighbour *all; /* by event */
	const struct anomaly *anomalies;
	const struct record *record;
	uint32_t *
		order; /* those that are said and have NEIGHBOUR_PROBES, by their start */
	size_t order_n;
	size_t words; /* of a set of probes */
	uint64_t *
		sets; /* of each in that order: its own probes, those of its regions, those
			 * of its operators */
};

/* What is given stays the caller's, and must outlive it. */
void neighbours_open(struct neighbours *neighbours, const struct neighbour *all,
	size_t n, const struct anomaly *anomalies, const struct record *record);
void neighbours_close(struct neighbours *neighbours);

/* From here on an event is told by its place in the order. */
const struct neighbour *neighbours_at(const struct neighbours *neighbours, size_t at);
/* SIZE_MAX: it has no place there. */
size_t neighbours_find(const struct neighbours *neighbours, const struct event *event);
uint32_t neighbours_probes(const struct neighbours *neighbours, size_t at);
uint32_t neighbours_shared(const struct neighbours *neighbours, size_t a, size_t b);
struct nearness neighbours_near(
	const struct neighbours *neighbours, size_t later, size_t earlier);
