#pragma once

#include "analyzer/exchange/zone.h"
#include "common/err.h"

/* Countries by their names, and their clocks, from the tables of tzdata. */
struct places;
/* ERR_NOT_FOUND, logged: tzdata is not installed. */
NODISCARD enum err places_open(struct places **places);
void places_close(struct places *places);

/* config/country-names.csv: a line a name, code first. */
extern const char country_names_csv[];

/* The code of a country by code, by tzdata's name or by one of country_names_csv, whatever
 * its capitals; false: none has that name. */
bool places_find(char code[static 3], const struct places *places, struct span name);
/* The zone of most of its people: the first that zone1970.tab has of it. NULL: it has
 * none. Lives until another is asked for. */
const struct zone *places_zone(struct places *places, const char *code);
