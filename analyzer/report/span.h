#pragma once

#include <stdint.h>

#include "common/buf.h"

/* How long, in words: "90 seconds", "45 minutes", "7 hours 50 minutes", "5 days 2 hours". */
void span_words(struct buf *out, int64_t span_us);
