#pragma once

#include "analyzer/analysis/steps.h"

/*
 * Does what is said of an event rest on one cohort? The rows are asked again without each
 * of them, one after the other: true where the likeliest class is this one every time, so that
 * nobody whose invites they came by can have made it another. Pure.
 */
bool sway_none(enum class class, const struct event *event, const struct joined *joined,
	const struct record *record, const struct weights *weights);
