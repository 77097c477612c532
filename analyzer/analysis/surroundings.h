#pragma once

#include "analyzer/analysis/neighbours.h"
#include "analyzer/analysis/sequence.h"
#include "analyzer/analysis/timetable.h"

/*
 * What of all events is found once, for each to be told beside the others. All of it is about
 * timing only: no probability rests on it. Pure.
 */
struct surroundings {
	struct neighbours neighbours;
	struct timetables timetables;
	struct sequences sequences;
};

/* As neighbours_open(). */
void surroundings_open(struct surroundings *surroundings, const struct neighbour *all,
	size_t n, const struct anomaly *anomalies, const struct record *record);
void surroundings_close(struct surroundings *surroundings);
