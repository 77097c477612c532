#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "tests/world/weather.h"

/*
 * A cell of scenarios.csv as clauses; the grammar stands in scenario.h. Prose is read for
 * what can be understood of it. Pure but for complaints.
 */
enum lever {
#define LEVER(name, how, sentence) LEVER_##name,
#include "tests/world/levers.def"
	LEVER_COUNT,
};
#define NETWORKS_MOBILE 0x07
#define NETWORKS_FIXED 0x38
#define NETWORKS_GROUND (NETWORKS_MOBILE | NETWORKS_FIXED)
#define NETWORKS_SATELLITE 0x40
#define NETWORKS_HOME 0x7f /* all but abroad */
#define EVERY_REGION 0x0f

struct who {
	uint8_t networks; /* bits of enum world_network; 0 not said */
	bool others; /* those that the row's order does not touch */
	bool each; /* every one at a time of its own */
	bool by_region; /* every region at a time of its own */
	bool nobody;
	int ases; /* so many networks, drawn; 0 not said */
	int regions; /* so many, drawn; below 0: all but so many; 0 not said */
	int region; /* 1 to 4: region A to D; 0 not said */
	int probes; /* so many single probes; 0 not said */
	double share; /* of probes; 0 not said */
};

enum unit {
	UNIT_NONE,
	UNIT_PERCENT,
	UNIT_S,
	UNIT_MS,
	UNIT_BPS,
	UNIT_BYTES,
	UNIT_DBM,
};
struct amount {
	bool said, arrow;
	char sign; /* 0, '+', '-', 'x' */
	enum unit unit;
	double low, high; /* one number: both the same */
	double then; /* where there is an arrow: what follows the last one */
};

#define CLAUSE_AMOUNTS 4
struct clause {
	struct who who;
	enum lever lever;
	bool whole; /* "ok": as if nothing happened */
	bool dead; /* "dead", "none" */
	struct amount amount[CLAUSE_AMOUNTS];
	size_t amounts_n;
	bool slash; /* "95 / 5" */
	struct amount second; /* a burst, a queue */
	bool dated; /* it does not begin with its part */
	double at_s, for_s; /* 0: to the end */
	bool evening; /* only then */
	bool at_home; /* a filter inside the country */
	bool shaped; /* "linear", "steps", "gradient": said, and moves nothing by itself */
	int clock_min[4]; /* times of day */
	size_t clocks_n;
	enum block block; /* of a service */
	char service[16]; /* "any": one is drawn */
};

struct complaint { /* where a cell stands, for what is said of it */
	const char *path, *column;
	unsigned int line;
	size_t n; /* how many times something was said */
};
#define CELL_CLAUSES 24
/* Clauses of ${cell} into ${out}, at most CELL_CLAUSES; what is not understood is said. */
size_t cells_read(struct clause *out, struct span cell, struct complaint *complaint);
/* Cuts the part before the first '|' off; false: nothing is left. */
bool cells_part(struct span *part, struct span *rest);
