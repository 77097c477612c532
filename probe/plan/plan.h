#pragma once

#include "probe/steps.h"

/* What the files share that put a round or a pulse together (pure). */

/* The jobs so far, and all that they are planned by. */
struct plan {
	struct job *jobs;
	size_t n, max;
	struct schedule *s;
	const struct config *config;
	const struct enrolment *enrolment; /* NULL: not enrolled */
	const struct targets *targets;
};

/* ---- jobs.c ---- */

/* The jobs of a round, in the order of the ladder, and its times moved on. */
void jobs_of_round(struct plan *p, int64_t now_us);
/* One small question to a resolver abroad; the first answer is its end. */
void jobs_of_pulse(struct plan *p);
/* Adds one of which the rung, the check and the target (NULL: none) are said and the rest is
 * as usual. Not where the plan is full, or the volunteer did not agree to so much risk. */
void jobs_add(
	struct plan *p, enum check check, enum rung rung, const struct target *target);
/* When something is due that goes with rounds: half of one early, so that the round nearest
 * to the time takes it. */
int64_t jobs_later_us(struct plan *p, int64_t now_us, int64_t interval_us);

/* ---- turns.c ---- */

/* Adds the costly checks whose turn has come, and says when it comes again. */
void turns_add(struct plan *p, int64_t now_us, bool wide);
