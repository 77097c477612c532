#include "analyzer/analysis/contrast.h"

#define PPM 1000000
#define LEAST_LESS_PERCENT 30
#define CHANCE_PPM 1000
#define PAIRS_MOST (CONTRAST_MOST * CONTRAST_MOST)

/* Pairs of one of each in which the name was not the slower one: equal ones speak against. */
static size_t
pairs_against(const int64_t *rates, size_t n, const int64_t *control, size_t control_n)
{
	size_t pairs = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < control_n; j++)
			pairs += rates[i] >= control[j];
	return pairs;
}

/*
 * Of all orders of n and m things: how many have at most so many pairs the wrong way round.
 * Each way to put them in a row is a way to write the number of pairs as a sum of n parts of
 * 0 to m each, in order of size; orders[k][s]: k parts, of a size up to now, that sum to s.
 */
static int64_t
orders_up_to(size_t pairs, size_t n, size_t m)
{
	int64_t orders[CONTRAST_MOST + 1][PAIRS_MOST + 1] = {{1}}, sum = 0;

	for (size_t part = 0; part <= m; part++)
		for (size_t k = 1; k <= n; k++)
			for (size_t s = part; s <= n * m; s++)
				orders[k][s] += orders[k - 1][s - part];
	for (size_t s = 0; s <= pairs; s++)
		sum += orders[n][s];
	return sum;
}

static int64_t
sum_of(const int64_t *rates, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += rates[i];
	return sum;
}

bool
contrast_of(struct contrast *c, const int64_t *rates, size_t n, const int64_t *control,
	size_t control_n)
{
	int64_t sum, control_sum;
	size_t pairs;

	*c = (struct contrast){.chance_ppm = PPM};
	if (n > CONTRAST_MOST)
		n = CONTRAST_MOST;
	if (control_n > CONTRAST_MOST)
		control_n = CONTRAST_MOST;
	if (n < CONTRAST_LEAST || control_n < CONTRAST_LEAST)
		return false;
	/* Means, as they may be of different numbers. */
	sum = sum_of(rates, n) / (int64_t)n;
	control_sum = sum_of(control, control_n) / (int64_t)control_n;
	if (control_sum <= 0)
		return false;
	c->less_percent = 100 - sum * 100 / control_sum;
	pairs = pairs_against(rates, n, control, control_n);
	c->chance_ppm = orders_up_to(pairs, n, control_n) * PPM /
			orders_up_to(n * control_n, n, control_n);
	c->slower = c->less_percent >= LEAST_LESS_PERCENT &&
		    (pairs == 0 || c->chance_ppm < CHANCE_PPM);
	return true;
}
