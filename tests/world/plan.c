#include "common/log.h"
#include "tests/world/course.h"
#include "tests/world/glitch.h"
#include "tests/world/plan.h"
#include "tests/world/timing.h"

#define FIRST_MONDAY 20458 /* 2026-01-05, in days since 1970 */
#define WEEKS 40
#define SHORT_SPAN_S (4 * DAY_S)
#define LENGTH_MOST_S (60 * DAY_S)
#define SPAN_MOST_D 60.0

static const struct clause *
clause_of(const struct scenario *s, size_t k)
{
	const struct clauses *cell = &s->parts[k].cells[COLUMN_t0];
	size_t i = s->shared_t0 && s->parts_n > 1 ? k : 0;

	return i < cell->n ? &cell->rows[i] : NULL;
}

double
plan_within(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

double
plan_later_s(double from_min, double to_min)
{
	double later_min = to_min - from_min;

	return (later_min < 0 ? later_min + 1440 : later_min) * MINUTE_S;
}

static void
set_clock(struct plan *plan, const struct story *story)
{
	for (size_t k = 0; k < plan->scenario->parts_n; k++) {
		const struct clauses *cell = &plan->scenario->parts[k].cells[COLUMN_t0];

		for (size_t i = 0; i < cell->n; i++)
			if (cell->rows[i].clocks_n) {
				plan->clock_min = cell->rows[i].clock_min[0];
				return;
			}
	}
	plan->clock_min = glitch_clock_min(story, &plan->chance);
}

/* A part's start against the base; parts after the first that say nothing begin when
 * two fifths of the whole are over. */
static double
part_start_s(const struct plan *plan, size_t k)
{
	const struct clause *c = clause_of(plan->scenario, k);

	if (c && c->clocks_n)
		return plan_later_s(plan->clock_min, c->clock_min[0]);
	if (c && c->dated)
		return c->at_s;
	if (c && c->amounts_n && c->amount[0].unit == UNIT_S)
		return c->amount[0].sign == '-' ? -c->amount[0].low : c->amount[0].low;
	return k ? .4 * course_of(&plan->scenario->parts[k])->high_s : 0;
}

static double
length_of(struct plan *plan, size_t k)
{
	const struct course *c = course_of(&plan->scenario->parts[k]);

	return plan_within(chance_between(&plan->chance, c->low_s, c->high_s),
		PLAN_LEAST_S, LENGTH_MOST_S);
}

/* "step at 03:00": the such time that is nearest to the end that was planned. */
static double
end_at_clock_s(const struct plan *plan, size_t k, double lasts_s)
{
	int clock_min = course_of(&plan->scenario->parts[k])->end_clock_min;
	double end_min = plan->clock_min + (plan->part_s[k] + lasts_s) / MINUTE_S, away;

	if (clock_min < 0)
		return lasts_s;
	away = clock_min - (end_min - 1440.0 * (double)(int64_t)(end_min / 1440));
	if (away > 720)
		away -= 1440;
	if (away < -720)
		away += 1440;
	return lasts_s + away * MINUTE_S > 600 ? lasts_s + away * MINUTE_S : lasts_s;
}

static void
set_parts(struct plan *plan)
{
	const struct scenario *s = plan->scenario;
	size_t last = s->parts_n - 1;
	double end_s;

	for (size_t k = 0; k < s->parts_n; k++) {
		plan->part_s[k] = plan_within(
			part_start_s(plan, k), -PLAN_OFFSET_MOST_S, PLAN_OFFSET_MOST_S);
		plan->lasts_s[k] = end_at_clock_s(plan, k, length_of(plan, k));
	}
	if (!s->shared_course || s->parts_n < 2)
		return;
	/* One length for all parts is that of the whole. */
	end_s = plan->part_s[0] + plan->lasts_s[last];
	if (s->overlap || end_s <= plan->part_s[last])
		end_s = plan->part_s[last] + plan->lasts_s[last];
	plan->lasts_s[last] = end_s - plan->part_s[last];
	for (size_t k = 0; k < last; k++)
		plan->lasts_s[k] = s->overlap ? end_s + 6 * HOUR_S - plan->part_s[k]
					      : plan->part_s[k + 1] - plan->part_s[k];
}

static unsigned int
affordable(const struct scenario *s, const struct course *c)
{
	unsigned int most = c->repeat == REPEAT_DAILY	 ? TIMING_DAILY_MOST
			    : c->repeat == REPEAT_WEEKLY ? TIMING_WEEKLY_MOST
							 : TIMING_IRREGULAR_MOST;

	if (c->times <= most)
		return c->times;
	log_note("scenario %d: %u of %u repeats are told", s->id, most, c->times);
	return most;
}

static void
set_repeats(struct plan *plan)
{
	const struct scenario *s = plan->scenario;
	const struct course *c = course_of(&s->parts[s->parts_n - 1]);
	double gap = 1;

	plan->times = 1;
	if (c->repeat == REPEAT_ONCE || s->parts_n > 1)
		return;
	plan->times = affordable(s, c);
	if (c->within_s > 0 && plan->times > 1)
		gap = plan_within(c->within_s / DAY_S, 1, SPAN_MOST_D) /
		      (plan->times - 1);
	else if (c->repeat == REPEAT_IRREGULAR)
		gap = 2;
	for (unsigned int i = 1; i < plan->times; i++) {
		double day = c->repeat == REPEAT_WEEKLY	 ? 7.0 * i
			     : c->repeat == REPEAT_DAILY ? i
							 : (double)(int)(gap * i);

		/* Never twice at once: the longest there is before the next. */
		if ((day - plan->days[i - 1]) * DAY_S < plan->lasts_s[0] + HOUR_S)
			day = plan->days[i - 1] + 1 +
			      (double)(int)(plan->lasts_s[0] / DAY_S);
		if (day > SPAN_MOST_D) {
			plan->times = i;
			break;
		}
		plan->days[i] = day;
		/* Without a set of dates, the hour is any, too. */
		if (c->repeat == REPEAT_IRREGULAR && c->within_s <= 0)
			plan->days[i] += chance_one_of(&plan->chance, 9) / 24.0;
	}
}

static void
set_span(struct plan *plan)
{
	const struct scenario *s = plan->scenario;

	for (size_t k = 0; k < s->parts_n; k++) {
		const struct clauses *also = &s->parts[k].cells[COLUMN_also];
		double end_s = plan->part_s[k] + plan->lasts_s[k] +
			       plan->days[plan->times - 1] * DAY_S;

		if (plan->part_s[k] < plan->first_s)
			plan->first_s = plan->part_s[k];
		if (end_s > plan->last_s)
			plan->last_s = end_s;
		for (size_t i = 0; i < also->n; i++)
			if (also->rows[i].dated &&
				plan->part_s[k] + also->rows[i].at_s < plan->first_s)
				plan->first_s = plan_within(
					plan->part_s[k] + also->rows[i].at_s,
					-2 * PLAN_OFFSET_MOST_S, 0);
	}
}

static void
set_calendar(struct plan *plan)
{
	const struct course *c = course_of(&plan->scenario->parts[0]);
	double quiet = plan->last_s - plan->first_s <= SHORT_SPAN_S
			       ? 12 + chance_one_of(&plan->chance, 3)
			       : 8 + chance_one_of(&plan->chance, 3);

	plan->monday = plan_monday(&plan->chance);
	plan->lead = quiet + (double)(int)(-plan->first_s / DAY_S + .999);
	while (c->weekday >= 0 && (int)plan->lead % 7 != c->weekday)
		plan->lead++;
}

double
plan_monday(struct chance *chance)
{
	return FIRST_MONDAY + 7.0 * chance_one_of(chance, WEEKS);
}

void
plan_row(struct plan *plan, const struct story *story)
{
	set_clock(plan, story);
	set_parts(plan);
	set_repeats(plan);
	set_span(plan);
	set_calendar(plan);
}

double
plan_base_s(struct plan *plan, const struct story *story, unsigned int occurrence)
{
	bool ordered = plan->scenario->parts[0].mechanism->flags & ORDERED;
	double local_s = (plan->monday + plan->lead + plan->days[occurrence]) * DAY_S;
	double minute = plan->clock_min, off = chance_draw(&plan->chance);
	unsigned int any = chance_one_of(&plan->chance, 60);
	bool exact = chance_is(&plan->chance, TIMING_ORDER_EXACT);

	if (story->options.random_minutes)
		minute = 60.0 * (int)(minute / 60) + any;
	else if (ordered && !exact)
		minute += (double)(int)(off * (2 * TIMING_ORDER_OFF_MIN + 1)) -
			  TIMING_ORDER_OFF_MIN;
	return plot_utc_s(story, local_s + minute * MINUTE_S) + off * 20;
}
