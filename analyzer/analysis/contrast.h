#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is one of two names on one address slower than the other? From the rates of transfers that
 * were made in turn. Pure, integers only.
 *
 * Both must hold (as in Wehe, Li et al., SIGCOMM 2019, whose area test asks 10 to 50%):
 * the name brings at least 30% less in all, and chance alone would hardly sort the transfers
 * so: the one-sided rank test of Mann and Whitney (1947), exact, under one in a thousand; or
 * each transfer of the name was slower than each of the other, where they are at least four
 * and four (one in 70).
 */
#define CONTRAST_LEAST 4
#define CONTRAST_MOST 8

struct contrast {
	int64_t less_percent; /* of what the control name brought; below 0: more */
	int64_t chance_ppm; /* that as many pairs or more are in this order by chance */
	bool slower;
};

/* At most CONTRAST_MOST of each are looked at. False: too few to say anything. */
bool contrast_of(struct contrast *contrast, const int64_t *rates, size_t n,
	const int64_t *control_rates, size_t control_n);
