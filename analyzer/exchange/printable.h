#pragma once

#include <stdbool.h>

#include "common/buf.h"

/* Is it UTF-8 (RFC 3629) without control characters? Pure. */
bool printable_text(struct span text);
