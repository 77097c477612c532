#pragma once

#include <stddef.h>
#include <stdint.h>

#include "analyzer/analysis/steps.h"
#include "common/err.h"

/*
 * Where samples lie: in a file without a name beside the store, which is gone when it is
 * closed. The kernel keeps of it in memory what it has room for, so that ten million samples
 * need none of ours. Numbers are places of samples.
 */
struct shelf;

/* ${folder}: of the store. */
NODISCARD enum err shelf_open(struct shelf **shelf, const char *folder);
void shelf_close(struct shelf *shelf);
/* Room for n samples that nobody else has; at its first place. */
size_t shelf_room(struct shelf *shelf, size_t n);
NODISCARD enum err shelf_put(
	struct shelf *shelf, size_t place, const struct sample *samples, size_t n);
/* All that lies there, for reading, until the next shelf_put(). NULL: it was logged. */
const struct sample *shelf_look(struct shelf *shelf);
/* Gives back the memory of what was looked at. */
void shelf_rest(struct shelf *shelf);
