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
/* Arrays, empty where there is nothing to tell: the phases of what it is a phase of; events of
 * other causes that went on while it did; those that it may have come from; what came before. */
json_t *verdict_phases(const struct described *d);
json_t *verdict_overlaps(const struct described *d);
json_t *verdict_follows(const struct described *d);
json_t *verdict_precursors(const struct described *d);
