#pragma once

#include "tests/world/cells.h"
#include "tests/world/scenario.h"

#define MINUTE_S 60.0
#define HOUR_S 3600.0
#define DAY_S 86400.0

/* A row of scenarios.csv as read: its parts, each a cause with clauses of its own. */
enum column {
	COLUMN_t0,
	COLUMN_fall,
	COLUMN_order,
	COLUMN_bgp,
	COLUMN_reach,
	COLUMN_also,
	COLUMN_COUNT,
};
enum rise { RISE_STEP, RISE_LINEAR, RISE_STAGES, RISE_WINDOWS };
enum repeat { REPEAT_ONCE, REPEAT_DAILY, REPEAT_WEEKLY, REPEAT_IRREGULAR };

struct clauses {
	struct clause *rows;
	size_t n;
};
struct course { /* duration_recovery_repeat */
	bool said, open; /* open: it has not ended when the story does */
	double low_s, high_s;
	bool rise_said;
	enum rise rise;
	double rise_s;
	int end_clock_min; /* local time at which it ends; -1 none */
	enum repeat repeat;
	int weekday; /* 0 Monday; -1 any */
	unsigned int times;
	double within_s; /* of irregular ones; 0 not said */
};
struct mechanism {
	const char *cause, *order, *reach, *bgp, *fall, *course;
	unsigned int flags;
	const char *also;
};
enum { PLACES = 1, FILTERED = 2, METERED = 4, BEYOND = 8, ORDERED = 16 };

#define SCENARIO_PARTS 3
struct part {
	char cause[40];
	const struct mechanism *mechanism;
	struct clauses cells[COLUMN_COUNT];
	struct clauses defaults[COLUMN_COUNT];
	struct course course, default_course;
};
struct scenario {
	int id;
	char not_code[3];
	bool satellite, overlap;
	bool shared_t0, shared_course; /* one cell for all parts */
	char cause[40]; /* insufficient, where it is */
	char named[200];
	size_t parts_n;
	struct part parts[SCENARIO_PARTS];
};
