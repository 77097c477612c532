#pragma once

#include "analyzer/exchange/places.h"
#include "analyzer/store/store.h"

/*
 * How many of a region's addresses answered, hour by hour, as CSV with the header
 *
 *   region,time_local,percent
 *
 *   region      1 to 96 bytes of UTF-8, no comma
 *   time_local  RFC 3339 without a zone: what the clocks of the country showed when the
 *               hour began; with a Z it is UTC
 *   percent     a decimal number of at most 1000; one under nothing (the rest of some
 *               correction) counts as nothing
 *
 * Pure.
 */
#define LEVELS_HEADER "region,time_local,percent"
#define LEVELS_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef enum err levels_row_fn(void *arg, const struct store_level *level);

/* Hands on every row, with this source and country; ${zone} NULL: its local times stand as
 * if they were UTC. What fn returns besides OK ends it. ERR_FORMAT with the line (from 1)
 * and why. */
struct levels_of {
	const char *source, *country;
	const struct zone *zone;
};
NODISCARD enum err levels_read(struct span bytes, const struct levels_of *of,
	levels_row_fn *fn, void *arg, uint64_t *line, const char **why);
