#pragma once

#include "common/buf.h"
#include "tests/world/chance.h"
#include "tests/world/weather.h"

/* One round of one probe over one uplink: weather -> the lines its checks would write. */

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
	int64_t clock_off_us; /* wall clock less true time */
	bool unclean; /* the first round after the power went */
	bool speed; /* with a transfer each way */
	enum detail detail;
};
#define ROUND_LINES_MAX 160
/* Measurements into ${out}, at most ROUND_LINES_MAX; returns how many. */
size_t round_measure(struct measurement *out, const struct country *country,
	const struct weather *weather, const struct round *round,
	struct chance *chance);
