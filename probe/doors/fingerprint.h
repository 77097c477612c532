#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * Block pages that somebody has seen before, from a file of the probe's owner: CSV (RFC
 * 4180) with the columns of OCULAR's and OONI's lists, the first six of which count:
 *
 *   name,scope,other_names,location_found,pattern_type,pattern
 *
 * location_found  body, header.<name> or dns (an address in the answer)
 * pattern_type    full, prefix or contains
 *
 * Rows of scope "fp" (pages that only look like one) and of another pattern_type are left
 * out. A header line may stand anywhere: two lists one behind the other are one. Pure: who
 * compares what came from the network with it does so in a child.
 */
#define FINGERPRINT_FILE_BYTES (1024 * 1024)
#define FINGERPRINT_ROWS_MAX 8192
#define FINGERPRINT_NAME_BYTES 33 /* a longer name ends in '~' and its hash */

struct fingerprints;

/* ERR_FORMAT with ${line} (from 1) of what is none; ERR_LIMIT: more rows than that. */
NODISCARD enum err fingerprint_read(
	struct fingerprints **fingerprints, uint32_t *line, struct span text);
void fingerprint_free(struct fingerprints *fingerprints);
size_t fingerprint_count(const struct fingerprints *fingerprints);

/* Whose pattern is in it, the longest where there are several; NULL: nobody's. Of a body
 * the first FINGERPRINT_BODY_BYTES are looked at; headers are lines as they came. */
#define FINGERPRINT_BODY_BYTES 32768
const char *fingerprint_of_page(
	const struct fingerprints *fingerprints, struct span headers, struct span body);
const char *fingerprint_of_address(
	const struct fingerprints *fingerprints, const char *address);
