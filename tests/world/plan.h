#pragma once

#include "tests/world/chance.h"
#include "tests/world/plot.h"

/* When a row's parts happen, against its base: the first time of day that it names. */
#define PLAN_REPEATS_MOST 20
#define PLAN_LEAST_S 300 /* no part, no drill is shorter */
#define PLAN_OFFSET_MOST_S (30 * DAY_S)
struct plan {
	const struct scenario *scenario;
	struct chance chance; /* the story's: what is told goes on drawing from it */
	double clock_min; /* of the base */
	double part_s[SCENARIO_PARTS], lasts_s[SCENARIO_PARTS];
	double days[PLAN_REPEATS_MOST]; /* of each occurrence after the first */
	unsigned int times;
	double first_s, last_s; /* the earliest and latest edge, against the base */
	double monday, lead; /* days: since 1970; from there to the first occurrence */
};
double plan_within(double value, double low, double high);
/* From one time of day to the next such as the other. */
double plan_later_s(double from_min, double to_min);
/* A Monday of 2026, in days since 1970. */
double plan_monday(struct chance *chance);
/* All of it, of ${plan}'s scenario. */
void plan_row(struct plan *plan, const struct story *story);
/* The instant at which an occurrence's base lies: a minute or two off where people carry
 * it out, any minute of its hour where minutes are to say nothing. */
double plan_base_s(
	struct plan *plan, const struct story *story, unsigned int occurrence);
