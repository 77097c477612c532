#include "tests/world/country.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/crypto.h"
#include "common/log.h"
#include "tests/world/country_list.h"

#define ZONES "/usr/share/zoneinfo/zone1970.tab"
#define LETTERS 26
#define CONTROLS 2
#define COHORTS 4
#define DAY_S 86400
/* Local time is known from the end of 2025 for three years. */
#define KNOWN_FROM_S INT64_C(1764547200)
#define KNOWN_DAYS 1100

/* ---- code and zone ---- */

struct zones {
	struct {
		unsigned int n; /* zones of this code */
		char zone[64];
	} code[LETTERS * LETTERS];
};

static void
count_zone(struct zones *zones, const char *codes, const char *zone)
{
	for (; codes[0] >= 'A' && codes[0] <= 'Z' && codes[1] >= 'A' && codes[1] <= 'Z';
		codes += codes[2] == ',' ? 3 : 2) {
		size_t at =
			(size_t)(codes[0] - 'A') * LETTERS + (size_t)(codes[1] - 'A');

		zones->code[at].n++;
		snprintf(
			zones->code[at].zone, sizeof(zones->code[at].zone), "%s", zone);
	}
}

/* codes TAB coordinates TAB zone [TAB comments] */
static bool
read_zones(struct zones *zones)
{
	FILE *in = fopen(ZONES, "re");
	char line[512], codes[256], zone[64];

	if (!in) {
		log_error("%s: %s: install tzdata", ZONES, strerror(errno));
		return false;
	}
	memset(zones, 0, sizeof(*zones));
	while (fgets(line, sizeof(line), in))
		if (line[0] != '#' && sscanf(line, "%255s %*s %63s", codes, zone) == 2)
			count_zone(zones, codes, zone);
	fclose(in);
	return true;
}

static bool
draw_code(struct country *c, struct chance *chance, const char *not_code)
{
	struct zones *zones = malloc(sizeof(*zones));
	unsigned int seen = 0;
	bool read;

	if (!zones)
		bug("no memory for %zu zones", sizeof(*zones));
	read = read_zones(zones);
	for (size_t i = 0; read && i < LETTERS * LETTERS; i++) {
		char code[3] = {
			(char)('A' + i / LETTERS), (char)('A' + i % LETTERS), '\0'};

		if (zones->code[i].n != 1 || (not_code && !strcmp(code, not_code)) ||
			chance_one_of(chance, ++seen) != 0)
			continue;
		memcpy(c->code, code, sizeof(code));
		memcpy(c->zone, zones->code[i].zone, sizeof(c->zone));
	}
	free(zones);
	if (read && !seen)
		log_error("%s: no country has one zone: install tzdata", ZONES);
	return read && seen;
}

static int64_t
offset_now(int64_t utc_s)
{
	time_t at = (time_t)utc_s;
	struct tm local;

	localtime_r(&at, &local);
	return local.tm_gmtoff;
}

/* The first second of the new offset, between two days that differ. */
static int64_t
find_change(int64_t low_s, int64_t high_s)
{
	int64_t after = offset_now(high_s);

	while (high_s - low_s > 1) {
		int64_t middle_s = low_s + (high_s - low_s) / 2;

		if (offset_now(middle_s) == after)
			high_s = middle_s;
		else
			low_s = middle_s;
	}
	return high_s;
}

static void
read_offsets(struct country *c)
{
	setenv("TZ", c->zone, 1);
	tzset();
	c->offsets[0] = (struct country_offset){KNOWN_FROM_S, offset_now(KNOWN_FROM_S)};
	c->offsets_n = 1;
	for (int64_t day = 1; day < KNOWN_DAYS; day++) {
		int64_t at_s = KNOWN_FROM_S + day * DAY_S, offset_s = offset_now(at_s);

		if (offset_s == c->offsets[c->offsets_n - 1].offset_s ||
			c->offsets_n == COUNTRY_OFFSETS)
			continue;
		c->offsets[c->offsets_n++] = (struct country_offset){
			find_change(at_s - DAY_S, at_s), offset_s};
	}
	unsetenv("TZ");
	tzset();
}

int64_t
country_offset_s(const struct country *country, int64_t utc_s)
{
	size_t i = country->offsets_n - 1;

	while (i > 0 && country->offsets[i].from_utc_s > utc_s)
		i--;
	return country->offsets[i].offset_s;
}

/* ---- networks ---- */

static bool
is_given(const struct country *c, uint32_t value)
{
	for (size_t i = 0; i < c->given_n; i++)
		if (c->given[i] == value)
			return true;
	return false;
}

static void
give(struct country *c, uint32_t value)
{
	if (c->given_n == sizeof(c->given) / sizeof(c->given[0]))
		bug("more numbers than a country holds");
	c->given[c->given_n++] = value;
}

uint32_t
country_new_asn(struct country *country, struct chance *chance)
{
	uint32_t asn;

	do
		asn = chance_is(chance, .5) ? 131072 + chance_one_of(chance, 270000)
					    : 1000 + chance_one_of(chance, 63000);
	while (is_given(country, asn));
	give(country, asn);
	return asn;
}

/* First octets that hold a special-purpose range anywhere (RFC 6890 and its registry). */
static bool
is_special(unsigned int first)
{
	static const uint8_t special[] = {0, 10, 100, 127, 169, 172, 192, 198, 203};

	return memchr(special, (int)first, sizeof(special)) != NULL;
}

void
country_new_prefix(
	char prefix[static 20], struct country *country, struct chance *chance)
{
	unsigned int first, second;

	do {
		first = 1 + chance_one_of(chance, 223);
		second = chance_one_of(chance, 256);
	} while (is_special(first) || is_given(country, first << 8 | second));
	give(country, first << 8 | second);
	snprintf(prefix, 20, "%u.%u", first, second);
}

/* Round trips and rates of a quiet line: SCIENCE's tables of radio and of lines. */
static const struct {
	uint8_t medium;
	double home_ms[2], abroad_ms[2], rate_mbps[2];
} kinds[WORLD_NETWORKS] = {
	[WORLD_M1] = {MEDIUM_mobile, {28, 45}, {100, 160}, {10, 16}},
	[WORLD_M2] = {MEDIUM_mobile, {28, 45}, {100, 160}, {8, 14}},
	[WORLD_M3] = {MEDIUM_mobile, {28, 45}, {100, 160}, {8, 14}},
	[WORLD_F1] = {MEDIUM_fixed, {15, 25}, {80, 130}, {16, 26}},
	[WORLD_F2] = {MEDIUM_fixed, {15, 25}, {80, 130}, {14, 22}},
	[WORLD_F3] = {MEDIUM_fixed, {15, 30}, {80, 130}, {14, 22}},
	[WORLD_S1] = {MEDIUM_satellite, {540, 600}, {560, 640}, {5, 9}},
	[WORLD_ABROAD] = {MEDIUM_fixed, {90, 140}, {12, 40}, {30, 60}},
};

static void
draw_networks(struct country *c, struct chance *chance)
{
	for (int i = 0; i < WORLD_NETWORKS; i++) {
		struct country_network *n = &c->networks[i];

		n->asn = country_new_asn(c, chance);
		n->medium = kinds[i].medium;
		country_new_prefix(n->prefix, c, chance);
		memcpy(n->country, c->code, sizeof(n->country));
		/* Registered elsewhere, in a country that is none of this one's. */
		while (i >= WORLD_S1 && !strcmp(n->country, c->code))
			snprintf(n->country, sizeof(n->country), "%c%c",
				'A' + (char)chance_one_of(chance, LETTERS),
				'A' + (char)chance_one_of(chance, LETTERS));
		n->rtt_ms[0] = chance_between(
			chance, kinds[i].home_ms[0], kinds[i].home_ms[1]);
		n->rtt_ms[1] = chance_between(
			chance, kinds[i].abroad_ms[0], kinds[i].abroad_ms[1]);
		n->rate_bps = 1e6 * chance_between(chance, kinds[i].rate_mbps[0],
					    kinds[i].rate_mbps[1]);
	}
}

/* As ISO 3166-2 writes them: some countries count, others abbreviate. */
static void
draw_regions(struct country *c, struct chance *chance)
{
	bool letters = chance_is(chance, .5);
	unsigned int at = 0;

	for (int i = 0; i < WORLD_REGIONS; i++) {
		at += 1 + chance_one_of(chance, letters ? 160 : 20);
		if (letters)
			snprintf(c->regions[i], sizeof(c->regions[i]), "%.2s-%c%c",
				c->code, 'A' + (char)(at / LETTERS),
				'A' + (char)(at % LETTERS));
		else
			snprintf(c->regions[i], sizeof(c->regions[i]), "%.2s-%02u",
				c->code, at);
	}
}

/* ---- probes ---- */

/* Around 1: e to a normal draw of this deviation, by the fourth power of its first terms. */
static double
around_one(struct chance *chance, double deviation)
{
	double x = chance_normal(chance) * deviation / 4, y = 1 + x + x * x / 2;

	return y * y * y * y;
}

static void
draw_machine(struct country_probe *p, const struct country *c, struct chance *chance)
{
	bool mobile = c->networks[p->network].medium == MEDIUM_mobile;

	/* A Pi has no mains sensor; one in three machines here has. */
	p->sensor = chance_is(chance, .34);
	p->modem = mobile && chance_is(chance, .8);
	if (chance_is(chance, p->sensor ? .5 : .1))
		p->battery_h = chance_between(chance, 2, 8);
	p->rtt_factor = around_one(chance, .15);
	p->rate_factor = around_one(chance, .25);
	p->wants[0] = chance_draw(chance);
	p->wants[1] = chance_draw(chance);
	/* One fixed line in ten has a stick for the other kind, too. */
	p->second_network = p->network;
	if (c->networks[p->network].medium == MEDIUM_fixed && !p->control &&
		chance_is(chance, .1)) {
		p->second_network =
			(uint8_t)(WORLD_M1 + chance_one_of(chance, WORLD_M3 + 1));
		p->modem = true;
	}
}

static void
draw_probe(struct country *c, struct chance *chance, size_t i, uint8_t network)
{
	struct country_probe *p = &c->probes[i];
	uint64_t what[2] = {c->seed, i};
	unsigned int networks = WORLD_F3 + 1;

	*p = (struct country_probe){.network = network,
		.control = network == WORLD_ABROAD,
		.region = (uint8_t)(i / networks % WORLD_REGIONS)};
	crypto_sha256_2(p->key_seed, "probe", 5, what, sizeof(what));
	p->cohort = (uint8_t)(p->control ? 0 : chance_one_of(chance, COHORTS));
	snprintf(p->prefix, sizeof(p->prefix), "%.8s.%hhu.0/24",
		c->networks[network].prefix, (uint8_t)(20 + chance_one_of(chance, 80)));
	draw_machine(p, c, chance);
}

/* By turns on every network and in every region, controls last. */
static void
draw_probes(struct country *c, struct chance *chance, const struct country_options *o)
{
	size_t networks = WORLD_F3 + 1, satellite;
	size_t field =
		o->probes ? o->probes : networks * WORLD_REGIONS * o->per_network;

	satellite = o->satellite ? (size_t)WORLD_REGIONS * o->per_network : 0;
	c->probes_n = field + satellite + CONTROLS;
	if (c->probes_n > WORLD_PROBES_MAX)
		bug("%zu probes, %d the most", c->probes_n, WORLD_PROBES_MAX);
	c->probes = calloc(c->probes_n, sizeof(*c->probes));
	if (!c->probes)
		bug("no memory for %zu probes", c->probes_n);
	for (size_t i = 0; i < c->probes_n; i++) {
		uint8_t network = (uint8_t)(i % networks);

		if (i >= field + satellite)
			network = WORLD_ABROAD;
		else if (i >= field)
			network = WORLD_S1;
		draw_probe(c, chance, i, network);
		if (network == WORLD_S1)
			c->probes[i].region = (uint8_t)((i - field) % WORLD_REGIONS);
	}
}

bool
country_draw(struct country *country, const struct country_options *options)
{
	struct chance chance = {options->seed * 2 + 1};

	memset(country, 0, sizeof(*country));
	country->seed = options->seed;
	if (!draw_code(country, &chance, options->not_code))
		return false;
	read_offsets(country);
	draw_regions(country, &chance);
	draw_networks(country, &chance);
	draw_probes(country, &chance, options);
	country_list_draw(country, &chance);
	return true;
}

void
country_free(struct country *country)
{
	free(country->probes);
	country->probes = NULL;
	country->probes_n = 0;
}
