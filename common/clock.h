#pragma once

#include <stdint.h>

/* The three clocks of clock_gettime(2), in microseconds. */
int64_t clock_utc_us(void); /* CLOCK_REALTIME: a claim, may be decades off */
int64_t clock_boot_us(void); /* CLOCK_BOOTTIME: order and durations come from it */
int64_t clock_raw_us(void); /* CLOCK_MONOTONIC_RAW: no slewing, stops in suspend */

/* State of the wall clock as the kernel's NTP discipline tells it (adjtimex(2)). */
struct clock_state {
	int state; /* 0 unset or restored, 1 NTP */
	int64_t error_us; /* the kernel's bound, meaningless in state 0 */
};
struct clock_state clock_state_read(void);
