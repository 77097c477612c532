#pragma once

#include "tests/world/climb.h"

/* A transfer from the analyzer and one to it, as both ends see them. */
void round_flow_measure(struct climb *c);
