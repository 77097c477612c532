#pragma once

#include "common/buf.h"
#include "tests/world/weather.h"

/* One round of one probe over one uplink: weather -> the lines its checks would write. */

struct chance { /* a generator; the same seed gives the same draws */
	uint64_t state;
};
double chance_draw(struct chance *chance); /* [0, 1) */
bool chance_is(struct chance *chance, double share);
double chance_normal(struct chance *chance); /* mean 0, deviation 1 */

enum detail {
	DETAIL_THIN, /* home, a few targets of each rung, names: what a cheap round holds */
	DETAIL_FULL, /* every target of the list, services, quality, radio */
};
struct round {
	size_t probe;
	uint8_t network, uplink; /* uplink 0, or 1 over the second network */
	uint32_t number; /* of the climb */
	int64_t t_us; /* on the scale of the boot */
	int64_t uptime_min;
	bool unclean; /* the first round after the power went */
	bool speed; /* with a transfer each way */
	enum detail detail;
};
#define ROUND_LINES_MAX 160
/* Measurements into ${out}, at most ROUND_LINES_MAX; returns how many. */
size_t round_measure(struct measurement *out, const struct country *country,
	const struct weather *weather, const struct round *round,
	struct chance *chance);
