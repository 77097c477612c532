#include "analyzer/analysis/shape.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define MILLION 1000000
#define FELL_PARTS 5
#define EDGE_PARTS 10
#define BOTTOM_MOST                                                                    \
	24 /* levels behind the middle of the fall whose median is the bottom */
#define BEFORE_MOST 24 /* levels before it in which the last good one is looked for */
#define STEP_MOST 2
#define SLIDE_MOST 12

/* How one region fell. */
struct course {
	uint32_t region;
	int64_t at_us; /* the first level under nine tenths */
	int64_t steps; /* from the last good level to the bottom */
};

static int
by_value(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static int
by_time(const void *left, const void *right)
{
	const struct course *a = left, *b = right;

	if (a->at_us != b->at_us)
		return a->at_us > b->at_us ? 1 : -1;
	return (a->region > b->region) - (a->region < b->region);
}

/* The median of what a region had from levels[at] on. */
static int64_t
bottom(const struct regional *levels, size_t at, size_t end)
{
	int64_t values[BOTTOM_MOST];
	size_t n = 0;

	for (; at < end && n < BOTTOM_MOST; at++)
		values[n++] = levels[at].value_micro;
	qsort(values, n, sizeof *values, by_value);
	return values[n / 2];
}

/* The region whose levels are [at, end), those of the fall [from, to): did it lose a fifth,
 * when, and how fast? */
static bool
follow(struct course *course, const struct falls *falls, const struct regional *levels,
	size_t at, size_t from, size_t to, int64_t usual)
{
	size_t half = from, good, low;
	int64_t least = usual, depth;

	for (size_t i = from; i < to; i++)
		if (levels[i].value_micro < least)
			least = levels[i].value_micro;
	if ((usual - least) * FELL_PARTS < usual)
		return false;
	while (half < to && levels[half].value_micro > usual - (usual - least) / 2)
		half++;
	depth = usual - bottom(levels, half, to);
	good = half;
	while (good > at && half - good < BEFORE_MOST &&
		levels[good].value_micro < usual - depth / EDGE_PARTS)
		good--;
	low = half;
	while (low + 1 < to &&
		levels[low].value_micro > usual - depth + depth / EDGE_PARTS)
		low++;
	course->region = levels[at].region;
	course->at_us = levels[good < half ? good + 1 : half].utc_us;
	course->steps = falls->slots[levels[low].slot].number -
			falls->slots[levels[good].slot].number;
	return true;
}

static void
read_regions(struct shape *shape, const struct fall *fall, const struct falls *falls,
	const struct regional *levels, size_t n)
{
	struct course *courses = calloc(n + 1, sizeof *courses);
	size_t end;

	if (!courses)
		bug("no memory for %zu levels", n);
	for (size_t at = 0; at < n; at = end) {
		size_t from, to;
		int64_t usual;

		for (end = at; end < n && levels[end].region == levels[at].region;)
			end++;
		for (from = at; from < end && levels[from].slot < fall->first;)
			from++;
		for (to = from; to < end && levels[to].slot < fall->end;)
			to++;
		usual = from < to ? falls_usual(falls, levels, from) : -1;
		if (usual < 0)
			continue;
		shape->regions++;
		shape->fell += follow(
			&courses[shape->fell], falls, levels, at, from, to, usual);
	}
	qsort(courses, shape->fell, sizeof *courses, by_time);
	for (uint32_t i = 0; i < shape->fell; i++) {
		shape->steps += courses[i].steps <= STEP_MOST;
		shape->slides +=
			courses[i].steps > STEP_MOST && courses[i].steps <= SLIDE_MOST;
		if (i >= SHAPE_ORDER)
			continue;
		shape->order[i] = courses[i].region;
		shape->fell_at_us[i] = courses[i].at_us;
		shape->order_n = i + 1;
	}
	if (shape->fell)
		shape->middle_steps =
			(uint32_t)((courses[shape->fell * 3 / 4].at_us -
					   courses[shape->fell / 4].at_us +
					   falls->step_us / 2) /
				   falls->step_us);
	free(courses);
}

/* How long it stayed at its floor, and how it left it. */
static void
read_country(struct shape *shape, const struct fall *fall, const struct falls *falls)
{
	int64_t floor_ppm = fall->floor_ppm, depth = fall->usual_ppm - floor_ppm;
	int64_t band = floor_ppm + depth / EDGE_PARTS, most = 0;
	int64_t low = -1, run = -1, last = 0;
	size_t end = fall->end + (fall->end < falls->slots_n);

	for (size_t s = fall->first; s < end; s++) {
		const struct slot *slot = &falls->slots[s];

		if (slot->level_ppm < 0)
			continue;
		if (slot->level_ppm <= band) {
			run = run < 0 ? slot->number : run;
			if (slot->number - run + 1 > shape->floor_steps)
				shape->floor_steps = (uint32_t)(slot->number - run + 1);
			low = slot->number;
			shape->leap_ppm = 0;
			shape->return_steps = 0;
			most = 0;
		} else {
			run = -1;
		}
		if (low >= 0 && low != slot->number) {
			int64_t leap = (slot->level_ppm - last) * MILLION / depth;
			int64_t back = (slot->level_ppm - floor_ppm) * MILLION / depth;

			if (leap > shape->leap_ppm)
				shape->leap_ppm = (int32_t)leap;
			if (back > most) {
				most = back;
				shape->return_steps = (uint32_t)(slot->number - low);
			}
		}
		last = slot->level_ppm;
	}
	shape->returned = fall->end < falls->slots_n;
	shape->returned_ppm = (int32_t)most;
}

void
shape_read(struct shape *shape, const struct fall *fall, const struct falls *falls,
	const struct regional *levels, size_t n)
{
	memset(shape, 0, sizeof *shape);
	read_regions(shape, fall, falls, levels, n);
	read_country(shape, fall, falls);
}
