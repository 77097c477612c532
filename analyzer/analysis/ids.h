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
	bool gone; /* the analysis before did not find it */
	bool withdrawn; /* and has said so */
	bool taken; /* an event of now is this one */
	bool aside; /* only an analysis that looked back, or weighed otherwise, found it:
		     * no event of now is this one */
	bool revived; /* withdrawn, and found by such an analysis */
};
struct ids {
	struct ids_earlier *earlier;
	size_t n;
};

/* ${end_us} 0: it had not ended. networks: names between commas, ",a,b,", each of a kind
 * and of where, "kind/where". The struct lives until the next one is remembered. */
struct ids_earlier *ids_remember(struct ids *ids, const char *id, int64_t start_us,
	int64_t end_us, struct span networks);

/* An analysis that looked back, or weighed otherwise, may have come between: what the one
 * before that found is what counts. First all are put aside, then those come back, as they
 * were. */
void ids_put_aside(struct ids *ids);
void ids_bring_back(struct ids *ids, const struct ids_earlier *earlier);

enum ids_like {
	IDS_SAME_KIND, /* they share a name */
	IDS_SILENCE, /* they share where, and of the earlier one nothing was known but that
		      * all was silent: IDS_SILENT is its kind */
	IDS_ANY_KIND, /* they share where */
};
#define IDS_SILENT "silent"
/* Do they overlap in time, and are they alike? */
bool ids_alike(const struct ids_earlier *earlier, int64_t start_us, int64_t end_us,
	const char *networks, enum ids_like like);
/* Of those that are alike the one whose edges are nearest to its own, now taken; one that
 * is gone only where there is no other. NULL: there is none. */
const struct ids_earlier *ids_take(struct ids *ids, int64_t start_us, int64_t end_us,
	const char *networks, enum ids_like like);
/* Did any of them have this id? */
bool ids_have(const struct ids *ids, const char *id);
void ids_free(struct ids *ids);
