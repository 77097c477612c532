#pragma once

/*
 * When things begin and how long they last: all that a classifier of timing alone can learn
 * here. By Bischof et al., SIGCOMM 2023, as counted again on their events; may be moved
 * until such a classifier does as well here as it does there.
 */

/* What people carry out at a set time: in its minute, or up to so many minutes off. */
#define TIMING_ORDER_EXACT .85
#define TIMING_ORDER_OFF_MIN 2

/* What happens by itself: share that begins on the hour and on the half, by what else runs
 * on the clock; the rest anywhere. */
#define TIMING_GLITCH_HOUR .231
#define TIMING_GLITCH_HALF .164
/* Share whose length is a multiple of half an hour; the quantiles of the lengths. */
#define TIMING_GLITCH_ROUND .15
#define TIMING_GLITCH_QUANTILES                                                        \
	{0, .1}, {.05, .25}, {.1, .5}, {.25, 1}, {.5, 2}, {.75, 4.5}, {.9, 10.4},      \
		{.95, 16.3},                                                           \
	{                                                                              \
		1, 40                                                                  \
	}

/* Glitches for every cut that a story holds, and at least. */
#define TIMING_GLITCHES_PER_SHUTDOWN 10
#define TIMING_GLITCHES_LEAST 12
/* In a quiet country: one probe's trouble every so many days, the rest a day. */
#define TIMING_QUIET_PROBE_DAYS 60
#define TIMING_QUIET_A_DAY .3

/* Repeats that a story affords, where the row has more. */
#define TIMING_DAILY_MOST 8
#define TIMING_WEEKLY_MOST 5
#define TIMING_IRREGULAR_MOST 6
