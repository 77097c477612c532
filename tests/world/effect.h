#pragma once

#include "tests/world/act.h"

/* What a act does: spells of its reach, of its other clauses, of its routes. */
void effect_reach(struct act *act);
void effect_also(struct act *act);
void effect_routes(struct act *act);
