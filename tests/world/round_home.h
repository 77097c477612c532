#pragma once

#include "tests/world/climb.h"

/* What a machine knows of itself and of its first metres. False: nothing lies beyond. */
bool round_home_measure(struct climb *c);
/* The operator's routers, heard by a small TTL on the way to ${far}. */
void round_home_access(struct climb *c, const struct country_target *far, uint8_t ttl);
void round_home_trace(struct climb *c, const struct country_target *far);
