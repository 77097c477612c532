#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Which verdicts of the analysis before still stand. A verdict looks at samples until its
 * event was over, at its own anomalies, at those of other events until then, and for a
 * timetable at other events of its kind: it stands where all these are as they were. Pure.
 */
struct findings {
	const struct anomaly *anomalies; /* as join() left them */
	const struct event *events;
	size_t events_n;
	int64_t horizon_us, window_us; /* of the record */
};
#define STAND_NONE SIZE_MAX

struct stand {
	const struct findings *was, *is;
	size_t *twins; /* by event: the same one before, or STAND_NONE */
	const struct event **others; /* of either, that the other one has not */
	size_t others_n;
	int64_t changed_us; /* no sample before it is other than it was */
	int64_t parted_us; /* nor what an anomaly of the others says */
};

/* What it is given is not copied. */
void stand_open(struct stand *stand, const struct findings *was,
	const struct findings *is, int64_t changed_us);
/* The event before that is the same as this one and whose verdict stands, or STAND_NONE. */
size_t stand_find(const struct stand *stand, size_t event);
void stand_close(struct stand *stand);
