#pragma once

#include "tests/world/chance.h"
#include "tests/world/country.h"

/* The target list of a country whose networks are drawn: some hosts of each role, eight
 * services, in networks at home and in a few neighbourhoods abroad. Nothing in it tells one
 * target of a role from another. */
void country_list_draw(struct country *country, struct chance *chance);
