#pragma once

#include <stdint.h>

#include "common/measurement.h"

/* A round's measurements -> how far it got. Pure. */
enum rung_state {
	RUNG_UNMEASURED, /* no check spoke of it */
	RUNG_UP, /* more than half of what was tried succeeded */
	RUNG_PARTIAL, /* some of it */
	RUNG_DOWN, /* nothing of it */
};

struct ladder {
	struct {
		enum rung_state state;
		uint16_t tried, succeeded;
	} rung[RUNG_COUNT];
	/* The lowest rung that is down, or RUNG_COUNT: where the ladder breaks. */
	enum rung breaks_at;
};

/* Did this measurement reach what it asked for? ttl_exceeded is success where the TTL
 * was chosen; unmeasured is neither (-1). A trace is evidence of life only: success where
 * the far end or a router behind the first one answered, else neither: what eats its
 * packets is no outage. A question to a decoy is neither: silence is its health and that
 * of a dead line. Nor does a check of signatures tell of reach: it is made now and then. */
int measurement_success(const struct measurement *m);

/* The rung that a check speaks of besides its own, or RUNG_COUNT. */
enum rung ladder_second(enum check check);
/* A tcp, tls or quic measurement also speaks of the rung transport, http of service, dns
 * of names, speed of quality; unmeasured ones are left out. */
void ladder_climb(struct ladder *ladder, const struct measurement *ms, size_t n);
/* The same of another uplink's ladder: ladder_climb() is that of the first, 0. */
void ladder_climb_over(
	struct ladder *ladder, const struct measurement *ms, size_t n, int64_t uplink);
/* The uplink it was measured over. */
int64_t ladder_uplink(const struct measurement *m);
const char *rung_state_name(enum rung_state state);
/* "Is it me or the country?": one sentence for a person from the rungs alone. */
const char *ladder_sentence(const struct ladder *ladder);
