#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/* "12.5" -> 12500000: a decimal number from 0, in millionths, of at most ${whole_max} before
 * the point and six digits behind it. False: it is none. Pure. */
bool decimal_read(int64_t *micro, struct span text, uint64_t whole_max);
