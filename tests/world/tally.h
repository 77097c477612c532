#pragma once

#include <stdio.h>

#include "tests/world/scenario.h"

/* Plain counts of what the lines say, by network, region and quarter of an hour: for those
 * who judge by a threshold, or by a tree. */
struct tally;
#define TALLY_BIN_S 900

void tally_open(
	struct tally **tally, const struct country *country, const struct story *story);
void tally_close(struct tally *tally);
void tally_add(struct tally *tally, uint8_t network, uint8_t region, int64_t utc_us,
	const struct measurement *lines, size_t n);
/* asn,time_utc_s,tried,succeeded: of what was tried from the access to the far end. */
void tally_reach(FILE *out, const struct tally *tally);
/* A row for each label of the story: what was counted while it lasted in its networks and
 * regions, in the day before, and meanwhile elsewhere. */
void tally_features(FILE *out, const struct tally *tally);
