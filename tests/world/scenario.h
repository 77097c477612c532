#pragma once

#include <stdio.h>

#include "tests/world/weather.h"

/*
 * scenarios.csv: rows shaped like real events, and what they do to a country over time.
 * A cell that is not understood is said on standard error with file, line and column, and
 * left out: a row that somebody else wrote must still run.
 *
 * Cells are clauses with ';' or ',' between, in any order of words (words.def); '|' parts
 * the phases of a|b and a+b; what stands in brackets is a remark; '-' says nothing.
 *   who     M F M1 F1-3 all others satellite; 2 of 6 AS; 1 region, region A, all but 1
 *           region; 1 probe; half of F; 25% of all
 *   what    a lever (levers.def) and dead, ok, 5%, -70%, +20 ms, x3, 45->650 ms, 90 kb/s;
 *           svc NAME slow 140 kb/s burst 20 kB, svc NAME sni_reset
 *   when    at +2 d, at -4.5 h, for 30 min, evening; drill 2 h 1 region at -5 d
 *   t0      16:00 | +25 h, any; as_order: who and minutes (F1 180, all 0-30, each 0-2 d);
 *           reach: who home / abroad in percent; the last column: duration / recovery /
 *           repeat (8 h / step / daily x13; 40 h / linear; 550 d (sim 10 d) / step)
 * What a cell leaves open is the cause's own (mechanisms.def).
 */
struct scenario; /* one row, as read */
#define SCENARIOS_MAX 1000
struct scenarios {
	struct scenario *rows;
	size_t n;
	size_t left_out; /* how many times something was said and left out */
};
/* False: said on standard error in one sentence (file, line, what to do). */
bool scenarios_read(struct scenarios *scenarios, const char *path);
bool scenarios_parse(struct scenarios *scenarios, struct span bytes, const char *path);
void scenarios_free(struct scenarios *scenarios);
/* NULL: there is none. */
const struct scenario *scenarios_find(const struct scenarios *scenarios, int id);
const struct scenario *scenarios_at(const struct scenarios *scenarios, size_t i);
int scenario_id(const struct scenario *scenario);
/* What it was modelled on may not be drawn as its country: a code, or NULL. */
const char *scenario_not_code(const struct scenario *scenario);
bool scenario_satellite(const struct scenario *scenario);

enum noise { NOISE_LOW, NOISE_HIGH };
struct story_options {
	uint64_t seed;
	enum noise noise;
	bool random_minutes; /* every start minute is drawn: timing alone says nothing */
	double alive; /* share of probes that live at all: 1, .6, .3 */
	unsigned int
		quiet_days; /* without a scenario: how long nothing but glitches happens */
};
/* The country must outlive it. ${scenario} may be NULL: a quiet country. It begins at a Monday's local midnight of 2026, some quiet
 * days before the first edge, and ends some after the last. */
void story_tell(struct story **story, const struct scenario *scenario,
	const struct country *country, const struct story_options *options);
void story_free(struct story *story);
int64_t story_start_s(const struct story *story); /* UTC */
int64_t story_end_s(const struct story *story);
/* How far it is to the nearest edge, before or after, of what happens to this network; very
 * far where nothing does: rounds are rare there. A few edges may be of nothing, so that many
 * rounds alone say nothing. */
int64_t story_edge_s(const struct story *story, uint8_t network, int64_t utc_s);

/*
 * What is true, as rows of labels.csv (header first), never given to the analyzer:
 *
 *   id        <scenario>.<occurrence>.<part>, or g<n> of a spontaneous glitch
 *   country   XX
 *   regions   XX-YY, a space between two; empty: all
 *   asns      a space between two; empty: all
 *   probes    how many probes' lines can show it
 *   start,end UTC; end empty: it had not ended
 *   cause     the cause; none; insufficient
 *   named     where insufficient: the causes that must lead, a space between
 *   found     must: not to find it is an error; may: it counts only if found
 */
void story_labels(FILE *out, const struct story *story);
