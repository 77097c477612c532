#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines that are said again (FORMAT.md, "One way"): a batch of datagrams that was not
 * answered becomes the same line once more, with what the analyzer counted of it. Of such
 * lines one counts, or one loss would be two. Pure.
 */
struct again {
	uint32_t probe, boot;
	int64_t t_us; /* as the line has it */
	bool full; /* with far_received */
	size_t at; /* the caller's own number for it, later ones greater */
};
/* Moves those that do not count to the front, in no order; returns how many. */
size_t again_find(struct again *lines, size_t n);
