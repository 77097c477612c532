#pragma once

#include "analyzer/store/store.h"

/*
 * What else happened in a country, as CSV (RFC 4180 without quoted fields) with the header
 *
 *   kind,country,begin,end,source,says
 *
 *   kind        what sort of thing, [a-z0-9-]{1,32}: power, storm, quake, alert, ioda
 *   country     ISO 3166-1 alpha-2
 *   begin, end  RFC 3339 in UTC; no end: it had not ended, or is not known
 *   source      who says so, [a-z0-9-]{1,32}
 *   says        1 to 200 bytes of UTF-8, no comma
 *
 * It is shown beside a verdict and never counted: its likelihood ratio is 1 for every cause.
 * Pure.
 */
#define CONTEXT_HEADER "kind,country,begin,end,source,says"
#define CONTEXT_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef enum err context_row_fn(void *arg, const struct store_context *context);

/* Hands on every row. What fn returns besides OK ends it. ERR_FORMAT with the line (from 1)
 * and why. */
NODISCARD enum err context_read(struct span bytes, context_row_fn *fn, void *arg,
	uint64_t *line, const char **why);
