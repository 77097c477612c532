#pragma once

#include "common/buf.h"

/* Prints what a stored verdict says of its event's course and of the events around it. */
void explain_relations(struct span json);
