#include "analyzer/analysis/trail.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/rollup.h"
#include "analyzer/analysis/walk.h"

/* One series: its newest bin, which more samples may join, and the way of all before it. */
struct course {
	struct bin open;
	struct walk walk;
	bool touched; /* since the last trail_end() */
	bool unwell; /* if it ended here, an anomaly would be left */
};

struct trail {
	struct rollup_past past;
	struct answers told;
	struct course *
		*table; /* open addressing, by series; as large as a power of two */
	size_t table_n, n;
	struct course **touched, **unwell;
	size_t touched_n, touched_cap, unwell_n, unwell_cap;
	struct anomaly *done;
	size_t done_n, done_cap, done_sorted; /* so many of them */
};

static void *
need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct trail *
trail_new(void)
{
	return need(calloc(1, sizeof(struct trail)));
}

void
trail_free(struct trail *trail)
{
	if (!trail)
		return;
	for (size_t i = 0; i < trail->table_n; i++)
		free(trail->table[i]);
	free(trail->table);
	free(trail->touched);
	free(trail->unwell);
	free(trail->done);
	answers_close(&trail->told);
	rollup_forget(&trail->past);
	free(trail);
}

static void
add_done(struct trail *trail, const struct anomaly *anomaly)
{
	if (trail->done_n == trail->done_cap) {
		trail->done_cap = trail->done_cap ? trail->done_cap * 2 : 8;
		trail->done = need(
			realloc(trail->done, trail->done_cap * sizeof(*trail->done)));
	}
	trail->done[trail->done_n++] = *anomaly;
}

static void
add_course(struct course ***list, size_t *n, size_t *cap, struct course *course)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 8;
		*list = need(realloc(*list, *cap * sizeof(**list)));
	}
	(*list)[(*n)++] = course;
}

/* ---- the table ---- */

static size_t
place_of(const struct trail *trail, const struct bin *bin)
{
	uint32_t hash = ((bin->index * 4 + bin->medium) * 16 + bin->series) *
			UINT32_C(2654435761);
	size_t at = (hash ^ hash >> 15) & (trail->table_n - 1);

	while (trail->table[at] && !rollup_same_series(&trail->table[at]->open, bin))
		at = (at + 1) & (trail->table_n - 1);
	return at;
}

static void
widen(struct trail *trail)
{
	struct course **before = trail->table;
	size_t n = trail->table_n;

	trail->table_n = n ? n * 2 : 64;
	trail->table = need(calloc(trail->table_n, sizeof(*trail->table)));
	for (size_t i = 0; i < n; i++)
		if (before[i])
			trail->table[place_of(trail, &before[i]->open)] = before[i];
	free(before);
}

/* The course of the bin's series; a new one holds it already. */
static struct course *
find_course(bool *is_new, struct trail *trail, const struct bin *bin)
{
	struct course **course;

	if (trail->n * 2 >= trail->table_n)
		widen(trail);
	course = &trail->table[place_of(trail, bin)];
	*is_new = !*course;
	if (*is_new) {
		*course = need(calloc(1, sizeof(**course)));
		(*course)->open = *bin;
		trail->n++;
	}
	return *course;
}

/* ---- samples ---- */

static void
take_bin(struct trail *trail, const struct record *record, const struct bin *bin)
{
	struct course *course;
	struct anomaly anomaly;
	bool is_new;

	if (bin->series == SERIES_DARK) {
		walk_gap(&anomaly, bin, record);
		add_done(trail, &anomaly);
		return;
	}
	course = find_course(&is_new, trail, bin);
	if (!course->touched)
		add_course(&trail->touched, &trail->touched_n, &trail->touched_cap,
			course);
	course->touched = true;
	if (is_new)
		return;
	if (course->open.window == bin->window) {
		rollup_merge(&course->open, bin);
		return;
	}
	if (walk_take(&anomaly, &course->walk, &course->open, record))
		add_done(trail, &anomaly);
	course->open = *bin;
}

void
trail_take(struct trail *trail, const struct record *record,
	const struct answers *answers, const struct sample *sample)
{
	struct bin bins[ROLLUP_BINS + 1];
	size_t n = rollup_take(bins, &trail->past, record, answers, sample);

	answers_add(&trail->told, sample);
	for (size_t i = 0; i < n; i++)
		take_bin(trail, record, &bins[i]);
}

const struct answers *
trail_told(const struct trail *trail)
{
	return &trail->told;
}

int64_t
trail_newest_us(const struct trail *trail)
{
	return trail->past.any ? trail->past.last.utc_us : 0;
}

/* ---- anomalies ---- */

int
trail_order(const void *left, const void *right)
{
	const struct anomaly *a = left, *b = right;

	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	if (a->start_hi_us != b->start_hi_us)
		return a->start_hi_us < b->start_hi_us ? -1 : 1;
	if (a->start_lo_us != b->start_lo_us)
		return a->start_lo_us < b->start_lo_us ? -1 : 1;
	return a->network < b->network ? -1 : a->network > b->network;
}

/* Which series would leave an anomaly? */
static void
look(struct trail *trail, const struct record *record)
{
	size_t kept = 0;

	for (size_t i = 0; i < trail->touched_n; i++) {
		struct course *course = trail->touched[i];
		bool well = walk_is_well(&course->walk, &course->open, record);

		if (!well && !course->unwell)
			add_course(&trail->unwell, &trail->unwell_n, &trail->unwell_cap,
				course);
		course->unwell = !well;
		course->touched = false;
	}
	trail->touched_n = 0;
	for (size_t i = 0; i < trail->unwell_n; i++)
		if (trail->unwell[i]->unwell)
			trail->unwell[kept++] = trail->unwell[i];
	trail->unwell_n = kept;
}

/* One that its newest bin ends, or one that it leaves. */
static size_t
end_course(struct anomaly *anomaly, const struct course *course,
	const struct record *record)
{
	struct walk walk = course->walk;

	return walk_take(anomaly, &walk, &course->open, record) ||
	       walk_end(anomaly, &walk, &course->open);
}

size_t
trail_most(const struct trail *trail)
{
	return trail->done_n + trail->unwell_n + trail->touched_n + 1;
}

static void
sort_done(struct trail *trail)
{
	if (trail->done_sorted < trail->done_n)
		qsort(trail->done, trail->done_n, sizeof(*trail->done), trail_order);
	trail->done_sorted = trail->done_n;
}

/* The last of n belongs among the others, which are in order. */
static void
put_last_in_order(struct anomaly *anomalies, size_t n)
{
	struct anomaly last;
	size_t at = n - 1;

	memcpy(&last, &anomalies[at], sizeof(last));
	while (at > 0 && trail_order(&anomalies[at - 1], &last) > 0)
		at--;
	memmove(&anomalies[at + 1], &anomalies[at], (n - 1 - at) * sizeof(*anomalies));
	memcpy(&anomalies[at], &last, sizeof(last));
}

size_t
trail_end(struct anomaly *anomalies, struct trail *trail, const struct record *record)
{
	size_t n = trail->done_n;
	struct bin bin;

	look(trail, record);
	sort_done(trail);
	if (n)
		memcpy(anomalies, trail->done, n * sizeof(*anomalies));
	for (size_t i = 0; i < trail->unwell_n; i++)
		if (end_course(&anomalies[n], trail->unwell[i], record))
			put_last_in_order(anomalies, ++n);
	if (rollup_end(&bin, &trail->past, record)) {
		walk_gap(&anomalies[n], &bin, record);
		put_last_in_order(anomalies, ++n);
	}
	return n;
}
