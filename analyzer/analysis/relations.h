#pragma once

#include "analyzer/analysis/surroundings.h"

/*
 * What came before an event, what it came after, and what went on at the same time where it
 * was: of timing alone. Each tells beside it how often the like happened without it. Pure.
 */

/* How the one may have come from the other: by what they share. */
enum reach {
	REACH_OWN, /* probes */
	REACH_REGION, /* regions that are out */
	REACH_OPERATOR, /* operators that are out */
};

struct relation {
	size_t at; /* the other's place among the neighbours */
	uint8_t reach; /* enum reach */
	bool long_before; /* precursors: an order of days before */
	/* So many of so many probes share that: of the later one's (follows), of the other's
	 * (precursors), of its own (overlaps). */
	uint32_t n, of;
	int64_t apart_us; /* between the starts, surely */
	uint32_t alike; /* others like it earlier, without the one it is told beside */
};

/* So many are told: those with the most probes, in the order of time. */
#define RELATIONS_MOST 16

/* Events that went on when it began, and that had begun in the twelve hours before (batteries of
 * masts last two to ten: SCIENCE E22, E23), larger at the same probes, or where most of its
 * probes are: in regions, or at operators, that are out in them. alike: those that began where
 * it did in the week before the other. */
#define RELATIONS_CASCADE_US (INT64_C(12) * 3600 * 1000000)
size_t relations_follows(struct relation relations[static RELATIONS_MOST],
	const struct surroundings *surroundings, size_t at);

/* Smaller events, or of another kind, most of whose probes it then hit, that began in the day
 * before. Of a shutdown or throttling also what was told so in the week before, half as large at
 * most, and over: orders are tried out (SCIENCE E2, E5). alike: of the same kind, earlier, within
 * the reference. */
#define RELATIONS_BEFORE_US (INT64_C(24) * 3600 * 1000000)
#define RELATIONS_LONG_BEFORE_US (INT64_C(7) * 24 * 3600 * 1000000)
size_t relations_precursors(struct relation relations[static RELATIONS_MOST],
	const struct surroundings *surroundings, size_t at);

/* Events of another cause that went on while it did, at some of its probes, or each in regions
 * that are out in the other. */
size_t relations_overlaps(struct relation relations[static RELATIONS_MOST],
	const struct surroundings *surroundings, size_t at);
