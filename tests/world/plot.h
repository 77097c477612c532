#pragma once

#include "tests/world/parts.h"

/*
 * A story as spells: each moves one lever for some probes from a start to an end. Made by
 * act.c (a row's parts) and glitch.c (what happens by itself), read by weather.c.
 */
enum change { CHANGE_SET, CHANGE_TIMES, CHANGE_PLUS };
#define SPELL_EVERYBODY (-1)

struct spell {
	enum lever lever;
	enum change change;
	uint8_t networks, regions; /* bits: probes of which it touches */
	uint8_t hosts; /* LEVER_hosts: bits of the networks that are gone */
	uint8_t reject_cause; /* LEVER_bearer */
	int8_t service;
	enum block block;
	bool evening, at_home;
	bool edges; /* story_edge_s() is about these */
	int32_t probe; /* SPELL_EVERYBODY or an index */
	double share; /* of those probes */
	uint64_t draw; /* what its probes are drawn with: the same, the same ones */
	double value, then; /* slides from the one to the other from start to end */
	double second; /* a burst in bytes, a queue in ms */
	double start_s, fall_s, once, tail_s; /* once: share that falls at once */
	double end_s, rise_s;
	enum rise rise;
};
struct label {
	char id[64], cause[40];
	const char *named;
	uint8_t networks, regions;
	unsigned int probes;
	bool open, must;
	double start_s, end_s;
};
struct story {
	const struct country *country;
	struct story_options options;
	uint64_t seed; /* of this scenario's story in this country */
	int scenario;
	int64_t start_s, end_s;
	struct spell *spells;
	size_t spells_n;
	struct label *labels;
	size_t labels_n;
	uint8_t regions[WORLD_REGIONS]; /* A, B, C, D: which of the country's */
	uint64_t listed; /* targets that are, where some are */
	int32_t *offsets_s; /* by hour: how far local time is ahead */
	size_t hours;
	double *edges[WORLD_NETWORKS]; /* by time */
	size_t edges_n[WORLD_NETWORKS];
	/* spells of a place (network and region) in six hours: index of the first, from
	 * which they run to the next one's */
	uint32_t *first, *slots;
	size_t slices;
};

void plot_add_spell(struct story *story, const struct spell *spell);
struct label *plot_add_label(struct story *story);
/* Once all spells are there. */
void plot_index(struct story *story);
void plot_free(struct story *story);
/* How much of a spell there is: 0 none of it, 1 all. */
double plot_severity(const struct spell *spell, double utc_s);
/* The value that it moves to by then. */
double plot_value(const struct spell *spell, double utc_s);
/* Spells of a place about that time, as indices; some may be over, or yet to come. */
struct plot_spells {
	const uint32_t *at;
	size_t n;
};
struct plot_spells plot_spells(
	const struct story *story, uint8_t network, uint8_t region, double utc_s);
/* Local time less UTC; local hour of the day as [0, 24). */
double plot_offset_s(const struct story *story, double utc_s);
double plot_local_hour(const struct story *story, double utc_s);
double plot_utc_s(const struct story *story, double local_s);
/* How far it is to the nearest edge. */
#define PLOT_FAR_S 1e9
double plot_edge_s(const struct story *story, uint8_t network, double utc_s);
/* Does it live at all? */
bool plot_alive(const struct story *story, size_t probe);
/* Probes in the field that live in these networks and regions. */
unsigned int plot_count(const struct story *story, uint8_t networks, uint8_t regions);
