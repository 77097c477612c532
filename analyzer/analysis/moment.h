#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One moment that many edges tell of, each of which lies between lo and hi. Pure. */
struct moment {
	int64_t lo_us, hi_us;
};
/* What most of the edges have in common, if that is half of them or more, and more than
 * two: one moment at which all that began (or ended) did. False: there is none. */
bool moment_find(struct moment *moment, const struct moment *edges, size_t n);
