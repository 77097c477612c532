#pragma once

#include <stdio.h>

#include "tests/world/scenario.h"

/* routes.csv, as `import --from series --metric bgp` reads it: percent of each network's
 * routes that the world sees, every half hour. */
void routes_write(FILE *out, const struct country *country, const struct story *story);
