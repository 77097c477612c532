#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "tests/world/plot.h"

#define SLICE_S (6 * HOUR_S)
#define PLACES (WORLD_NETWORKS * WORLD_REGIONS)
#define LONG_EDGE_S (6 * HOUR_S)
#define WINDOW_EVERY_S (20 * HOUR_S)
#define WINDOW_OPEN_S (2.5 * HOUR_S)
#define STAGES_OF_RISE 4

static void *
more(void *rows, size_t n, size_t size)
{
	/* Grows by doubling: at every power of two. */
	if (n & (n - 1))
		return rows;
	rows = realloc(rows, (n ? 2 * n : 1) * size);
	if (!rows)
		bug("no memory for a story");
	return rows;
}

void
plot_add_spell(struct story *story, const struct spell *spell)
{
	if (!(spell->end_s > spell->start_s) || !spell->networks || !spell->regions)
		return;
	story->spells = more(story->spells, story->spells_n, sizeof *spell);
	story->spells[story->spells_n++] = *spell;
}

struct label *
plot_add_label(struct story *story)
{
	story->labels = more(story->labels, story->labels_n, sizeof *story->labels);
	story->labels[story->labels_n] = (struct label){.must = true};
	return &story->labels[story->labels_n++];
}

/* 1 - e^-x for x >= 0, without libm: the same bytes on every machine. */
static double
decayed(double x)
{
	double y = 1, power = 1;

	if (x > 40)
		return 1;
	x /= 64;
	for (int i = 1; i < 8; i++) {
		power *= x / i;
		y += power;
	}
	for (int i = 0; i < 6; i++)
		y *= y;
	return 1 - 1 / y;
}

static double
fallen(const struct spell *spell, double after_s)
{
	double once = spell->once;

	if (spell->tail_s > 0)
		return once + (1 - once) * decayed(after_s / spell->tail_s);
	if (after_s >= spell->fall_s)
		return 1;
	return once + (1 - once) * after_s / spell->fall_s;
}

static double
risen(const struct spell *spell, double left_s)
{
	double left = spell->rise_s > 0 ? left_s / spell->rise_s : 1;

	if (left >= 1)
		return 1;
	if (spell->rise != RISE_STAGES)
		return left;
	return (double)(int)(left * STAGES_OF_RISE + .999) / STAGES_OF_RISE;
}

static bool
is_open_window(const struct spell *spell, double after_s)
{
	double windows = (double)(int)(after_s / WINDOW_EVERY_S);

	return spell->rise == RISE_WINDOWS && windows >= 1 &&
	       after_s - windows * WINDOW_EVERY_S < WINDOW_OPEN_S;
}

double
plot_severity(const struct spell *spell, double utc_s)
{
	double after_s = utc_s - spell->start_s, left_s = spell->end_s - utc_s, down,
	       up;

	if (after_s < 0 || left_s <= 0 || is_open_window(spell, after_s))
		return 0;
	down = fallen(spell, after_s);
	up = spell->rise == RISE_WINDOWS ? 1 : risen(spell, left_s);
	return down < up ? down : up;
}

double
plot_value(const struct spell *spell, double utc_s)
{
	if (spell->then == spell->value)
		return spell->value;
	return spell->value + (spell->then - spell->value) * (utc_s - spell->start_s) /
				      (spell->end_s - spell->start_s);
}

static size_t
hour_of(const struct story *story, double utc_s)
{
	double hour = (utc_s - (double)story->start_s) / HOUR_S;

	if (!(hour > 0))
		return 0;
	return hour < (double)story->hours ? (size_t)hour : story->hours - 1;
}

double
plot_offset_s(const struct story *story, double utc_s)
{
	if (!story->hours)
		return (double)country_offset_s(story->country, (int64_t)utc_s);
	return story->offsets_s[hour_of(story, utc_s)];
}

double
plot_local_hour(const struct story *story, double utc_s)
{
	double local_s = utc_s + plot_offset_s(story, utc_s);

	return (local_s - 86400.0 * (double)(int64_t)(local_s / 86400.0)) / HOUR_S;
}

double
plot_utc_s(const struct story *story, double local_s)
{
	double guess_s = local_s - plot_offset_s(story, local_s);

	return local_s - plot_offset_s(story, guess_s);
}

static int
by_time(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static void
add_edges(struct story *story, int network, const struct spell *s)
{
	double fall_s = s->fall_s < LONG_EDGE_S ? s->fall_s : LONG_EDGE_S;
	double rise_s = s->rise_s < LONG_EDGE_S ? s->rise_s : LONG_EDGE_S;
	const double at[] = {
		s->start_s, s->start_s + fall_s, s->end_s - rise_s, s->end_s};

	for (int i = 0; i < 4; i++) {
		double *edges = more(
			story->edges[network], story->edges_n[network], sizeof(double));

		edges[story->edges_n[network]++] = at[i];
		story->edges[network] = edges;
	}
}

static void
index_edges(struct story *story)
{
	for (int n = 0; n < WORLD_NETWORKS; n++) {
		for (size_t i = 0; i < story->spells_n; i++)
			if (story->spells[i].edges &&
				(story->spells[i].networks >> n & 1))
				add_edges(story, n, &story->spells[i]);
		if (story->edges_n[n])
			qsort(story->edges[n], story->edges_n[n], sizeof(double),
				by_time);
	}
}

static void
index_hours(struct story *story)
{
	size_t hours = (size_t)(story->end_s - story->start_s) / 3600 + 1;

	story->offsets_s = calloc(hours, sizeof *story->offsets_s);
	if (!story->offsets_s)
		bug("no memory for a story's hours");
	for (size_t h = 0; h < hours; h++)
		story->offsets_s[h] = (int32_t)country_offset_s(
			story->country, story->start_s + (int64_t)h * 3600);
	story->hours = hours;
}

double
plot_edge_s(const struct story *story, uint8_t network, double utc_s)
{
	const double *edges = story->edges[network];
	size_t low = 0, high = story->edges_n[network];
	double after = PLOT_FAR_S, before = PLOT_FAR_S;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (edges[middle] < utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < story->edges_n[network])
		after = edges[low] - utc_s;
	if (low)
		before = utc_s - edges[low - 1];
	return after < before ? after : before;
}

static size_t
slice_of(const struct story *story, double utc_s)
{
	double slice = (utc_s - (double)story->start_s) / SLICE_S;

	if (!(slice > 0))
		return 0;
	return slice < (double)story->slices ? (size_t)slice : story->slices - 1;
}

static bool
touches(const struct spell *s, size_t place)
{
	return (s->networks >> (place / WORLD_REGIONS) & 1) &&
	       (s->regions >> (place % WORLD_REGIONS) & 1);
}

/* Counts the spells of each slot, or puts them there. */
static void
walk_slots(struct story *story, uint32_t *counts, bool put)
{
	for (size_t i = 0; i < story->spells_n; i++) {
		const struct spell *s = &story->spells[i];
		size_t last = slice_of(story, s->end_s);

		for (size_t place = 0; place < PLACES; place++)
			for (size_t t = slice_of(story, s->start_s);
				touches(s, place) && t <= last; t++) {
				uint32_t *count = &counts[place * story->slices + t];

				if (put)
					story->slots[*count] = (uint32_t)i;
				++*count;
			}
	}
}

void
plot_index(struct story *story)
{
	uint32_t *counts, sum = 0;
	size_t n;

	index_hours(story);
	index_edges(story);
	story->slices = (size_t)((double)(story->end_s - story->start_s) / SLICE_S) + 1;
	n = PLACES * story->slices;
	story->first = calloc(n + 1, sizeof *story->first);
	counts = calloc(n + 1, sizeof *counts);
	if (!story->first || !counts)
		bug("no memory for a story's index");
	walk_slots(story, counts, false);
	for (size_t i = 0; i < n; i++) {
		story->first[i] = sum;
		sum += counts[i];
		counts[i] = story->first[i];
	}
	story->first[n] = sum;
	story->slots = calloc(sum + 1, sizeof *story->slots);
	if (!story->slots)
		bug("no memory for a story's index");
	walk_slots(story, counts, true);
	free(counts);
}

struct plot_spells
plot_spells(const struct story *story, uint8_t network, uint8_t region, double utc_s)
{
	double slice = (utc_s - (double)story->start_s) / SLICE_S;
	size_t place = (size_t)network * WORLD_REGIONS + region;
	const uint32_t *first = &story->first[place * story->slices];

	if (!(slice >= 0 && slice < (double)story->slices))
		return (struct plot_spells){0};
	first += (size_t)slice;
	return (struct plot_spells){&story->slots[first[0]], first[1] - first[0]};
}

void
plot_free(struct story *story)
{
	free(story->spells);
	free(story->labels);
	free(story->offsets_s);
	for (int i = 0; i < WORLD_NETWORKS; i++)
		free(story->edges[i]);
	free(story->first);
	free(story->slots);
}

bool
plot_alive(const struct story *story, size_t probe)
{
	return chance_of(story->country->seed, 0xa11e, probe) < story->options.alive;
}

unsigned int
plot_count(const struct story *story, uint8_t networks, uint8_t regions)
{
	unsigned int n = 0;

	for (size_t i = 0; i < story->country->probes_n; i++) {
		const struct country_probe *p = &story->country->probes[i];
		uint8_t its = (uint8_t)(1U << p->network | 1U << p->second_network);

		n += !p->control && (its & networks) && (regions >> p->region & 1) &&
		     plot_alive(story, i);
	}
	return n;
}
