#pragma once

#include "tests/world/plot.h"

/* So many spontaneous glitches, anywhere in the story, and their labels. */
void glitch_add(struct story *story, unsigned int n);
/* A minute of the day at which something begins by itself. */
double glitch_clock_min(const struct story *story, struct chance *chance);
