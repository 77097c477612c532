#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

#define UTC_TEXT_BYTES 32

/* RFC 3339 in UTC: "2026-01-08T16:30:00Z", with ".123456" when not a whole second.
 * Range: years 1970 to 9999; outside, it is clamped. */
void utc_text(char out[static UTC_TEXT_BYTES], int64_t utc_us);
/* Accepts exactly what utc_text() writes. */
bool utc_parse(int64_t *utc_us, const char *text);
bool utc_parse_span(int64_t *utc_us, struct span text);
