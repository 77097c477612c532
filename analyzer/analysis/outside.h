#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Which targets were dead in themselves, by the control probes abroad: what nobody reaches
 * says nothing of a line. Where most targets of a rung are dead from outside, it is the way to
 * them that is, and none is called so: a country that is cut off is dead from both sides. Pure.
 */

/* One control found one target dead, from its first failure to before its next success. */
struct outside_run {
	uint32_t control, target;
	int64_t from_us, to_us; /* INT64_MAX: lasts */
};

/* A target that most of the controls that ask it found dead, and two at least. */
struct outside_dead {
	uint32_t target;
	int64_t from_us, to_us;
};

/* One control asks one target. */
struct outside_pair {
	uint32_t control, target;
	size_t run; /* that lasts; SIZE_MAX none */
};

struct outside {
	struct outside_run *runs;
	size_t runs_n, runs_cap;
	struct outside_pair *pairs;
	size_t pairs_n, pairs_cap;
	struct outside_dead *dead; /* by target, then time */
	size_t dead_n;
	bool stale; /* runs were added to since dead was told of them */
};

/* Begins as zeroes. The samples of one control in the order of time; others are left alone. */
void outside_add(struct outside *outside, const struct sample *sample);
/* After the last of them. The time from which on something is other than at the last call;
 * INT64_MAX: nothing is. */
int64_t outside_settle(struct outside *outside);
void outside_close(struct outside *outside);

/* Was the sample's target dead in itself when it was asked? */
bool outside_is_dead(const struct outside *outside, const struct record *record,
	const struct sample *sample);
