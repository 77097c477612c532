#pragma once

#include "analyzer/analysis/outside.h"
#include "analyzer/analysis/steps.h"

/*
 * What control probes abroad were told when they asked for the same names: the measure of
 * what a probe is told. A name whose answers depend on who asks never agrees, so it has no
 * usual share that could break. Pure.
 */
struct answers {
	struct answer {
		uint64_t text; /* sample.answer */
		uint32_t target;
	} * rows; /* sorted by target, then text; each once */
	size_t n, cap;
	struct outside outside; /* and what they found dead */
};

void answers_open(struct answers *answers, const struct record *record);
/* The record's own, or else ${mine}, opened; either way ${mine} is to be closed. */
const struct answers *answers_of(struct answers *mine, const struct record *record);
void answers_close(struct answers *answers);
/* Adds what the sample was told; true: nobody was told so before. Begins as zeroes. */
bool answers_add(struct answers *answers, const struct sample *sample);
/* Would answers_agree() say something else of any of ${told}? */
bool answers_differ(
	const struct answers *a, const struct answers *b, const struct answers *told);
/* 1: a control probe was told the same; 0: all were told something else; -1: none was told
 * anything, or the sample holds no answer. */
int answers_agree(const struct answers *answers, const struct sample *sample);
