#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/utc.h"
#include "tests/world/act.h"
#include "tests/world/glitch.h"
#include "tests/world/timing.h"

#define MINUTE_S 60.0
#define HOUR_S 3600.0
#define DAY_S 86400.0
#define FIRST_MONDAY 20458 /* 2026-01-05, in days since 1970 */
#define WEEKS 40
#define SHORT_SPAN_S (4 * DAY_S)
#define EVERY_REGION 0x0f
#define NETWORKS_GROUND (NETWORKS_MOBILE | NETWORKS_FIXED)
#define NO_END_S (30 * DAY_S)
#define ACT_DRAWS 1000 /* of one part */
#define REPEATS_MOST 20
#define LENGTH_LEAST_S 300
#define LENGTH_MOST_S (60 * DAY_S)
#define OFFSET_MOST_S (30 * DAY_S)
#define SPAN_MOST_D 60.0

/* When a row's parts happen, relative to its base: the first time of day it names. */
struct plan {
	const struct scenario *scenario;
	struct chance chance;
	double clock_min; /* of the base */
	double part_s[SCENARIO_PARTS], lasts_s[SCENARIO_PARTS];
	double days[REPEATS_MOST]; /* of each occurrence after the first */
	unsigned int times;
	double first_s, last_s; /* the earliest and latest edge, against the base */
	double monday, lead; /* days */
};

/* ---- a plan of a row ---- */

static const struct course *
course_of(const struct scenario *s, size_t k)
{
	const struct part *part = &s->parts[k];

	return part->course.said ? &part->course : &part->default_course;
}

static const struct clause *
clause_of(const struct scenario *s, size_t k)
{
	const struct clauses *cell = &s->parts[k].cells[COLUMN_t0];
	size_t i = s->shared_t0 && s->parts_n > 1 ? k : 0;

	return i < cell->n ? &cell->rows[i] : NULL;
}

static void
plan_clock(struct plan *plan, const struct story *story)
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

static double
within(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* A part's start against the base; parts after the first that say nothing begin when
 * two fifths of the whole are over. */
static double
part_start_s(const struct plan *plan, size_t k)
{
	const struct clause *c = clause_of(plan->scenario, k);
	double later_min;

	if (c && c->clocks_n) {
		later_min = c->clock_min[0] - plan->clock_min;
		return (later_min < 0 ? later_min + 1440 : later_min) * MINUTE_S;
	}
	if (c && c->dated)
		return c->at_s;
	if (c && c->amounts_n && c->amount[0].unit == UNIT_S)
		return c->amount[0].sign == '-' ? -c->amount[0].low : c->amount[0].low;
	return k ? .4 * course_of(plan->scenario, k)->high_s : 0;
}

static double
length_of(struct plan *plan, size_t k)
{
	const struct course *c = course_of(plan->scenario, k);

	return within(chance_between(&plan->chance, c->low_s, c->high_s),
		LENGTH_LEAST_S, LENGTH_MOST_S);
}

/* "step at 03:00": the such time that is nearest to the end that was planned. */
static double
end_at_clock_s(const struct plan *plan, size_t k, double lasts_s)
{
	int clock_min = course_of(plan->scenario, k)->end_clock_min;
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
plan_parts(struct plan *plan)
{
	const struct scenario *s = plan->scenario;
	size_t last = s->parts_n - 1;
	double end_s;

	for (size_t k = 0; k < s->parts_n; k++) {
		plan->part_s[k] =
			within(part_start_s(plan, k), -OFFSET_MOST_S, OFFSET_MOST_S);
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
plan_repeats(struct plan *plan)
{
	const struct course *c = course_of(plan->scenario, plan->scenario->parts_n - 1);
	double gap = 1;

	plan->times = 1;
	if (c->repeat == REPEAT_ONCE || plan->scenario->parts_n > 1)
		return;
	plan->times = affordable(plan->scenario, c);
	if (c->within_s > 0 && plan->times > 1)
		gap = within(c->within_s / DAY_S, 1, SPAN_MOST_D) / (plan->times - 1);
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
plan_span(struct plan *plan)
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
				plan->first_s =
					within(plan->part_s[k] + also->rows[i].at_s,
						-2 * OFFSET_MOST_S, 0);
	}
}

static void
plan_calendar(struct plan *plan)
{
	const struct course *c = course_of(plan->scenario, 0);
	double quiet = plan->last_s - plan->first_s <= SHORT_SPAN_S
			       ? 12 + chance_one_of(&plan->chance, 3)
			       : 8 + chance_one_of(&plan->chance, 3);

	plan->monday = FIRST_MONDAY + 7.0 * chance_one_of(&plan->chance, WEEKS);
	plan->lead = quiet + (double)(int)(-plan->first_s / DAY_S + .999);
	while (c->weekday >= 0 && (int)plan->lead % 7 != c->weekday)
		plan->lead++;
}

/* ---- a plan told ---- */

static double
utc_of(const struct story *story, double local_s)
{
	double guess_s = local_s - plot_offset_s(story, local_s);

	return local_s - plot_offset_s(story, guess_s);
}

/* The instant at which an occurrence's base lies: a minute or two off where people carry
 * it out, any minute of its hour where minutes are to say nothing. */
static double
base_s(struct plan *plan, const struct story *story, unsigned int occurrence)
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
	return utc_of(story, local_s + minute * MINUTE_S) + off * 20;
}

static void
wave_of(struct act *act, const struct scenario *s)
{
	const struct clauses *cell = &act->part->cells[COLUMN_t0];

	for (size_t i = 1; i < cell->n && s->parts_n == 1 && i < WORLD_REGIONS; i++)
		if (cell->rows[i].clocks_n && cell->rows[0].clocks_n) {
			int later_min =
				cell->rows[i].clock_min[0] - cell->rows[0].clock_min[0];

			act->wave_s[i] =
				(later_min < 0 ? later_min + 1440 : later_min) *
				MINUTE_S;
		}
}

static struct label *
label_of(struct story *story, const struct scenario *s, const struct act *act,
	const char *cause)
{
	struct label *label = plot_add_label(story);
	unsigned int n = plot_count(story, act->networks, act->regions);

	strncpy(label->cause, cause, sizeof label->cause - 1);
	label->named = s->named;
	label->networks = act->networks;
	label->regions = act->regions;
	label->probes = act->probes_n ? (unsigned int)act->probes_n : n;
	label->start_s = act->first_s;
	label->end_s = act->end_s;
	label->must = strcmp(cause, "none") != 0;
	return label;
}

/* What a row does beside its cause may be found, and need not be. */
static void
label_beside(struct story *story, const struct scenario *s, const struct act *act,
	const char *id)
{
	const char *cause = act->part->cause;
	bool expected = strcmp(cause, "shutdown.service") == 0 ||
			strcmp(cause, "throttling.selective") == 0 ||
			strcmp(cause, "ordinary.remote") == 0 ||
			strcmp(cause, "ordinary.geoblocked") == 0;
	struct label *label;

	if (act->service && !expected) {
		label = label_of(story, s, act,
			act->block == BLOCK_SLOW ? "throttling.selective"
						 : "shutdown.service");
		snprintf(label->id, sizeof label->id, "%s.service", id);
		label->networks = NETWORKS_HOME;
		label->must = false;
		if (act->long_end_s > 0)
			label->end_s = act->long_end_s;
	}
	if (act->beside & NETWORKS_GROUND) {
		label = label_of(story, s, act, "ordinary.congestion");
		snprintf(label->id, sizeof label->id, "%s.beside", id);
		label->networks = act->beside & NETWORKS_GROUND;
		label->probes = plot_count(story, label->networks, label->regions);
		label->must = false;
	}
}

static void
tell_drills(struct story *story, const struct scenario *s, const struct act *whole,
	size_t k)
{
	const struct clauses *also = &whole->part->cells[COLUMN_also];
	unsigned int n = 0;

	for (size_t i = 0; i < also->n; i++) {
		const struct clause *c = &also->rows[i];
		struct act act = {.story = story,
			.part = whole->part,
			.draw = whole->draw,
			.start_s = whole->start_s + c->at_s,
			.drill_regions = c->who.regions > 0 ? c->who.regions : 1,
			.long_end_s = -1};
		struct label *label;

		if (c->lever != LEVER_drill || !c->amounts_n ||
			c->amount[0].unit != UNIT_S)
			continue;
		act.end_s = act.start_s +
			    within(c->amount[0].low, LENGTH_LEAST_S, OFFSET_MOST_S);
		act_tell(&act);
		label = label_of(story, s, &act, whole->part->cause);
		snprintf(label->id, sizeof label->id, "%d.d%u.%u", s->id, ++n,
			(unsigned int)k + 1);
	}
}

static struct act
act_of(struct plan *plan, struct story *story, double at_s, unsigned int occurrence,
	size_t k)
{
	const struct scenario *s = plan->scenario;
	struct act act = {.story = story,
		.part = &s->parts[k],
		.draw = (k + 1) * ACT_DRAWS,
		.start_s = at_s + plan->part_s[k]};

	act.end_s = act.start_s + plan->lasts_s[k];
	if (plan->times > 1)
		act.long_end_s =
			occurrence ? -1
				   : act.end_s + plan->days[plan->times - 1] * DAY_S;
	if (course_of(s, k)->open)
		act.end_s += NO_END_S;
	wave_of(&act, s);
	act_tell(&act);
	return act;
}

/* Parts in a row: one ends for us where the next begins, what it left behind goes on below
 * the next one's name, and shows again if it outlasts it. */
static void
tell_labels(struct plan *plan, struct story *story, const struct act *acts,
	unsigned int occurrence)
{
	const struct scenario *s = plan->scenario;
	bool insufficient = strcmp(s->cause, "insufficient") == 0;
	char id[24];

	for (size_t k = 0; k < s->parts_n; k++) {
		const struct act *next = k + 1 < s->parts_n ? &acts[k + 1] : NULL;
		struct label *label = label_of(story, s, &acts[k],
			insufficient ? s->cause : s->parts[k].cause);

		snprintf(id, sizeof id, "%d.%u.%u", s->id, occurrence + 1,
			(unsigned int)k + 1);
		snprintf(label->id, sizeof label->id, "%s", id);
		label->open = course_of(s, k)->open;
		for (size_t i = 0; i < k && !s->overlap; i++)
			if (acts[i].end_s > acts[k].first_s + HOUR_S) {
				label->networks |= acts[i].networks;
				label->regions |= acts[i].regions;
			}
		label->probes = acts[k].probes_n ? (unsigned int)acts[k].probes_n
						 : plot_count(story, label->networks,
							   label->regions);
		if (next && !s->overlap && label->end_s > next->first_s)
			label->end_s = next->first_s;
		label_beside(story, s, &acts[k], id);
		if (!next || s->overlap || acts[k].end_s < next->end_s + HOUR_S)
			continue;
		label = label_of(story, s, &acts[k], s->parts[k].cause);
		snprintf(label->id, sizeof label->id, "%d.%u.%zu", s->id,
			occurrence + 1, s->parts_n + k + 1);
		label->start_s = next->end_s;
	}
}

static void
tell_scenario(struct story *story, struct plan *plan)
{
	struct act acts[SCENARIO_PARTS];
	double last_s = 0;

	for (unsigned int i = 0; i < plan->times; i++) {
		double at_s = base_s(plan, story, i);

		for (size_t k = 0; k < plan->scenario->parts_n; k++) {
			acts[k] = act_of(plan, story, at_s, i, k);
			if (at_s + plan->part_s[k] + plan->lasts_s[k] > last_s)
				last_s = at_s + plan->part_s[k] + plan->lasts_s[k];
			if (i == 0)
				tell_drills(story, plan->scenario, &acts[k], k);
		}
		tell_labels(plan, story, acts, i);
	}
	story->end_s = (int64_t)(last_s + DAY_S + chance_draw(&plan->chance) * DAY_S);
}

static unsigned int
glitches_of(const struct story *story)
{
	double days = (double)(story->end_s - story->start_s) / DAY_S;
	unsigned int shutdowns = 0, n;

	if (story->scenario < 0)
		return (unsigned int)(days * ((double)story->country->probes_n /
							     TIMING_QUIET_PROBE_DAYS +
						     TIMING_QUIET_A_DAY));
	for (size_t i = 0; i < story->labels_n; i++)
		shutdowns += strncmp(story->labels[i].cause, "shutdown.", 9) == 0 &&
			     story->labels[i].must;
	n = shutdowns * TIMING_GLITCHES_PER_SHUTDOWN;
	return n > TIMING_GLITCHES_LEAST ? n : TIMING_GLITCHES_LEAST;
}

/* Edges of nothing: that somebody looks closely says nothing by itself. */
static void
add_decoys(struct story *story, struct chance *chance)
{
	double span_s = (double)(story->end_s - story->start_s);

	for (int i = 0; i < 2; i++) {
		struct spell s = {.edges = true, .regions = EVERY_REGION, .share = 0};

		s.networks = (uint8_t)(1U << chance_one_of(chance, WORLD_F3 + 1));
		s.start_s = (double)story->start_s + chance_draw(chance) * span_s;
		s.end_s = s.start_s + HOUR_S;
		plot_add_spell(story, &s);
	}
}

static void
draw_regions(struct story *story, struct chance *chance)
{
	for (unsigned int i = 0; i < WORLD_REGIONS; i++)
		story->regions[i] = (uint8_t)i;
	for (unsigned int i = WORLD_REGIONS - 1; i > 0; i--) {
		unsigned int at = chance_one_of(chance, i + 1);
		uint8_t swap = story->regions[i];

		story->regions[i] = story->regions[at];
		story->regions[at] = swap;
	}
}

static void
draw_listed(struct story *story, struct chance *chance)
{
	for (size_t i = 0; i < story->country->targets_n; i++)
		if (chance_is(chance, story->country->targets[i].abroad ? .25 : .6))
			story->listed |= UINT64_C(1) << i;
	for (size_t i = 0; i < story->country->targets_n; i++)
		if (story->country->targets[i].abroad) {
			story->listed |= UINT64_C(1) << i;
			break;
		}
}

void
story_tell(struct story **out, const struct scenario *scenario,
	const struct country *country, const struct story_options *options)
{
	struct story *story = calloc(1, sizeof *story);
	struct plan plan = {.scenario = scenario};

	if (!story)
		bug("no memory for a story");
	*out = story;
	story->country = country;
	story->options = *options;
	story->scenario = scenario ? scenario->id : -1;
	story->seed = options->seed * 1000003 + country->seed +
		      (uint64_t)(story->scenario + 1) * 7919;
	plan.chance.state = story->seed;
	draw_regions(story, &plan.chance);
	draw_listed(story, &plan.chance);
	plan.monday = FIRST_MONDAY + 7.0 * chance_one_of(&plan.chance, WEEKS);
	if (scenario) {
		plan_clock(&plan, story);
		plan_parts(&plan);
		plan_repeats(&plan);
		plan_span(&plan);
		plan_calendar(&plan);
	}
	story->start_s = (int64_t)utc_of(story, plan.monday * DAY_S);
	story->end_s = story->start_s + (int64_t)options->quiet_days * 86400;
	if (scenario)
		tell_scenario(story, &plan);
	glitch_add(story, glitches_of(story));
	add_decoys(story, &plan.chance);
	plot_index(story);
}

void
story_free(struct story *story)
{
	if (story)
		plot_free(story);
	free(story);
}

int64_t
story_start_s(const struct story *story)
{
	return story->start_s;
}

int64_t
story_end_s(const struct story *story)
{
	return story->end_s;
}

int64_t
story_edge_s(const struct story *story, uint8_t network, int64_t utc_s)
{
	return (int64_t)plot_edge_s(story, network, (double)utc_s);
}

/* ---- labels ---- */

static void
print_time(FILE *out, double utc_s)
{
	char text[UTC_TEXT_BYTES];

	utc_text(text, (int64_t)(utc_s / MINUTE_S) * 60 * 1000000);
	fprintf(out, ",%s", text);
}

static void
print_label(FILE *out, const struct story *story, const struct label *l)
{
	const struct country *country = story->country;
	const char *between = "";
	bool all = (l->networks & NETWORKS_GROUND) == NETWORKS_GROUND;

	fprintf(out, "%s,%s,", l->id, country->code);
	for (int r = 0; r < WORLD_REGIONS && l->regions != EVERY_REGION; r++)
		if (l->regions >> r & 1) {
			fprintf(out, "%s%s", between, country->regions[r]);
			between = " ";
		}
	fputs(",", out);
	between = "";
	for (int n = 0; n < WORLD_ABROAD && !all; n++)
		if (l->networks >> n & 1) {
			fprintf(out, "%s%u", between, country->networks[n].asn);
			between = " ";
		}
	fprintf(out, ",%u", l->probes);
	print_time(out, l->start_s);
	if (l->open)
		fputs(",", out);
	else
		print_time(out, l->end_s);
	fprintf(out, ",%s,%s,%s\n", l->cause,
		strcmp(l->cause, "insufficient") == 0 ? l->named : "",
		l->must ? "must" : "may");
}

void
story_labels(FILE *out, const struct story *story)
{
	fputs("id,country,regions,asns,probes,start,end,cause,named,found\n", out);
	for (size_t i = 0; i < story->labels_n; i++)
		print_label(out, story, &story->labels[i]);
}
