#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * Which event of the analysis before is the same as one of now: late data moves its edges,
 * and it keeps its id. Pure.
 */
#define ID_BYTES 17

struct ids_earlier {
	char id[ID_BYTES];
	int64_t start_us, end_us; /* end INT64_MAX: it had not ended */
	struct buf networks;
	bool taken; /* an event of now is this one */
};
struct ids {
	struct ids_earlier *earlier;
	size_t n;
};

/* ${end_us} 0: it had not ended. networks: names between commas, ",a,b,". */
void ids_remember(struct ids *ids, const char *id, int64_t start_us, int64_t end_us,
	struct span networks);
/* Of those that overlap it in time and share a name with it the one whose edges are
 * nearest to its own, now taken; NULL: it is new. */
const struct ids_earlier *ids_take(
	struct ids *ids, int64_t start_us, int64_t end_us, const char *networks);
/* Did any of them have this id? */
bool ids_have(const struct ids *ids, const char *id);
void ids_free(struct ids *ids);
