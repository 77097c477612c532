#include "tests/world/round.h"

#include "tests/world/climb.h"
#include "tests/world/round_flow.h"
#include "tests/world/round_home.h"
#include "tests/world/round_reach.h"
#include "tests/world/round_web.h"

typedef void measure_fn(struct climb *c, const struct country_target *t);

static measure_fn *const checks[CHECK_COUNT] = {
	[CHECK_ping] = round_reach_ping,
	[CHECK_tcp] = round_reach_tcp,
	[CHECK_quic] = round_reach_quic,
	[CHECK_dns] = round_reach_dns,
	[CHECK_core] = round_reach_core,
	[CHECK_tls] = round_web_tls,
	[CHECK_http] = round_web_http,
};

static bool
asks(const struct country_target *t, enum check check)
{
	return t->row.checks >> check & 1;
}

/* One check of a target; through a tunnel another network would be measured. */
static void
measure(struct climb *c, enum check check, const struct country_target *t)
{
	if (!c->weather->tunnel) {
		checks[check](c, t);
		return;
	}
	climb_begin(c, check, t->row.rung, t);
	climb_unmeasured(c, REASON_tunnel);
}

/* Any target of the rung that the check is asked of, each as likely; a service or not. */
static const struct country_target *
any_target(struct climb *c, enum rung rung, enum check check, bool service)
{
	const struct country_target *chosen = NULL;
	unsigned int seen = 0;

	for (size_t i = 0; i < c->country->targets_n; i++) {
		const struct country_target *t = &c->country->targets[i];

		if (t->row.rung == rung && asks(t, check) &&
			(t->service >= 0) == service &&
			chance_one_of(c->chance, ++seen) == 0)
			chosen = t;
	}
	return chosen;
}

static void
measure_any(struct climb *c, enum rung rung, enum check check, bool service)
{
	const struct country_target *t = any_target(c, rung, check, service);

	if (t)
		measure(c, check, t);
}

static const struct country_target *
first_far(const struct climb *c)
{
	for (size_t i = 0; i < c->country->targets_n; i++)
		if (c->country->targets[i].row.rung == RUNG_international &&
			asks(&c->country->targets[i], CHECK_ping) &&
			c->country->targets[i].service < 0)
			return &c->country->targets[i];
	return NULL;
}

static void
measure_access(struct climb *c, enum detail detail)
{
	const struct country_target *far = first_far(c);

	for (uint8_t ttl = 2; ttl <= (detail == DETAIL_FULL ? 3 : 2); ttl++) {
		if (!c->weather->tunnel) {
			round_home_access(c, far, ttl);
			continue;
		}
		climb_begin(c, CHECK_ping, RUNG_access, far);
		climb_unmeasured(c, REASON_tunnel);
	}
}

/* A few of each rung, others each time, as a profile with few targets draws them. */
static void
measure_some(struct climb *c)
{
	measure_any(c, RUNG_domestic, CHECK_ping, false);
	measure_any(c, RUNG_domestic, CHECK_tcp, false);
	measure_any(c, RUNG_international, CHECK_ping, false);
	measure_any(c, RUNG_international, CHECK_tcp, false);
	measure_any(c, RUNG_international, CHECK_dns, false);
	measure_any(c, RUNG_international, CHECK_tls, true);
	if (c->round->number % 2)
		measure_any(c, RUNG_core, CHECK_core, false);
	measure_any(c, RUNG_names, CHECK_dns, chance_is(c->chance, .5));
}

/* A service is asked for by name, under TLS and in the clear: each of the three once. */
static bool
is_needed(const struct country_target *t, enum check check)
{
	if (t->service < 0)
		return true;
	if (t->row.port == 80)
		return check == CHECK_http;
	return check != CHECK_quic || t->service % 4 == 0;
}

static void
measure_all(struct climb *c)
{
	for (enum rung rung = RUNG_domestic; rung < RUNG_COUNT; rung++)
		for (size_t i = 0; i < c->country->targets_n; i++) {
			const struct country_target *t = &c->country->targets[i];

			for (enum check check = 0;
				t->row.rung == rung && check < CHECK_COUNT; check++)
				if (asks(t, check) && checks[check] &&
					is_needed(t, check))
					measure(c, check, t);
		}
}

/* What a full round has besides: big pages, two names of one address, one-way counts. */
static void
measure_more(struct climb *c)
{
	const struct country_target *t;

	round_home_trace(c, first_far(c));
	round_reach_oneway(c);
	t = any_target(c, RUNG_domestic, CHECK_tls, false);
	if (t)
		round_web_large(c, t);
	for (int i = 0; i < 2; i++) {
		t = any_target(c, RUNG_international, CHECK_tls, i == 1);
		if (t)
			round_web_large(c, t);
		t = any_target(c, RUNG_international, CHECK_tls, true);
		if (t)
			round_web_compare(c, t);
	}
}

size_t
round_measure(struct measurement *out, const struct country *country,
	const struct weather *weather, const struct round *round, struct chance *chance)
{
	struct climb c = {.out = out,
		.country = country,
		.probe = &country->probes[round->probe],
		.weather = weather,
		.round = round,
		.chance = chance,
		.at_us = round->t_us};

	if (!round_home_measure(&c))
		return c.n;
	measure_access(&c, round->detail);
	if (round->detail == DETAIL_FULL)
		measure_all(&c);
	else
		measure_some(&c);
	if (weather->tunnel)
		return c.n;
	if (round->detail == DETAIL_FULL)
		measure_more(&c);
	if (round->speed)
		round_flow_measure(&c);
	return c.n;
}
