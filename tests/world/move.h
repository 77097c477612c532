#pragma once

#include "tests/world/plot.h"

/* What a clause says of its lever, into the spell: change, value, share, second, evening.
 * False: nothing that moves it ("voice ok"), or a unit that does not fit. Pure. */
bool move_read(struct spell *s, const struct clause *c);
