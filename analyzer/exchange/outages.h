#pragma once

#include "analyzer/exchange/places.h"
#include "analyzer/store/store.h"

/*
 * A list of outages that others saw from outside, as CSV (RFC 4180, a row a line) whose
 * first line names its columns, in any order:
 *
 *   id                       [A-Za-z0-9._:-]{1,64}, the list's own
 *   begin_utc, end_utc       RFC 3339 in UTC; no end: it had not ended
 *   country                  its name or code
 *   scope                    country, region or as
 *   asn                      of a network; may be missing
 *   bgp_dropped, active_probing_dropped, telescope_dropped
 *                            1 it fell, 0 it did not, empty: it is not known
 *
 * Every other column is passed over unread: what the list's makers hold to be the cause is
 * what a verdict is held against, so it is not even stored.
 */
#define OUTAGES_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef enum err outages_row_fn(void *arg, const struct store_outage *outage);

/* Hands on every row. What fn returns besides OK ends it. ERR_FORMAT with the line (from 1)
 * and why. */
NODISCARD enum err outages_read(struct span bytes, struct places *places,
	outages_row_fn *fn, void *arg, uint64_t *line, const char **why);
