#pragma once

#include <stdbool.h>

#include "common/buf.h"

/* Does a redirect lead to another site than ${host}'s? Sites are one where the last two labels
 * of their names are, in any case of letters. Where neither names a host it is no other. Pure;
 * ${location} is hostile. */
bool site_is_another(struct span location, const char *host);
