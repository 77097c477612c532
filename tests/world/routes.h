#pragma once

#include <stdio.h>

#include "tests/world/scenario.h"

/* routes.csv, as `import --from series --metric bgp` reads it: percent of each network's
 * routes that the world sees, every half hour. */
#define ROUTES_HEADER "source,metric,country,asn,time,value\n"
void routes_write(FILE *out, const struct country *country, const struct story *story);
