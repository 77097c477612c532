#pragma once

#include "tests/world/plot.h"

/* Draws of one story: what is drawn, so that nothing is drawn twice with one number. */
enum draw {
	DRAW_AS = 1,
	DRAW_OFFSET,
	DRAW_FALL,
	DRAW_SHARE = 4, /* and 5 */
	DRAW_PROBE = 6,
	DRAW_BEARER,
	DRAW_NOISE,
	DRAW_RISE,
	DRAW_SERVICE,
	DRAW_REACH,
};

/* One part of a row, once: who it touches and when, and its spells. */
struct act {
	struct story *story;
	const struct part *part;
	uint64_t draw; /* the same for every occurrence of a part */
	double start_s, end_s;
	double long_end_s; /* of clauses that outlast one occurrence; 0 none may begin */
	int drill_regions; /* 0: it is none */
	double wave_s[WORLD_REGIONS]; /* later by region A, B, C, D */

	/* what act_tell() found */
	uint8_t networks, regions;
	double first_s;
	double begins[WORLD_NETWORKS][WORLD_REGIONS]; /* -1: untouched */
	double share[WORLD_NETWORKS];
	int32_t probes[8]; /* single ones */
	int probes_n;
	uint8_t beside; /* others whom quality clauses touch */
	bool service; /* a service clause */
	enum block block;
};
void act_tell(struct act *act);

/* For what makes its spells. */
double act_draw(const struct act *act, enum draw what, uint64_t which);
int act_rank(const struct story *story, int region); /* 0 of region A */
uint8_t act_regions(const struct act *act, const struct who *who, uint8_t otherwise);
uint8_t act_networks(const struct act *act, const struct who *who, uint8_t otherwise);
/* A spell of a place in this act, but for what it moves. */
struct spell act_spell(const struct act *act, int network, int region);
/* Into the story: for everybody there, or for the act's single probes alone. */
void act_emit(const struct act *act, struct spell *s);
/* How much later what lies abroad falls. */
double act_abroad_later_s(const struct act *act);
