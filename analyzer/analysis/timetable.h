#pragma once

#include "analyzer/analysis/neighbours.h"

/*
 * Which events keep a timetable: three or more of the same kind, at the same probes and about as
 * long, that begin at the same time of days at most eight apart. An attribute of events, and no
 * cause: curfews, load shedding, weekly maintenance and crowded evenings keep one. Pure.
 */
#define TIMETABLE_LEAST 3

/* Do they begin at the same time of other days, not too far apart? Edges that are known badly
 * have ten minutes more. */
bool timetable_same_time(const struct event *a, const struct event *b);
/* Does the one's verdict look at the other for that: are both losses of one country, of two
 * probes and more, that began at the same time? */
bool timetable_has(const struct event *a, const struct event *b);

struct timetables {
	uint32_t *
		of; /* by place among the neighbours: the first of its timetable; its own
		       * place where it keeps none */
	size_t n;
};
void timetables_find(
	struct timetables *timetables, const struct neighbours *neighbours);
void timetables_free(struct timetables *timetables);

struct timetable {
	uint32_t n, days; /* how many; the period */
	uint32_t of; /* times from the first to the last at which it could have begun */
	uint32_t otherwise; /* of them: those of another class than this one */
	int64_t apart_us; /* the times of day differ by so much at most */
	int64_t least_us, most_us; /* how long those lasted that ended */
};
/* That which the event at ${at} keeps; false: none. Room for the places of all neighbours in
 * ${members}: theirs, in the order of time. */
bool timetable_of(struct timetable *timetable, size_t *members,
	const struct timetables *timetables, const struct neighbours *neighbours,
	size_t at);
