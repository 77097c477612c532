#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A generator (splitmix64): the same seed gives the same draws. */
struct chance {
	uint64_t state;
};
double chance_draw(struct chance *chance); /* [0, 1) */
double chance_between(struct chance *chance, double low, double high);
/* 0 to n - 1; ${n} at least 1. */
unsigned int chance_one_of(struct chance *chance, unsigned int n);
bool chance_is(struct chance *chance, double share);
double chance_normal(struct chance *chance); /* mean 0, deviation 1 */
/* One draw in [0, 1) from numbers that name what is drawn: no generator to carry along. */
double chance_of(uint64_t seed, uint64_t what, uint64_t which);
