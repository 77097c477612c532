#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/measurement.h"
#include "common/targets.h"
#include "tests/world/chance.h"

/*
 * A country drawn from a seed: its networks, regions, probes and target list. What stands
 * here never changes while a scenario runs; weather.h says what happens to it.
 *
 * The code is a real one, drawn from those with one time zone (zone1970.tab) and never the
 * one that a scenario was modelled on: local time must mean something, the name must not.
 */
#define WORLD_REGIONS 4
#define WORLD_NETWORKS 8
#define WORLD_PROBES_MAX 1200
#define WORLD_SERVICES 8

/* The networks of the survey's common world, in this order whatever their numbers are. */
enum world_network {
	WORLD_M1,
	WORLD_M2,
	WORLD_M3,
	WORLD_F1,
	WORLD_F2,
	WORLD_F3,
	WORLD_S1, /* a satellite operator; no probe hangs on it unless a scenario says so */
	WORLD_ABROAD, /* where the control probes are */
};

struct country_network {
	uint32_t asn;
	uint8_t medium; /* enum medium */
	char country[3]; /* where its number is registered */
	char prefix[20]; /* a /16 to draw probes' /24 from, as "203.0" */
	double rtt_ms[2]; /* round trip on a quiet line, home and abroad */
	double rate_bps;
};

struct country_probe {
	uint8_t key_seed[32]; /* of its epoch */
	uint8_t network; /* enum world_network */
	uint8_t second_network; /* of a second uplink; the same: none */
	uint8_t region; /* index */
	bool control; /* abroad */
	bool sensor; /* it can tell mains from battery */
	bool modem; /* it sees its radio */
	double battery_h; /* how long it runs without mains; 0: goes dark with them */
	double rtt_factor, rate_factor; /* against its network's; around 1 */
	uint8_t cohort;
	char prefix[20]; /* its /24 */
	double wants[2]; /* draws in [0, 1): the second is how weak its signal is, and
			  * whether its router outlives the mains */
};

struct country_target {
	struct target row; /* id and what is measured of it */
	char line[512]; /* the list's line */
	bool abroad;
	uint8_t network; /* enum world_network it stands in; WORLD_ABROAD abroad */
	uint8_t neighbourhood; /* abroad: targets of one number share a remote network */
	int8_t service; /* index of the service it belongs to, -1 none */
};

/* So far ahead of UTC is local time from then on. */
struct country_offset {
	int64_t from_utc_s, offset_s;
};
#define COUNTRY_OFFSETS 16

struct country {
	uint64_t seed;
	char code[3];
	char zone[64]; /* of tzdata */
	struct country_offset
		offsets[COUNTRY_OFFSETS]; /* by time; the first holds before it */
	size_t offsets_n;
	char regions[WORLD_REGIONS][7]; /* XX-YY */
	struct country_network networks[WORLD_NETWORKS];
	struct country_probe *probes; /* controls last */
	size_t probes_n;
	struct country_target targets[64];
	size_t targets_n;
	char services[WORLD_SERVICES][16]; /* what scenarios call them: "twitter" */
	uint32_t
		given[32]; /* numbers and first halves of addresses that somebody has */
	size_t given_n;
};

struct country_options {
	uint64_t seed;
	unsigned int per_network; /* probes per region and network: 3 */
	size_t probes; /* so many in the field in all, instead; 0: as many as per_network says */
	bool satellite; /* probes on S1 as well */
	const char *not_code; /* a country's code that must not be drawn; NULL any */
};
/* ${country} owns its probes: country_free(). The same options give the same country. False:
 * said on standard error (this machine has no tzdata). */
bool country_draw(struct country *country, const struct country_options *options);
void country_free(struct country *country);
/* Seconds that local time is ahead of UTC then. */
int64_t country_offset_s(const struct country *country, int64_t utc_s);
/* One more number or /16 that nobody of this country has yet. */
uint32_t country_new_asn(struct country *country, struct chance *chance);
void country_new_prefix(
	char prefix[static 20], struct country *country, struct chance *chance);
