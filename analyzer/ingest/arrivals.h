#pragma once

#include "analyzer/steps.h"
#include "common/oneway.h"

/*
 * What arrives of the probes' datagrams (common/oneway.h), at ingest's own address and port:
 * this end's record of it, for those whose answers do not come back. A thread of its own
 * opens at most a few hundred a second, whoever sends more; what no enrolled probe sealed
 * is dropped without a word. Counts are kept in memory, of each probe's newest batches, and
 * end with the program: what it tells says since when it counts.
 */
struct arrivals;
NODISCARD enum err arrivals_open(struct arrivals **arrivals, struct opener *opener,
	const struct identity *identity, const char *address);
void arrivals_close(struct arrivals *arrivals);

/* Appends "counting_us N", and for each of the batches (hex, a comma between two) of the
 * probe with this token "<batch> N": so many datagrams of it have arrived, 0 of one that is
 * not known. False: that is no list of at most ONEWAY_ASKED_MOST batches. Thread safe. */
bool arrivals_tell(struct buf *out, struct arrivals *arrivals,
	const uint8_t token_hash[static HASH_BYTES], struct span batches);
