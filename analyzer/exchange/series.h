#pragma once

#include "analyzer/store/store.h"

/*
 * Series that others measured, as CSV (RFC 4180 without quoted fields) with the header
 *
 *   source,metric,country,asn,time,value
 *
 *   source   who measured, [a-z0-9-]{1,32}
 *   metric   bgp (percent of the usual prefixes that are visible), active (percent of
 *            addresses that answer) or traffic (any unit, the same all along)
 *   country  ISO 3166-1 alpha-2
 *   asn      of the network; 0 or empty: the whole country
 *   time     RFC 3339 in UTC, or seconds since 1970
 *   value    a decimal number from 0, at most six digits behind the point
 *
 * Pure.
 */
#define SERIES_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef enum err series_point_fn(void *arg, const struct store_point *point);

/* Hands on every row; ${metric} is the only one taken, unless it is NULL. What fn returns
 * besides OK ends it. ERR_FORMAT with the line (from 1) and why. */
NODISCARD enum err series_read(struct span bytes, const char *metric,
	series_point_fn *fn, void *arg, uint64_t *line, const char **why);
