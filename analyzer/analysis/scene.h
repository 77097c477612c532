#pragma once

#include "analyzer/analysis/view.h"

/*
 * Who is out and who is not, by operator, place and region: what an event's extent is told
 * from. A place is one operator in one region. Pure.
 */
struct crowd {
	uint32_t asn;
	uint8_t medium; /* enum medium */
	const char *region; /* "" unknown, or not told apart */
	uint32_t n; /* field probes that reported or are out, or are heard around it */
	uint32_t affected;
	uint32_t lasting; /* of them those for whom it surely was no moment of it */
	uint32_t own; /* of them those whose own the event is */
	uint32_t loss[LOSS_COUNT]; /* those whose own it is */
	uint32_t places,
		places_out; /* of an operator or region; of a region that has less
				      * than half as many out as another, none */
	int64_t first_us, last_us; /* onsets of its own; 0 none */
};

enum scene_extent {
	EXTENT_PROBE, /* one probe */
	EXTENT_SCATTERED, /* several, and no place of them all */
	EXTENT_PLACE, /* one operator in one region */
	EXTENT_OPERATOR, /* one operator, elsewhere too */
	EXTENT_OWNER, /* two operators, one of each medium, with rivals unharmed */
	EXTENT_MOBILE, /* every mobile operator there, and no other */
	EXTENT_FIXED, /* every fixed one, and no other */
	EXTENT_SOME, /* several operators, others not */
	EXTENT_ALL, /* every operator there */
};

struct scene {
	struct crowd *operators, *places, *regions;
	size_t operators_n, places_n, regions_n;
	struct crowd all;
	uint32_t mobile, mobile_out, fixed, fixed_out; /* operators, where it is out */
	uint32_t regions_out; /* regions with a place that is out */
	bool regional; /* other regions are fine */
	bool named; /* some operator is known: AS 0 is none beside it */
	enum scene_extent extent;
};

void scene_open(struct scene *scene, const struct view *view);
void scene_close(struct scene *scene);
/* Is it an operator, as far as is known? */
bool scene_is_operator(const struct scene *scene, const struct crowd *operator);
/* Most of them, and more than one where there are more. */
bool scene_is_out(const struct crowd *crowd);
/* So many of the affected are in one of these states of loss. */
uint32_t scene_lost(const struct crowd *crowd, uint32_t losses);
#define LOSS_BIT(loss) (1U << (loss))
