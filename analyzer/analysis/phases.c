#include "analyzer/analysis/phases.h"

#include <string.h>

#define LEAST_PERCENT 25 /* of the country's probes, each of the two */
#define APART_WINDOWS 2

struct half {
	uint32_t mobile, fixed; /* probes */
};

static struct half
count(const struct event *event, const struct anomaly *anomalies,
	const struct record *record)
{
	const struct anomaly *own = &anomalies[event->first];
	struct half half = {0};

	for (uint32_t i = 0; i < event->n; i++) {
		bool mobile = record->networks[own[i].network].medium == MEDIUM_mobile;

		if (i && own[i].probe == own[i - 1].probe)
			continue;
		half.mobile += mobile;
		half.fixed += !mobile;
	}
	return half;
}

static uint32_t
field_of(const struct record *record, const char *country)
{
	uint32_t n = 0;

	for (size_t p = 0; p < record->probes_n; p++)
		n += !record->probes[p].control &&
		     !strcmp(record->networks[record->probes[p].network].country,
			     country);
	return n;
}

/* Mostly of one medium, and of enough probes. */
static bool
is_half(const struct half *half, uint32_t field)
{
	uint32_t all = half->mobile + half->fixed;
	uint32_t most = half->mobile > half->fixed ? half->mobile : half->fixed;

	return all >= 3 && all * 100 >= field * LEAST_PERCENT && most * 5 >= all * 4;
}

static int64_t
end_of(const struct event *event)
{
	return event->end_hi_us ? event->end_lo_us : INT64_MAX;
}

/* Does ${later} begin while ${first} goes on, by the other medium? */
static bool
is_next(const struct event *first, const struct event *later,
	const struct anomaly *anomalies, const struct record *record)
{
	int64_t apart_us = APART_WINDOWS * record->window_us;
	struct half a, b;
	uint32_t field;

	if (first->family != FAMILY_LOSS || later->family != FAMILY_LOSS ||
		strcmp(first->country, later->country) != 0 ||
		later->start_lo_us < first->start_hi_us + apart_us ||
		later->start_hi_us + apart_us > end_of(first))
		return false;
	a = count(first, anomalies, record);
	b = count(later, anomalies, record);
	field = field_of(record, first->country);
	return is_half(&a, field) && is_half(&b, field) &&
	       (a.mobile > a.fixed) != (b.mobile > b.fixed);
}

size_t
phases_part(struct event *events, size_t n, const struct anomaly *anomalies,
	const struct record *record)
{
	int64_t apart_us = APART_WINDOWS * record->window_us;
	size_t all = n;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			struct event *first = &events[i], *later = &events[k];
			struct event *after = &events[all];

			if (!is_next(first, later, anomalies, record))
				continue;
			memcpy(after, first, sizeof(*after));
			first->end_lo_us = later->start_lo_us;
			first->end_hi_us = later->start_hi_us;
			if (later->end_hi_us &&
				end_of(after) >= later->end_hi_us + apart_us) {
				after->start_lo_us = later->end_lo_us;
				after->start_hi_us = later->end_hi_us;
				all++;
			}
			break;
		}
	return all;
}
