#include "analyzer/analysis/outages.h"

#include <string.h>

#define MINUTE_US INT64_C(60000000)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)
#define SAME_MINUTE_US (10 * MINUTE_US)
#define DAYS_AWAY 7
#define SIGNALS 3
#define MILLION 1000000

/* Rows are asked in the order of evidence.def, and so they stand in it. */
static void
say(struct observation *all, size_t *n, struct observation one)
{
	all[(*n)++] = one;
}

/* How many of the same place began one to seven days away, at the same time of day give or
 * take ten minutes. Compared with more than their neighbours in a day they need not be:
 * the list is in order. */
static uint32_t
same_time(const struct outage *outages, size_t n, size_t at)
{
	uint32_t found = 0;

	for (int side = -1; side <= 1; side += 2)
		for (size_t i = at + (size_t)side;
			i < n && outages[i].place == outages[at].place;
			i += (size_t)side) {
			int64_t apart =
				(outages[i].begin_us - outages[at].begin_us) * side;
			int64_t days = (apart + SAME_MINUTE_US) / DAY_US;

			if (days > DAYS_AWAY)
				break;
			found += days >= 1 && apart - days * DAY_US <= SAME_MINUTE_US;
		}
	return found;
}

static void
see_clock(struct observation *all, size_t *n, const struct outage *o)
{
	int64_t local_us = o->begin_us + o->offset_us;
	int64_t length_us = o->end_us - o->begin_us;
	uint32_t minute = (uint32_t)(local_us / MINUTE_US % 60);

	if (o->has_clock && minute == 0)
		say(all, n, (struct observation){.row = ROW_25h, .n = 1, .of = 1});
	if (o->has_clock && minute != 0 && minute != 30)
		say(all, n,
			(struct observation){
				.row = ROW_25n, .n = 1, .of = 1, .value = minute});
	if (o->end_us)
		say(all, n,
			(struct observation){
				.row = (length_us + MINUTE_US / 2) / MINUTE_US % 30
					       ? ROW_27n
					       : ROW_27h,
				.n = 1,
				.of = 1,
				.value = (length_us + MINUTE_US / 2) / MINUTE_US});
}

static void
see_length(struct observation *all, size_t *n, int64_t length_us)
{
	struct observation o = {.n = 1, .of = 1, .value = length_us / HOUR_US};

	o.row = ROW_28d;
	if (length_us > DAY_US)
		say(all, n, o);
	o.row = ROW_28s;
	o.value = length_us / MINUTE_US;
	if (length_us && length_us < 2 * HOUR_US)
		say(all, n, o);
}

size_t
outages_observe(struct observation *observations, const struct outage *outages,
	size_t outages_n, size_t at)
{
	const struct outage *o = &outages[at];
	uint32_t again = same_time(outages, outages_n, at);
	size_t n = 0;

	see_clock(observations, &n, o);
	say(observations, &n,
		(struct observation){.row = again ? ROW_26s : ROW_26n,
			.n = again ? again : 1,
			.of = again ? again : 1,
			.value = DAYS_AWAY});
	see_length(observations, &n, o->end_us ? o->end_us - o->begin_us : 0);
	say(observations, &n,
		(struct observation){
			.row = o->scope == OUTAGE_COUNTRY ? ROW_52 : ROW_52n,
			.n = 1,
			.of = 1});
	if (o->signals == SIGNALS)
		say(observations, &n,
			(struct observation){
				.row = o->fell == SIGNALS ? ROW_53 : ROW_53n,
				.n = o->fell,
				.of = o->signals});
	say(observations, &n,
		(struct observation){.row = ROW_54, .n = o->fell, .of = o->signals});
	return n;
}

/* Three regions at least, and most of what fell. */
static bool
most(uint32_t n, uint32_t of)
{
	return n >= 3 && n * 2 > of;
}

size_t
outages_observe_fall(struct observation *observations, const struct shape *s,
	const struct fall *fall, int64_t step_us)
{
	int64_t length_us = (fall->end_lo_us + fall->end_hi_us - fall->start_lo_us -
				    fall->start_hi_us) /
			    2;
	int64_t floor_us = s->floor_steps * step_us;
	int64_t return_us = s->return_steps * step_us;
	size_t n = 0;

	see_length(observations, &n, fall->end_hi_us ? length_us : 0);
	if (!fall->end_hi_us && floor_us > DAY_US)
		say(observations, &n,
			(struct observation){.row = ROW_28d,
				.n = 1,
				.of = 1,
				.value = floor_us / HOUR_US});
	say(observations, &n,
		(struct observation){
			.row = s->fell * 4 >= s->regions * 3 ? ROW_52 : ROW_52n,
			.n = s->fell,
			.of = s->regions});
	say(observations, &n,
		(struct observation){.row = ROW_54, .n = s->fell, .of = s->regions});
	if (most(s->steps, s->fell))
		say(observations, &n,
			(struct observation){.row = ROW_21s,
				.n = s->steps,
				.of = s->fell,
				.value = 2 * step_us / HOUR_US,
				.other = s->middle_steps * step_us / HOUR_US});
	if (most(s->slides, s->fell))
		say(observations, &n,
			(struct observation){.row = ROW_22s,
				.n = s->slides,
				.of = s->fell,
				.value = 3 * step_us / HOUR_US,
				.other = s->middle_steps * step_us / HOUR_US});
	if (floor_us >= DAY_US / 2)
		say(observations, &n,
			(struct observation){.row = ROW_31s,
				.n = s->fell,
				.of = s->regions,
				.value = floor_us / HOUR_US,
				.other = fall->floor_ppm / 10000});
	if (s->returned && s->return_steps <= 2)
		say(observations, &n,
			(struct observation){.row = ROW_29s,
				.n = s->fell,
				.of = s->regions,
				.value = return_us / HOUR_US});
	if (s->returned_ppm >= MILLION / 2 && return_us >= DAY_US / 2 &&
		s->leap_ppm <= MILLION / 5)
		say(observations, &n,
			(struct observation){.row = ROW_30s,
				.n = s->fell,
				.of = s->regions,
				.value = return_us / HOUR_US,
				.other = s->leap_ppm / 10000});
	return n;
}
