#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* Local time of one zone, from the bytes of a tzdata file (TZif, RFC 8536). Pure. After
 * the last change that the file lists (2037 in Debian's tzdata) its offset goes on. */
#define ZONE_CHANGES_MAX 2000
struct zone {
	int32_t first_s; /* local time less UTC before the first change */
	size_t n;
	int64_t at_s[ZONE_CHANGES_MAX]; /* from then on ... */
	int32_t offset_s[ZONE_CHANGES_MAX]; /* ... this one */
};

/* False: the bytes are no such file. */
bool zone_read(struct zone *zone, struct span bytes);
int32_t zone_offset_s(const struct zone *zone, int64_t utc_s);
/* UTC of what a clock on the wall shows; of an hour that comes twice, the second. */
int64_t zone_utc_s(const struct zone *zone, int64_t local_s);
