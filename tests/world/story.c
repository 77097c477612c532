#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "tests/world/course.h"
#include "tests/world/glitch.h"
#include "tests/world/label.h"
#include "tests/world/plan.h"
#include "tests/world/timing.h"

#define NO_END_S (30 * DAY_S)
#define ACT_DRAWS 1000 /* of one part */

static void
wave_of(struct act *act, const struct scenario *s)
{
	const struct clauses *cell = &act->part->cells[COLUMN_t0];

	for (size_t i = 1; i < cell->n && s->parts_n == 1 && i < WORLD_REGIONS; i++)
		if (cell->rows[i].clocks_n && cell->rows[0].clocks_n)
			act->wave_s[i] = plan_later_s(
				cell->rows[0].clock_min[0], cell->rows[i].clock_min[0]);
}

static void
tell_drills(const struct scenario *s, const struct act *whole, size_t k)
{
	const struct clauses *also = &whole->part->cells[COLUMN_also];
	unsigned int n = 0;

	for (size_t i = 0; i < also->n; i++) {
		const struct clause *c = &also->rows[i];
		struct act act = {.story = whole->story,
			.part = whole->part,
			.draw = whole->draw,
			.start_s = whole->start_s + c->at_s,
			.drill_regions = c->who.regions > 0 ? c->who.regions : 1,
			.long_end_s = -1};

		if (c->lever != LEVER_drill || !c->amounts_n ||
			c->amount[0].unit != UNIT_S)
			continue;
		act.end_s = act.start_s + plan_within(c->amount[0].low, PLAN_LEAST_S,
						  PLAN_OFFSET_MOST_S);
		act_tell(&act);
		label_drill(s, &act, k, ++n);
	}
}

static struct act
act_of(const struct plan *plan, struct story *story, double at_s,
	unsigned int occurrence, size_t k)
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
	if (course_of(act.part)->open)
		act.end_s += NO_END_S;
	wave_of(&act, s);
	act_tell(&act);
	return act;
}

static void
tell_scenario(struct story *story, struct plan *plan)
{
	struct act acts[SCENARIO_PARTS];
	double last_s = 0;

	for (unsigned int i = 0; i < plan->times; i++) {
		double at_s = plan_base_s(plan, story, i);

		for (size_t k = 0; k < plan->scenario->parts_n; k++) {
			acts[k] = act_of(plan, story, at_s, i, k);
			if (at_s + plan->part_s[k] + plan->lasts_s[k] > last_s)
				last_s = at_s + plan->part_s[k] + plan->lasts_s[k];
			if (i == 0)
				tell_drills(plan->scenario, &acts[k], k);
		}
		label_acts(plan->scenario, acts, i);
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
	plan.monday = plan_monday(&plan.chance);
	if (scenario)
		plan_row(&plan, story);
	story->start_s = (int64_t)plot_utc_s(story, plan.monday * DAY_S);
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

void
story_labels(FILE *out, const struct story *story)
{
	fputs("id,country,regions,asns,probes,start,end,cause,named,found\n", out);
	for (size_t i = 0; i < story->labels_n; i++)
		label_print(out, story, &story->labels[i]);
}
