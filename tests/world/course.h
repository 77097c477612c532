#pragma once

#include "tests/world/parts.h"

/* A cell "duration / recovery / repeat". Pure but for complaints. */
void course_read(struct course *course, struct span cell, struct complaint *complaint);
/* What a row says of its part, or else the cause's own. */
const struct course *course_of(const struct part *part);
