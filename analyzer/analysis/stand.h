#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Which verdicts of the analysis before still stand. A verdict may look at all that began
 * before its event was over: what it looked at is as it was when nothing before that has
 * changed, neither a sample nor an anomaly nor an event. Pure.
 */
struct findings {
	const struct anomaly *detected; /* in the order of detect(), before join() */
	size_t detected_n;
	const struct anomaly *anomalies; /* as join() left them */
	const struct event *events;
	size_t events_n;
};
#define STAND_NONE SIZE_MAX

/* Before what time nothing differs: of samples and anomalies, of events. ${changed_us}: of
 * the samples. A verdict looks at later events, too: for a timetable. */
struct stand_until {
	int64_t lines_us, events_us;
};
struct stand_until stand_until(
	const struct findings *was, const struct findings *is, int64_t changed_us);
/* The event before that is the same as this one and whose verdict stands, or STAND_NONE.
 * ${hint}: where it is likely to be. */
size_t stand_find(const struct findings *was, const struct findings *is, size_t event,
	const struct stand_until *until, size_t hint);
