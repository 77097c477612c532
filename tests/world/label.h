#pragma once

#include <stdio.h>

#include "tests/world/act.h"

/* What is true of acts that were told, into their story's labels. */
void label_drill(const struct scenario *scenario, const struct act *drill, size_t k,
	unsigned int n);
/* The parts of one occurrence, as many as the scenario has. */
void label_acts(const struct scenario *scenario, const struct act *acts,
	unsigned int occurrence);
/* What its row says: all where none is named, whole minutes. */
uint8_t label_networks(const struct label *label);
uint8_t label_regions(const struct label *label);
int64_t label_minute_s(double utc_s);
/* As a row of labels.csv (scenario.h). */
void label_print(FILE *out, const struct story *story, const struct label *label);
