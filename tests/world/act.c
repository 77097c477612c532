#include "tests/world/effect.h"

#define DRILL_FALL_S 600
#define OFFSET_MOST_S (60 * DAY_S)

double
act_draw(const struct act *act, enum draw what, uint64_t which)
{
	return chance_of(act->story->seed, act->draw + (uint64_t)what, which);
}

/* ---- who ---- */

int
act_rank(const struct story *story, int region)
{
	for (int i = 0; i < WORLD_REGIONS; i++)
		if (story->regions[i] == region)
			return i;
	return 0;
}

uint8_t
act_regions(const struct act *act, const struct who *who, uint8_t otherwise)
{
	const struct story *story = act->story;
	uint8_t regions = 0;

	if (who->region)
		return (uint8_t)(1U << story->regions[who->region - 1]);
	if (!who->regions)
		return otherwise;
	for (int i = 0; i < WORLD_REGIONS; i++)
		if (who->regions > 0 ? i < who->regions : i >= -who->regions)
			regions |= (uint8_t)(1U << story->regions[i]);
	return regions ? regions : otherwise;
}

/* So many networks of those in ${from}: those with the lowest draws. */
static uint8_t
some_networks(const struct act *act, uint8_t from, int n)
{
	uint8_t out = 0;

	while (n-- > 0) {
		int best = -1;
		double least = 2;

		for (int i = 0; i < WORLD_NETWORKS; i++) {
			double draw = act_draw(act, DRAW_AS, (uint64_t)i);

			if ((from >> i & 1) && !(out >> i & 1) && draw < least) {
				least = draw;
				best = i;
			}
		}
		if (best < 0)
			break;
		out |= (uint8_t)(1U << best);
	}
	return out;
}

uint8_t
act_networks(const struct act *act, const struct who *who, uint8_t otherwise)
{
	if (who->others)
		return (uint8_t)(NETWORKS_GROUND & ~act->networks);
	if (who->ases)
		return some_networks(act,
			who->networks ? who->networks : NETWORKS_GROUND, who->ases);
	return who->networks ? who->networks : otherwise;
}

static bool
names_networks(const struct clauses *order)
{
	for (size_t i = 0; i < order->n; i++) {
		const struct who *w = &order->rows[i].who;

		if (w->networks || w->ases || w->each || w->nobody)
			return true;
	}
	return false;
}

static double
middle(const struct amount *a)
{
	return (a->low + a->high) / 2;
}

/* Minutes where nothing else is said. */
static double
amount_s(const struct amount *a, double share)
{
	double value = a->low + (a->high - a->low) * share;

	if (a->unit != UNIT_S)
		value *= MINUTE_S;
	if (value > OFFSET_MOST_S)
		value = OFFSET_MOST_S;
	return a->sign == '-' ? -value : value;
}

static void
touch(struct act *act, const struct clause *c, uint8_t networks, uint8_t regions)
{
	for (int n = 0; n < WORLD_NETWORKS; n++) {
		double share = act_draw(act, DRAW_OFFSET, (uint64_t)n), later_s = 0;

		if (!(networks >> n & 1))
			continue;
		if (c->amounts_n)
			later_s = amount_s(&c->amount[c->amounts_n - 1], share);
		for (int r = 0; r < WORLD_REGIONS; r++) {
			int rank = act_rank(act->story, r);

			act->begins[n][r] = -1;
			if (!c->dead && (regions >> r & 1))
				act->begins[n][r] =
					act->start_s + later_s + act->wave_s[rank];
		}
		act->share[n] = c->who.share > 0 ? c->who.share : 1;
	}
}

/* "regions 0-90 min": each later than the one before. */
static void
delay_regions(struct act *act, const struct clause *c)
{
	for (int r = 0; r < WORLD_REGIONS && c->amounts_n; r++) {
		double share = act_rank(act->story, r) / (WORLD_REGIONS - 1.0);
		double later_s = amount_s(&c->amount[0], share);

		for (int n = 0; n < WORLD_NETWORKS; n++)
			if (act->begins[n][r] >= 0)
				act->begins[n][r] += later_s;
	}
}

static void
find_probes(struct act *act, const struct who *who, uint8_t networks, uint8_t regions)
{
	const struct country *country = act->story->country;
	size_t from, n = country->probes_n;

	if (!n)
		return;
	from = (size_t)(act_draw(act, DRAW_PROBE, 0) * (double)n);
	for (size_t i = 0; i < n && act->probes_n < 8 && act->probes_n < who->probes;
		i++) {
		size_t at = (from + i * 7919) % n;
		const struct country_probe *p = &country->probes[at];

		if (!p->control && (networks >> p->network & 1) &&
			(regions >> p->region & 1) && plot_alive(act->story, at))
			act->probes[act->probes_n++] = (int32_t)at;
	}
}

static void
find_who(struct act *act)
{
	const struct part *part = act->part;
	const struct clauses *said = &part->cells[COLUMN_order];
	const struct clauses *order =
		names_networks(said) ? said : &part->defaults[COLUMN_order];
	uint8_t otherwise = EVERY_REGION;

	for (int n = 0; n < WORLD_NETWORKS; n++)
		for (int r = 0; r < WORLD_REGIONS; r++)
			act->begins[n][r] = -1;
	for (size_t i = order == said ? 0 : said->n; i < order->n; i++)
		otherwise = act_regions(act, &order->rows[i].who, otherwise);
	for (size_t i = 0; i < said->n; i++)
		otherwise = act_regions(act, &said->rows[i].who, otherwise);
	if (act->drill_regions)
		otherwise = act_regions(
			act, &(struct who){.regions = act->drill_regions}, otherwise);
	for (size_t i = 0; i < order->n; i++) {
		const struct clause *c = &order->rows[i];

		if (!c->who.probes && (!c->who.by_region || c->who.networks))
			touch(act, c, act_networks(act, &c->who, 0), otherwise);
	}
	for (size_t i = 0; i < said->n; i++) {
		const struct clause *c = &said->rows[i];

		if (c->who.by_region)
			delay_regions(act, c);
		if (c->who.probes)
			find_probes(act, &c->who,
				act_networks(act, &c->who, NETWORKS_GROUND), otherwise);
	}
	for (size_t i = 0; order != said && !act->probes_n && i < order->n; i++)
		if (order->rows[i].who.probes)
			find_probes(
				act, &order->rows[i].who, NETWORKS_GROUND, otherwise);
}

/* One probe's trouble begins for its network, and touches it alone. */
static void
settle_who(struct act *act)
{
	const struct country *country = act->story->country;

	for (int i = 0; i < act->probes_n; i++) {
		const struct country_probe *p = &country->probes[act->probes[i]];

		act->begins[p->network][p->region] = act->start_s;
		act->share[p->network] = 1;
	}
	act->first_s = act->end_s;
	for (int n = 0; n < WORLD_NETWORKS; n++)
		for (int r = 0; r < WORLD_REGIONS; r++) {
			if (act->begins[n][r] < 0)
				continue;
			act->networks |= (uint8_t)(1U << n);
			act->regions |= (uint8_t)(1U << r);
			if (act->begins[n][r] < act->first_s)
				act->first_s = act->begins[n][r];
		}
}

/* ---- when ---- */

static double
fall_s(const struct act *act, int network, struct spell *s)
{
	const struct clauses *cell = &act->part->cells[COLUMN_fall];
	double share = act_draw(act, DRAW_FALL, (uint64_t)network);

	if (!cell->n && !act->part->course.said)
		cell = &act->part->defaults[COLUMN_fall];
	s->fall_s = s->once = s->tail_s = 0;
	for (size_t i = 0; i < cell->n; i++) {
		const struct clause *c = &cell->rows[i];
		bool its = !c->who.networks || (c->who.networks >> network & 1);

		if (!its || c->lever)
			continue;
		if (c->second.said)
			s->tail_s = middle(&c->second);
		if (!c->amounts_n)
			continue;
		if (c->amount[0].unit == UNIT_PERCENT)
			s->once = middle(&c->amount[0]) / 100;
		else
			s->fall_s = amount_s(&c->amount[0], share);
	}
	return s->fall_s;
}

double
act_abroad_later_s(const struct act *act)
{
	const struct clauses *cell = &act->part->cells[COLUMN_fall];

	for (size_t i = 0; i < cell->n; i++)
		if (cell->rows[i].lever == LEVER_abroad && cell->rows[i].dated)
			return cell->rows[i].at_s;
	return 0;
}

/* In stages, networks (where places die: regions) come back one after the other. */
static double
ends_early_s(const struct act *act, const struct course *course, int n, int r)
{
	bool places = act->part->mechanism->flags & PLACES;
	int steps = places ? act_rank(act->story, r)
			   : (int)(act_draw(act, DRAW_RISE, (uint64_t)n) * 4);

	return course->rise == RISE_STAGES ? course->rise_s * steps / 4 : 0;
}

struct spell
act_spell(const struct act *act, int n, int r)
{
	const struct part *part = act->part;
	const struct course *course = part->course.said || part->course.rise_said
					      ? &part->course
					      : &part->default_course;
	struct spell s = {.probe = SPELL_EVERYBODY,
		.networks = (uint8_t)(1U << n),
		.regions = (uint8_t)(1U << r),
		.draw = act->draw + DRAW_SHARE,
		.share = act->share[n] > 0 ? act->share[n] : 1,
		.edges = true,
		.start_s = act->begins[n][r] >= 0 ? act->begins[n][r] : act->first_s,
		.end_s = act->end_s - ends_early_s(act, course, n, r),
		.rise = course->rise};

	fall_s(act, n, &s);
	s.rise_s = course->rise_s;
	if (course->rise == RISE_STAGES)
		s.rise_s = course->rise_s / 8;
	if (act->drill_regions) {
		/* A rehearsal is short: it is no use if most of it is the way in. */
		if (s.fall_s > DRILL_FALL_S)
			s.fall_s = DRILL_FALL_S;
		s.rise = RISE_STEP;
		s.rise_s = 0;
		s.end_s = act->end_s;
	}
	if (s.fall_s > .8 * (s.end_s - s.start_s))
		s.fall_s = .8 * (s.end_s - s.start_s);
	if (s.rise_s > .8 * (s.end_s - s.start_s))
		s.rise_s = .8 * (s.end_s - s.start_s);
	return s;
}

void
act_emit(const struct act *act, struct spell *s)
{
	if (!act->probes_n) {
		plot_add_spell(act->story, s);
		return;
	}
	for (int i = 0; i < act->probes_n; i++) {
		const struct country_probe *p =
			&act->story->country->probes[act->probes[i]];

		s->probe = act->probes[i];
		if ((s->networks >> p->network & 1) && (s->regions >> p->region & 1))
			plot_add_spell(act->story, s);
	}
}

void
act_tell(struct act *act)
{
	find_who(act);
	settle_who(act);
	effect_reach(act);
	effect_also(act);
	effect_routes(act);
}
