#pragma once

#include <stddef.h>
#include <stdint.h>

/* When the bytes of a transfer came, in a bounded number of looks, and how fast. Pure. */
#define ARRIVAL_LOOKS 128

struct arrival {
	int64_t asked_us, before_bytes; /* the request left; what had come until then */
	int64_t apart_us; /* at least between two looks that are kept */
	size_t n;
	int64_t at_us[ARRIVAL_LOOKS], bytes[ARRIVAL_LOOKS];
	int64_t last_us, last_bytes; /* the newest look at which more had come */
};

void arrival_start(struct arrival *arrival, int64_t now_us, int64_t bytes);
/* So many bytes have come by now, counted as at the start. */
void arrival_look(struct arrival *arrival, int64_t now_us, int64_t bytes);
/*
 * Bits a second in the second half of the time from the first byte to ${end_us}: what a
 * meter's bucket lets pass at once, and the sender's first, small flights, lie in the first
 * half. 0 where nothing came in it.
 */
int64_t arrival_rate_bps(const struct arrival *arrival, int64_t end_us);
