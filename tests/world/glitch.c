#include <stdio.h>
#include <string.h>

#include "tests/world/glitch.h"
#include "tests/world/move.h"
#include "tests/world/timing.h"

#define GLITCH_DRAWS 1000000 /* beyond those of acts */

enum where { PROBE, PHONE, PLACE, REGION, NETWORK, COUNTRY, EVENING, NIGHT };
static const struct glitch {
	unsigned int weight;
	enum where where;
	const char *cause;
	double low_h, high_h;
	const char *also;
} glitches[] = {
#define GLITCH(weight, where, cause, low_h, high_h, also)                              \
	{weight, where, cause, low_h, high_h, also},
#include "tests/world/glitches.def"
};
#define GLITCHES (sizeof glitches / sizeof glitches[0])

static const struct glitch *
pick(struct chance *chance)
{
	unsigned int sum = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < GLITCHES; k++)
		sum += glitches[k].weight;
	at = chance_one_of(chance, sum);
	while (at >= glitches[i].weight)
		at -= glitches[i++].weight;
	return &glitches[i];
}

double
glitch_clock_min(const struct story *story, struct chance *chance)
{
	double hour = chance_one_of(chance, 24) * 60.0;
	double minute = chance_one_of(chance, 60), kind = chance_draw(chance);

	if (story->options.random_minutes)
		return hour + minute;
	if (kind < TIMING_GLITCH_HOUR)
		return hour;
	return kind < TIMING_GLITCH_HOUR + TIMING_GLITCH_HALF ? hour + 30
							      : hour + minute;
}

static double
length_s(const struct glitch *g, struct chance *chance)
{
	static const double quantiles[][2] = {TIMING_GLITCH_QUANTILES};
	double at = chance_draw(chance),
	       hours = chance_between(chance, g->low_h, g->high_h);
	bool round = chance_is(chance, TIMING_GLITCH_ROUND);
	size_t i = 1;

	if (g->high_h <= 0) {
		while (at > quantiles[i][0])
			i++;
		hours = quantiles[i - 1][1] +
			(quantiles[i][1] - quantiles[i - 1][1]) *
				(at - quantiles[i - 1][0]) /
				(quantiles[i][0] - quantiles[i - 1][0]);
	}
	if (round)
		return (double)((int)(hours * 2) + 1) * HOUR_S / 2;
	return (double)((int)(hours * 60) + 1) * 60;
}

static void
choose_probe(struct story *story, struct spell *s, struct chance *chance, bool phone)
{
	const struct country *country = story->country;

	s->networks = s->regions = 0;
	for (int tries = 0; country->probes_n && tries < 200; tries++) {
		unsigned int at =
			chance_one_of(chance, (unsigned int)country->probes_n);
		const struct country_probe *p = &country->probes[at];

		if (p->control || !plot_alive(story, at) ||
			(phone && !(NETWORKS_MOBILE >> p->network & 1)))
			continue;
		s->probe = (int32_t)at;
		s->networks = (uint8_t)(1U << p->network | 1U << p->second_network);
		s->regions = (uint8_t)(1U << p->region);
		return;
	}
}

static void
choose_place(
	struct story *story, struct spell *s, enum where where, struct chance *chance)
{
	uint8_t network = (uint8_t)(1U << chance_one_of(chance, WORLD_F3 + 1));
	uint8_t region = (uint8_t)(1U << chance_one_of(chance, WORLD_REGIONS));

	s->probe = SPELL_EVERYBODY;
	s->networks = where == REGION || where == COUNTRY ? NETWORKS_HOME : network;
	s->regions = where == NETWORK || where == COUNTRY ? EVERY_REGION : region;
	if (where == PROBE || where == PHONE)
		choose_probe(story, s, chance, where == PHONE);
}

static double
choose_start_s(const struct story *story, enum where where, struct chance *chance)
{
	double days = (double)(story->end_s - story->start_s) / DAY_S;
	double day = (double)chance_one_of(chance, (unsigned int)(days > 1 ? days : 1));
	double minute = glitch_clock_min(story, chance), local_s;

	if (where == EVENING)
		minute = 18 * 60 + (int)(minute / 8);
	else if (where == NIGHT)
		minute = 60.0 * (1 + chance_one_of(chance, 4)) +
			 (story->options.random_minutes ? (int)minute % 60 : 0);
	local_s = (double)story->start_s +
		  plot_offset_s(story, (double)story->start_s) + day * DAY_S +
		  minute * 60;
	return local_s - plot_offset_s(story, local_s);
}

static void
label_of(struct story *story, const struct spell *s, const struct glitch *g)
{
	struct label *label;
	unsigned int n = plot_count(story, s->networks, s->regions), number = 1;

	for (size_t i = 0; i < story->labels_n; i++)
		number += story->labels[i].id[0] == 'g';
	label = plot_add_label(story);
	snprintf(label->id, sizeof label->id, "g%u", number);
	strncpy(label->cause, g->cause, sizeof label->cause - 1);
	label->networks = s->networks;
	label->regions = s->regions;
	label->probes = s->probe >= 0 ? 1 : n;
	label->start_s = s->start_s;
	label->end_s = s->end_s;
	label->must = false;
}

static void
tell(struct story *story, const struct glitch *g, const struct spell *like,
	struct chance *chance)
{
	struct clause rows[CELL_CLAUSES];
	struct complaint complaint = {.path = "glitches.def", .column = g->cause};
	size_t n =
		cells_read(rows, (struct span){g->also, strlen(g->also)}, &complaint);
	unsigned int services = 0;

	while (services < WORLD_SERVICES && story->country->services[services][0])
		services++;
	for (size_t i = 0; i < n; i++) {
		struct spell s = *like;

		if (!move_read(&s, &rows[i]))
			continue;
		s.lever = rows[i].lever;
		s.then = s.value;
		if (s.lever == LEVER_service) {
			s.networks = 0xff;
			s.block = BLOCK_DOWN;
			s.service = services ? (int8_t)chance_one_of(chance, services)
					     : (int8_t)0;
		}
		plot_add_spell(story, &s);
	}
}

void
glitch_add(struct story *story, unsigned int n)
{
	struct chance chance = {story->seed ^ GLITCH_DRAWS};

	for (unsigned int i = 0; i < n; i++) {
		const struct glitch *g = pick(&chance);
		struct spell s = {.share = 1, .draw = GLITCH_DRAWS + 2 * i};

		choose_place(story, &s, g->where, &chance);
		s.start_s = choose_start_s(story, g->where, &chance);
		s.end_s = s.start_s + length_s(g, &chance);
		if (s.end_s > (double)story->end_s || !s.networks)
			continue;
		s.edges = g->where == NETWORK || g->where == COUNTRY;
		if (g->where == EVENING)
			s.fall_s = s.rise_s = (s.end_s - s.start_s) / 4;
		if (g->where == EVENING)
			s.rise = RISE_LINEAR;
		tell(story, g, &s, &chance);
		label_of(story, &s, g);
	}
}
