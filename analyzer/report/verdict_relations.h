#pragma once

#include <jansson.h>

#include "analyzer/report/verdict.h"

/* What of a verdict tells of its event's course and of the events around it: claims about
 * timing only, which no probability rests on. */

/* So many of a list are written. */
#define VERDICT_RELATIONS_MOST 64

/* Networks in the order in which they fell; empty where no probe of ours saw it. */
json_t *verdict_relations_onset(const struct described *d);
/* The timetable that it keeps, or null. */
json_t *verdict_schedule(const struct described *d);
