#include "analyzer/analysis/surroundings.h"

void
surroundings_open(struct surroundings *surroundings, const struct neighbour *all,
	size_t n, const struct anomaly *anomalies, const struct record *record)
{
	neighbours_open(&surroundings->neighbours, all, n, anomalies, record);
	timetables_find(&surroundings->timetables, &surroundings->neighbours);
	sequences_find(&surroundings->sequences, &surroundings->neighbours);
}

void
surroundings_close(struct surroundings *surroundings)
{
	sequences_free(&surroundings->sequences);
	timetables_free(&surroundings->timetables);
	neighbours_close(&surroundings->neighbours);
}
