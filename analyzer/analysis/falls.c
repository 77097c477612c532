#include "analyzer/analysis/falls.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define MILLION 1000000
#define DAY_US INT64_C(86400000000)
#define STEP_LEAST_US INT64_C(60000000)
/* One region that overshoots does not hide another that is gone. */
#define LEVEL_MOST_PPM 1250000
#define USUAL_LEAST_MICRO                                                              \
	(5 * MILLION) /* under five percent there is nothing to lose */
#define DAYS_MOST 14 /* values of one time of day, for their median */
#define DAYS_LEAST 3
#define RECENT_MOST 48 /* else: of all times of day */
#define RECENT_LEAST 24
#define WEEK_MOST 168 /* levels of the country that tell its usual one */
#define WEEK_LEAST 12
#define SPREAD_LEAST_PPM 10000
#define FALL_PARTS 5 /* it has fallen when it lost more than one of so many */
#define FALL_SPREADS 4
#define BACK_SPREADS 3

static int
by_value(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static int64_t
median(int64_t *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return values[n / 2];
}

/* The middle distance between two levels of a region. */
static int64_t
find_step(const struct regional *levels, size_t n)
{
	int64_t *apart = calloc(n + 1, sizeof *apart), step_us = DAY_US;
	size_t found = 0;

	if (!apart)
		bug("no memory for %zu levels", n);
	for (size_t i = 1; i < n; i++)
		if (levels[i].region == levels[i - 1].region &&
			levels[i].utc_us - levels[i - 1].utc_us >= STEP_LEAST_US &&
			levels[i].utc_us - levels[i - 1].utc_us <= DAY_US)
			apart[found++] = levels[i].utc_us - levels[i - 1].utc_us;
	if (found)
		step_us = median(apart, found);
	free(apart);
	return step_us;
}

/* Every step that any region has, in order. */
static void
make_slots(struct falls *out, struct regional *levels, size_t n)
{
	int64_t *numbers = calloc(n + 1, sizeof *numbers);

	out->slots = calloc(n + 1, sizeof *out->slots);
	if (!numbers || !out->slots)
		bug("no memory for %zu levels", n);
	for (size_t i = 0; i < n; i++)
		numbers[i] = levels[i].utc_us / out->step_us;
	qsort(numbers, n, sizeof *numbers, by_value);
	for (size_t i = 0; i < n; i++)
		if (!i || numbers[i] != numbers[i - 1])
			out->slots[out->slots_n++].number = numbers[i];
	free(numbers);
	for (size_t i = 0; i < n; i++) {
		size_t low = 0, high = out->slots_n;

		while (high - low > 1) {
			size_t middle = low + (high - low) / 2;

			if (out->slots[middle].number <=
				levels[i].utc_us / out->step_us)
				low = middle;
			else
				high = middle;
		}
		levels[i].slot = (uint32_t)low;
	}
}

/* The levels in the order of their slots. */
static uint32_t *
by_slot(struct falls *out, const struct regional *levels, size_t n)
{
	size_t *next = calloc(out->slots_n + 1, sizeof *next), at = 0;
	uint32_t *order = calloc(n + 1, sizeof *order);

	if (!next || !order)
		bug("no memory for %zu levels", n);
	for (size_t i = 0; i < n; i++) {
		struct slot *slot = &out->slots[levels[i].slot];

		slot->utc_us += (levels[i].utc_us - slot->utc_us) / ++slot->levels;
	}
	for (size_t s = 0; s < out->slots_n; s++) {
		next[s] = at;
		at += out->slots[s].levels;
	}
	for (size_t i = 0; i < n; i++)
		order[next[levels[i].slot]++] = (uint32_t)i;
	free(next);
	return order;
}

int64_t
falls_usual(const struct falls *falls, const struct regional *levels, size_t at)
{
	int64_t daily[DAYS_MOST], recent[RECENT_MOST], usual = -1;
	int64_t a_day = falls->step_us < DAY_US ? DAY_US / falls->step_us : 1;
	int64_t now = falls->slots[levels[at].slot].number;
	uint32_t newest = levels[at].before;
	size_t daily_n = 0, recent_n = 0;

	for (size_t i = newest == LEVEL_NONE ? 0 : (size_t)newest + 1;
		i-- && levels[i].region == levels[at].region &&
		levels[newest].utc_us - levels[i].utc_us <= falls->reference_us &&
		daily_n < DAYS_MOST;) {
		const struct slot *slot = &falls->slots[levels[i].slot];

		if (slot->frozen)
			continue;
		if (recent_n < RECENT_MOST)
			recent[recent_n++] = levels[i].value_micro;
		if ((now - slot->number) % a_day == 0)
			daily[daily_n++] = levels[i].value_micro;
	}
	if (daily_n >= DAYS_LEAST)
		usual = median(daily, daily_n);
	else if (recent_n >= RECENT_LEAST)
		usual = median(recent, recent_n);
	return usual >= USUAL_LEAST_MICRO ? usual : -1;
}

static void
find_before(struct regional *levels, const struct falls *falls, uint32_t at)
{
	levels[at].before = LEVEL_NONE;
	if (at && levels[at - 1].region == levels[at].region)
		levels[at].before = falls->slots[levels[at - 1].slot].frozen
					    ? levels[at - 1].before
					    : at - 1;
}

/* The mean over the regions that have something to be held against; half of those that are
 * there at least. */
static void
measure(struct slot *slot, const struct falls *falls, struct regional *levels,
	const uint32_t *members)
{
	uint32_t all = slot->levels;
	int64_t sum = 0;

	slot->levels = 0;
	slot->level_ppm = -1;
	for (uint32_t i = 0; i < all; i++) {
		int64_t usual, ppm;

		find_before(levels, falls, members[i]);
		usual = falls_usual(falls, levels, members[i]);
		if (usual < 0)
			continue;
		ppm = levels[members[i]].value_micro * MILLION / usual;
		sum += ppm < LEVEL_MOST_PPM ? ppm : LEVEL_MOST_PPM;
		slot->levels++;
	}
	if (slot->levels && slot->levels * 2 >= all)
		slot->level_ppm = (int32_t)(sum / slot->levels);
}

/* What is usual for the country before slot ${s}; false: too little is known. */
static bool
usual_level(struct fall *fall, const struct falls *falls, size_t s)
{
	int64_t values[WEEK_MOST];
	size_t n = 0;

	for (size_t i = s; i-- && n < WEEK_MOST;)
		if (!falls->slots[i].frozen && falls->slots[i].level_ppm >= 0)
			values[n++] = falls->slots[i].level_ppm;
	if (n < WEEK_LEAST)
		return false;
	fall->usual_ppm = (int32_t)median(values, n);
	for (size_t i = 0; i < n; i++)
		values[i] = llabs(values[i] - fall->usual_ppm);
	/* 1.4826 median absolute deviations are a standard one, were it normal */
	fall->spread_ppm = (int32_t)(median(values, n) * 14826 / 10000);
	if (fall->spread_ppm < SPREAD_LEAST_PPM)
		fall->spread_ppm = SPREAD_LEAST_PPM;
	return true;
}

static bool
has_fallen(const struct fall *usual, int32_t level_ppm)
{
	int32_t least = usual->usual_ppm / FALL_PARTS;

	if (least < FALL_SPREADS * usual->spread_ppm)
		least = FALL_SPREADS * usual->spread_ppm;
	return level_ppm < usual->usual_ppm - least;
}

/* Four deviations under the usual level it begins, three under it it ends: one threshold for
 * both would end it at every breath (Chocolatine, TMA 2019, has two as well). */
static bool
is_under(const struct fall *fall, int32_t level_ppm, int32_t spreads)
{
	return level_ppm < fall->usual_ppm - spreads * fall->spread_ppm;
}

/* Back to where it began: what is ${bad} for sure, and all right before it that was not
 * usual any more. */
static void
find_start(struct fall *fall, struct falls *falls, size_t bad, size_t not_before)
{
	fall->first = bad;
	for (size_t i = bad; i-- > not_before;) {
		if (falls->slots[i].level_ppm < 0)
			continue;
		if (!is_under(fall, falls->slots[i].level_ppm, FALL_SPREADS))
			break;
		fall->first = i;
		falls->slots[i].frozen = true;
	}
}

/* An edge lies between the last level on one side of it and the first on the other. */
static void
date(struct fall *fall, const struct falls *falls)
{
	const struct slot *slots = falls->slots;
	size_t before = fall->first;

	while (before && (before == fall->first || slots[before].level_ppm < 0))
		before--;
	fall->start_lo_us = slots[before].utc_us;
	fall->start_hi_us = slots[fall->first].utc_us;
	if (fall->end == falls->slots_n)
		return;
	before = fall->end;
	while (before > fall->first &&
		(before == fall->end || slots[before].level_ppm < 0))
		before--;
	fall->end_lo_us = slots[before].utc_us;
	fall->end_hi_us = slots[fall->end].utc_us;
}

/* Takes one fall from its first two bad slots to its end; returns the slot behind it. */
static size_t
follow(struct fall *fall, struct falls *falls, struct regional *levels,
	const uint32_t *order, size_t *member, size_t bad, size_t s)
{
	size_t good = 0, first_good = 0;

	fall->end = falls->slots_n;
	for (; s < falls->slots_n; s++) {
		struct slot *slot = &falls->slots[s];
		uint32_t all = slot->levels;

		slot->frozen = true;
		measure(slot, falls, levels, order + *member);
		*member += all;
		if (slot->level_ppm < 0)
			continue;
		if (slot->level_ppm < fall->floor_ppm)
			fall->floor_ppm = slot->level_ppm;
		if (is_under(fall, slot->level_ppm, BACK_SPREADS)) {
			good = 0;
			continue;
		}
		if (!good++)
			first_good = s;
		if (good == FALLS_STAYS) {
			fall->end = first_good;
			s++;
			break;
		}
	}
	find_start(fall, falls, bad, falls->n ? falls->falls[falls->n - 1].end : 0);
	date(fall, falls);
	return s;
}

void
falls_find(struct falls *out, struct regional *levels, size_t n, int64_t reference_us)
{
	uint32_t *order;
	size_t member = 0, bad = SIZE_MAX, s = 0;

	*out = (struct falls){
		.step_us = find_step(levels, n), .reference_us = reference_us};
	make_slots(out, levels, n);
	order = by_slot(out, levels, n);
	out->falls = calloc(out->slots_n + 1, sizeof *out->falls);
	if (!out->falls)
		bug("no memory for %zu steps", out->slots_n);
	while (s < out->slots_n) {
		struct slot *slot = &out->slots[s];
		struct fall fall = {0};
		uint32_t all = slot->levels;

		measure(slot, out, levels, order + member);
		member += all;
		s++;
		if (slot->level_ppm < 0)
			continue;
		if (!usual_level(&fall, out, s - 1) ||
			!has_fallen(&fall, slot->level_ppm)) {
			bad = SIZE_MAX;
			continue;
		}
		slot->frozen = true;
		if (bad == SIZE_MAX) {
			bad = s - 1;
			continue;
		}
		fall.floor_ppm = slot->level_ppm;
		if (out->slots[bad].level_ppm < fall.floor_ppm)
			fall.floor_ppm = out->slots[bad].level_ppm;
		s = follow(&fall, out, levels, order, &member, bad, s);
		out->falls[out->n++] = fall;
		bad = SIZE_MAX;
	}
	free(order);
}

void
falls_free(struct falls *falls)
{
	free(falls->slots);
	free(falls->falls);
	memset(falls, 0, sizeof *falls);
}
