#include "tests/world/chance.h"

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014). */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static double
unit(uint64_t bits)
{
	return (double)(bits >> 11) * 0x1p-53;
}

double
chance_draw(struct chance *chance)
{
	chance->state += UINT64_C(0x9e3779b97f4a7c15);
	return unit(mix(chance->state));
}

double
chance_between(struct chance *chance, double low, double high)
{
	return low + (high - low) * chance_draw(chance);
}

unsigned int
chance_one_of(struct chance *chance, unsigned int n)
{
	return (unsigned int)(chance_draw(chance) * n);
}

bool
chance_is(struct chance *chance, double share)
{
	return chance_draw(chance) < share;
}

/* The sum of twelve draws: no libm, so that every machine gives the same bytes. */
double
chance_normal(struct chance *chance)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += chance_draw(chance);
	return sum;
}

double
chance_of(uint64_t seed, uint64_t what, uint64_t which)
{
	return unit(mix(mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15)) + what) + which));
}
