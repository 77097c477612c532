#pragma once

/* Include cmocka.h and what it needs before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/rollup.h"
#include "analyzer/analysis/steps.h"

/*
 * A small country in samples: three operators (two mobile, one fixed) with a probe in
 * each of three regions, and two control probes abroad. A round every five minutes; the
 * trouble, if any, lasts from round FROM to round TO.
 */
#define FIELD 9
#define PROBES 11
#define ROUNDS 40
#define FROM 20
#define TO 27
#define MAINS_GO 15 /* CUT_IN_POWER */
#define WINDOW_US (300 * (int64_t)1000000)
#define EPOCH_US (1700000000 * (int64_t)1000000)
#define TARGETS 10
#define POINTS (ROUNDS * 3)
#define SAMPLES_MAX 60000

enum trouble {
	NOTHING,
	INTERNATIONAL,
	INTERNATIONAL_TOTAL,
	POLICED, /* of each operator two machines tell that they are on mains */
	POWER,
	CABLE,
	REMOTE,
	RARELY, /* REMOTE, and most probes asked for it once meanwhile */
	GLITCHES,
	RESOLVER,
	SILENCE,
	HALVED, /* a meter of half the usual rate at everybody */
	MOBILE,
	MOBILE_AND_OTHERS, /* MOBILE; one probe is dark, of no known operator, one was out
			    * before */
	LONE_SHORT, /* one probe cannot reach anything for two windows */
	LONE_LONG, /* the same for as long as troubles last here */
	UNEVEN, /* INTERNATIONAL, but four probes got to measure in one window of it only */
	WITHDRAWN, /* INTERNATIONAL_TOTAL, and the routes are gone */
	ANNOUNCED, /* INTERNATIONAL_TOTAL, and the routes stay */
	FORGED, /* one name: another address than before */
	FICKLE, /* one name: the address depends on who asks, and changes */
	RESET, /* one name: the TLS handshake is reset, with another name it passes */
	RESET_ALONE, /* RESET, and nothing else is asked of that address */
	REFUSED, /* one name: the same, but no name passes on that address */
	DOWNGRADE, /* two mobile operators: 2G */
	MASTS, /* DOWNGRADE in two regions, by far masts; the machines of the fixed one dark */
	LONGER_WAY, /* one mobile operator and the fixed one: later abroad */
	CUT_IN_POWER, /* mains go, and with them the machines but one of each operator; those are
		       * refused everything an hour later (by the bins' width of a lab) */
	GATEWAY, /* INTERNATIONAL_TOTAL of one mobile operator and the fixed one; the routes stay */
	COAST, /* INTERNATIONAL_TOTAL, and the control probes lose the world, too */
	ALLOWED, /* INTERNATIONAL, but two hosts are let through, and no network is known */
};

struct country {
	struct sample *samples;
	size_t n;
	struct network networks[FIELD + 1];
	struct probe probes[PROBES];
	struct target_info targets[TARGETS];
	struct point points[POINTS];
	struct record record;
	enum trouble trouble;
	struct bin *bins;
	struct anomaly *anomalies;
	struct event *events;
	size_t bins_n, anomalies_n, events_n;
	struct observation observations[ROW_COUNT];
	size_t observations_n;
	struct witness witness;
	struct verdict verdict;
};

enum {
	LISTED = 3,
	NEIGHBOUR = 4,
	ABROAD_DNS = 6,
	RESOLVER_TARGET = 7,
	OTHER_NAME = 8,
	HTTPS = 9
};

static void
draw(struct country *c)
{
	static const char *const ids[TARGETS] = {
		"d1", "d2", "d3", "i1", "i2", "i3", "i4", "n1", "n2", "s1"};

	for (size_t p = 0; p < FIELD; p++) {
		struct network *n = &c->networks[p];

		strcpy(n->country, "QX");
		snprintf(n->region, sizeof(n->region), "QX-%02zu", p % 3 + 1);
		n->asn = 64600 + (uint32_t)(p / 3);
		n->medium = p / 3 == 2 ? MEDIUM_fixed : MEDIUM_mobile;
		c->probes[p] = (struct probe){
			.network = (uint32_t)p, .cohort = (uint32_t)p % 2};
	}
	if (c->trouble == MOBILE_AND_OTHERS)
		c->networks[0].asn = 0;
	strcpy(c->networks[FIELD].country, "QY");
	c->probes[FIELD] = c->probes[FIELD + 1] =
		(struct probe){.control = true, .network = FIELD};
	for (size_t t = 0; t < TARGETS; t++) {
		strcpy(c->targets[t].id, ids[t]);
		c->targets[t].rung = t < 3 ? RUNG_domestic : RUNG_international;
		c->targets[t].asn = 64700 + (uint32_t)t;
		c->targets[t].name = (uint32_t)t;
	}
	c->targets[NEIGHBOUR].asn = c->targets[LISTED].asn;
	for (size_t t = 0; t < TARGETS && c->trouble == ALLOWED; t++)
		c->targets[t].asn = 0;
	c->targets[RESOLVER_TARGET].rung = c->targets[OTHER_NAME].rung = RUNG_names;
	/* The same name, asked of the resolver here and of one abroad. */
	c->targets[RESOLVER_TARGET].name = ABROAD_DNS;
}

/* Routes of the three operators as the world sees them, in percent. */
static void
route(struct country *c)
{
	size_t n = 0;

	for (uint32_t operator= 0; operator<3; operator++)
		for (int round = 0; round < ROUNDS; round++) {
			bool gone =
				c->trouble == WITHDRAWN && round >= FROM && round <= TO;

			c->points[n++] =
				(struct point){EPOCH_US + round * WINDOW_US + 7000000,
					gone ? 0 : 100000000, 64600 + operator, "QX",
					METRIC_bgp, operator};
		}
}

static struct sample *
add(struct country *c, size_t probe, int round, int second, enum check check,
	enum rung rung, bool good)
{
	struct sample *s = &c->samples[c->n++];

	assert_true(c->n < SAMPLES_MAX);
	*s = (struct sample){
		.utc_us = EPOCH_US + round * WINDOW_US + second * (int64_t)1000000,
		.probe = (uint32_t)probe,
		.network = c->probes[probe].network,
		.target = NO_TARGET,
		.line = (uint32_t)c->n,
		.check = (uint8_t)check,
		.rung = (uint8_t)rung,
		.outcome = good ? OUTCOME_ok : OUTCOME_generic_timeout_error,
		.success = good,
		.rtt_us = 40000,
	};
	return s;
}

static bool
in_trouble(const struct country *c, size_t probe, int round)
{
	if (c->trouble == MOBILE_AND_OTHERS && probe == 5 && round >= FROM - 4)
		return round <= TO;
	if (round < FROM || round > TO)
		return false;
	switch (c->trouble) {
	case INTERNATIONAL:
	case INTERNATIONAL_TOTAL:
	case WITHDRAWN:
	case ANNOUNCED:
	case FORGED:
	case RESET:
	case RESET_ALONE:
	case REFUSED:
	case UNEVEN:
	case REMOTE:
	case RARELY:
	case HALVED:
	case RESOLVER:
	case ALLOWED:
		return true;
	case POLICED:
		return probe / 3 == 1;
	case MASTS:
		return probe % 3 < 2;
	case LONGER_WAY:
	case GATEWAY:
		return probe / 3 > 0;
	case COAST:
		return true;
	case MOBILE:
	case MOBILE_AND_OTHERS:
	case DOWNGRADE:
		return probe / 3 < 2;
	case LONE_SHORT:
		return probe == 4 && round < FROM + 2;
	case LONE_LONG:
		return probe == 4;
	case POWER:
		return probe % 3 == 1;
	case CABLE:
		return probe == 4;
	case CUT_IN_POWER:
		return probe < FIELD && probe % 4 == 0;
	case GLITCHES:
		return round == FROM + (int)probe % 8;
	case SILENCE:
	case NOTHING:
	case FICKLE:
		break;
	}
	return false;
}

/* One of the names, asked of resolvers: what it is answered. */
static uint64_t
told(const struct country *c, size_t probe, int round, size_t target)
{
	bool name = c->targets[target].name == ABROAD_DNS;

	if (c->trouble == FORGED && name && probe < FIELD &&
		in_trouble(c, probe, round))
		return 666;
	if (c->trouble == FICKLE && name)
		return 1000 + probe * 100 + (uint64_t)round;
	return 1 + c->targets[target].name;
}

static bool
target_answers(const struct country *c, size_t probe, int round, size_t target)
{
	bool abroad = probe >= FIELD, trouble = in_trouble(c, probe, round);
	bool international = c->targets[target].rung == RUNG_international;

	if ((c->trouble == REMOTE || c->trouble == RARELY) && trouble)
		return target != LISTED;
	if (c->trouble == RESOLVER && trouble)
		return c->targets[target].rung != RUNG_names || abroad;
	if (c->trouble == COAST && trouble)
		return c->targets[target].rung == RUNG_domestic && !abroad;
	if (abroad || !trouble)
		return true;
	if (c->trouble == INTERNATIONAL || c->trouble == UNEVEN)
		return !international || target == LISTED;
	if (c->trouble == ALLOWED)
		return !international || target == LISTED || target == NEIGHBOUR;
	if (c->trouble == INTERNATIONAL_TOTAL || c->trouble == WITHDRAWN ||
		c->trouble == ANNOUNCED || c->trouble == GATEWAY)
		return !international;
	if (c->trouble == RESET || c->trouble == RESET_ALONE || c->trouble == REFUSED)
		return target != HTTPS;
	return c->trouble != CABLE && c->trouble != GLITCHES &&
	       c->trouble != LONE_SHORT && c->trouble != LONE_LONG &&
	       c->trouble != CUT_IN_POWER && c->trouble != MOBILE &&
	       c->trouble != MOBILE_AND_OTHERS;
}

static enum check
asked_with(size_t target)
{
	if (target == HTTPS)
		return CHECK_tls;
	return target >= ABROAD_DNS ? CHECK_dns : CHECK_tcp;
}

/* Two in three probes ask for it only every fifth round. */
static bool
is_skipped(const struct country *c, size_t probe, int round, size_t target)
{
	return c->trouble == RARELY && target == LISTED && probe >= 3 &&
	       probe < FIELD && round % 5 != 3 + (int)probe % 2;
}

static enum supply
supply_of(const struct country *c, size_t probe, int round)
{
	if (c->trouble == CUT_IN_POWER)
		return round < MAINS_GO || round > TO ? SUPPLY_mains : SUPPLY_battery;
	return c->trouble == POLICED && probe % 3 < 2 ? SUPPLY_mains : SUPPLY_unknown;
}

/* Does its machine stop with the trouble, and boot anew behind it? */
static bool
stops(const struct country *c, size_t probe)
{
	return probe < FIELD &&
	       ((c->trouble == POWER && probe % 3 == 1) ||
		       (c->trouble == MOBILE_AND_OTHERS && probe == 0) ||
		       (c->trouble == MASTS && probe / 3 == 2 && probe % 3 < 2) ||
		       (c->trouble == CUT_IN_POWER && probe % 4 != 0));
}

static void
climb(struct country *c, size_t probe, int round)
{
	bool trouble = in_trouble(c, probe, round), abroad = probe >= FIELD;
	bool home = !(c->trouble == CABLE && trouble);
	bool metered = c->trouble == POLICED && trouble && !abroad;
	bool slow =
		(c->trouble == DOWNGRADE || c->trouble == MASTS) && trouble && !abroad;
	uint32_t boot = 0;
	size_t first = c->n;
	struct sample *speed;

	if (stops(c, probe)) {
		boot = round > TO;
		if (round >= (c->trouble == CUT_IN_POWER ? MAINS_GO : FROM) &&
			round <= TO)
			return;
	}
	if (c->trouble == SILENCE && !abroad && round >= FROM)
		return;
	if (c->trouble == UNEVEN && trouble && probe < 4 && round != FROM + 3)
		return;
	add(c, probe, round, 1, CHECK_power, RUNG_power, true)->supply =
		(uint8_t)supply_of(c, probe, round);
	add(c, probe, round, 2, CHECK_link, RUNG_link, home);
	add(c, probe, round, 3, CHECK_router, RUNG_router, home);
	add(c, probe, round, 4, CHECK_ping, RUNG_access, home);
	for (size_t t = 0; t < TARGETS; t++) {
		enum check check = asked_with(t);
		struct sample *s;

		if (is_skipped(c, probe, round, t))
			continue;
		s = add(c, probe, round, 10 + (int)t, check,
			(enum rung)c->targets[t].rung,
			target_answers(c, probe, round, t));
		s->target = (uint32_t)t;
		s->resolver = c->targets[t].rung == RUNG_names;
		if (check == CHECK_dns && s->success == 1)
			s->answer = told(c, probe, round, t);
		if (check == CHECK_tls && s->success == 0) {
			s->stage = STAGE_tls_handshake;
			s->other_name = c->trouble != REFUSED;
		}
		if (slow)
			s->rtt_us = 640000;
		if (c->trouble == CUT_IN_POWER && trouble && !s->success)
			s->outcome = OUTCOME_icmp_prohibited;
	}
	/* Its port answers all the while. */
	for (int i = 0; i < 2 && c->trouble != RESET_ALONE &&
			target_answers(c, probe, round, 5);
		i++)
		add(c, probe, round, 30 + i, i ? CHECK_tcp : CHECK_ping,
			RUNG_international, true)
			->target = HTTPS;
	speed = add(c, probe, round, 40, CHECK_speed, RUNG_quality, true);
	speed->rate_bps = metered ? 128000 + round * 500 : 9000000;
	speed->loss_ppm = metered ? 240000 : 1000;
	if (c->trouble == HALVED && trouble && !abroad) {
		speed->rate_bps = 5000000 + round * 500;
		speed->loss_ppm = 240000;
	}
	if (slow)
		speed->rate_bps = 90000, speed->loss_ppm = 12000,
		speed->queue_us = 300000;
	if (!target_answers(c, probe, round, 5))
		speed->rate_bps = 0, speed->success = 0;
	for (size_t i = first; i < c->n; i++) {
		c->samples[i].boot = boot;
		if (c->trouble == MASTS && c->samples[i].check == CHECK_link) {
			c->samples[i].signal_dbm = slow ? -120 : -90;
			c->samples[i].new_cell = slow;
		}
		if (c->trouble == LONGER_WAY && trouble && !abroad &&
			c->samples[i].rung >= RUNG_international)
			c->samples[i].rtt_us = 640000;
	}
}

static struct joined
joined_of(const struct country *c)
{
	return (struct joined){.anomalies = c->anomalies,
		.anomalies_n = c->anomalies_n,
		.events = c->events,
		.events_n = c->events_n};
}

static struct country *
country_new(enum trouble trouble)
{
	struct country *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->trouble = trouble;
	c->samples = calloc(SAMPLES_MAX, sizeof(*c->samples));
	draw(c);
	route(c);
	for (size_t p = 0; p < PROBES; p++)
		for (int round = 0; round < ROUNDS; round++)
			climb(c, p, round);
	c->record = (struct record){
		.samples = c->samples,
		.samples_n = c->n,
		.probes = c->probes,
		.probes_n = PROBES,
		.networks = c->networks,
		.networks_n = FIELD + 1,
		.targets = c->targets,
		.targets_n = TARGETS,
		.points = c->points,
		.points_n = trouble == WITHDRAWN || trouble == ANNOUNCED ||
					    trouble == GATEWAY
				    ? POINTS
				    : 0,
		.window_us = WINDOW_US,
		.reference_us = 7 * 288 * WINDOW_US,
		.horizon_us = EPOCH_US + ROUNDS * WINDOW_US,
	};
	c->bins = calloc(ROLLUP_BINS * c->n + PROBES, sizeof(*c->bins));
	c->bins_n = rollup(c->bins, &c->record);
	c->anomalies = calloc(c->bins_n + 1, sizeof(*c->anomalies));
	c->anomalies_n = detect(c->anomalies, c->bins, c->bins_n, &c->record);
	c->events = calloc(c->anomalies_n + 1, sizeof(*c->events));
	c->events_n = join(c->events, c->anomalies, c->anomalies_n, &c->record);
	if (c->events_n) {
		struct joined joined = joined_of(c);

		c->observations_n = observe(c->observations, &c->witness, &c->events[0],
			&joined, &c->record);
		classify(&c->verdict, c->observations, c->observations_n,
			evidence_weights());
	}
	return c;
}

static void
country_free(struct country *c)
{
	free(c->samples);
	free(c->bins);
	free(c->anomalies);
	free(c->events);
	free(c);
}

static const struct observation *
fired(const struct country *c, enum row row)
{
	for (size_t i = 0; i < c->observations_n; i++)
		if (c->observations[i].row == row)
			return &c->observations[i];
	return NULL;
}

static void
expect(const struct country *c, enum cause cause)
{
	assert_int_equal(c->events_n, 1);
	assert_false(c->verdict.insufficient);
	assert_int_equal(c->verdict.class, evidence_class(cause));
	assert_int_equal(c->verdict.cause, cause);
}
