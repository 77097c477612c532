#include "tests/world/round_home.h"

#include <stdio.h>
#include <string.h>

#define TTL_START 64
/* MMModemAccessTechnology by generation: EDGE, HSPA, LTE, 5GNR. */
static const int64_t technologies[] = {0, 0, 16, 256, 16384, 32768};
#define GENERATIONS (sizeof(technologies) / sizeof(technologies[0]))

static int64_t
small_us(struct climb *c, double least, double most)
{
	return (int64_t)chance_between(c->chance, least, most);
}

static const struct country_network *
network_of(const struct climb *c)
{
	return &c->country->networks[c->round->network];
}

static bool
is_mobile(const struct climb *c)
{
	return network_of(c)->medium == MEDIUM_mobile;
}

static void
measure_power(struct climb *c)
{
	const struct country_probe *p = c->probe;
	struct measurement *m = climb_begin(c, CHECK_power, RUNG_power, NULL);

	SET(m, uptime_min, c->round->uptime_min);
	SET(m, unclean_stop, c->round->unclean);
	SET(m, supply,
		!p->sensor	    ? SUPPLY_unknown
		: c->weather->mains ? SUPPLY_mains
				    : SUPPLY_battery);
	if (p->sensor && p->battery_h > 0)
		SET(m, battery_percent, (int64_t)(c->weather->battery * 100));
	climb_end(c, STAGE_done, OUTCOME_ok, small_us(c, 90, 400));
}

/* Whether there is an address to send from. */
static bool
measure_link(struct climb *c)
{
	const struct weather *w = c->weather;
	struct measurement *m = climb_begin(c, CHECK_link, RUNG_link, NULL);
	bool up = w->carrier && (!is_mobile(c) || (w->registered && w->bearer));
	double heard = 4 + 24 * climb_trait(c, 3, c->probe->prefix);

	SET(m, medium, network_of(c)->medium);
	SET(m, route, up);
	SET(m, carrier, w->carrier && (up || !is_mobile(c)));
	SET(m, addr4, up);
	SET(m, addr6, up);
	if (!is_mobile(c))
		SET(m, beacons,
			(int64_t)(heard * w->beacons *
				  chance_between(c->chance, .85, 1.15)));
	if (w->tunnel)
		SET(m, tunnel, 1);
	if (up)
		climb_end(c, STAGE_done, OUTCOME_ok, small_us(c, 120, 600));
	else
		climb_end(c, STAGE_read, OUTCOME_link_down, small_us(c, 120, 600));
	return up;
}

static int64_t
percent_of(int64_t dbm)
{
	int64_t percent = (dbm + 120) * 100 / 70;

	return percent < 0 ? 0 : percent > 100 ? 100 : percent;
}

static int64_t
dbm_of(struct climb *c)
{
	double dbm = c->weather->signal_dbm + 1.5 * chance_normal(c->chance);

	return dbm < -140 ? -140 : dbm > -40 ? -40 : (int64_t)dbm;
}

/* A code that no operator of the real world needs to have. */
static void
say_operator(struct climb *c)
{
	char plmn[7];

	snprintf(plmn, sizeof(plmn), "%03u%02u",
		200 + (unsigned int)(550 * chance_of(c->country->seed, 4,
						   c->weather->roaming ? 99 : 0)),
		1 + c->round->network);
	climb_text(c, FIELD_plmn, plmn);
}

static void
measure_modem(struct climb *c)
{
	const struct weather *w = c->weather;
	struct measurement *m = climb_begin(c, CHECK_modem, RUNG_link, NULL);
	int64_t took_us = small_us(c, 8000, 60000);

	SET(m, signal_dbm, dbm_of(c));
	SET(m, signal_percent, percent_of(m->signal_dbm));
	SET(m, registration,
		w->registered ? w->roaming ? REGISTRATION_roaming : REGISTRATION_home
		: w->reject_cause ? REGISTRATION_denied
				  : REGISTRATION_searching);
	if (w->reject_cause && !(w->registered && w->bearer))
		SET(m, reject_cause, w->reject_cause);
	if (w->registered) {
		SET(m, access_tech,
			technologies[w->generation < GENERATIONS ? w->generation : 0]);
		SET(m, bearer, w->bearer);
		SET(m, voice, w->voice);
		SET(m, cell_changed, w->cell_changed);
		say_operator(c);
	}
	if (!w->registered && w->reject_cause)
		climb_end(c, STAGE_register, OUTCOME_registration_denied, took_us);
	else if (!w->registered)
		climb_end(c, STAGE_register, OUTCOME_generic_timeout_error, took_us);
	else if (!w->bearer)
		climb_end(c, STAGE_bearer, OUTCOME_bearer_rejected, took_us);
	else
		climb_end(c, STAGE_done, OUTCOME_ok, took_us);
}

static void
measure_router(struct climb *c, bool up)
{
	struct measurement *m = climb_begin(c, CHECK_router, RUNG_router, NULL);

	SET(m, route, up);
	if (!up || c->weather->tunnel) {
		climb_unmeasured(c, up ? REASON_tunnel : REASON_no_route);
		return;
	}
	SET(m, sent, 1);
	SET(m, received, c->weather->router);
	if (!c->weather->router) {
		climb_end(c, STAGE_reply, OUTCOME_generic_timeout_error,
			2500000 + small_us(c, 100, 2000));
		return;
	}
	SET(m, reply_ttl, TTL_START);
	SET(m, rtt_us, is_mobile(c) ? small_us(c, 300, 900) : small_us(c, 500, 4000));
	SET(m, rtt_min_us, m->rtt_us);
	SET(m, rtt_max_us, m->rtt_us);
	climb_end(c, STAGE_done, OUTCOME_ok, m->rtt_us + small_us(c, 100, 300));
}

bool
round_home_measure(struct climb *c)
{
	bool up;

	measure_power(c);
	up = measure_link(c);
	if (is_mobile(c) && c->probe->modem)
		measure_modem(c);
	measure_router(c, up);
	return up;
}

void
round_home_access(struct climb *c, const struct country_target *far, uint8_t ttl)
{
	const struct weather *w = c->weather;
	struct path path = {
		.rtt_ms = w->rtt_ms[0] * (.3 + .1 * ttl), .loss = w->loss[0]};
	struct measurement *m = climb_begin(c, CHECK_ping, RUNG_access, far);

	SET(m, ttl, ttl);
	SET(m, sent, 1);
	SET(m, received, 0);
	path.alive = w->router && chance_is(c->chance, w->access);
	if (!path.alive || climb_loses(c, &path)) {
		climb_fail(c, &path, STAGE_reply, 3000000);
		return;
	}
	SET(m, icmp_type, 11);
	SET(m, icmp_code, 0);
	SET(m, reply_ttl, TTL_START - ttl + 1);
	SET(m, rtt_us, climb_rtt_us(c, &path));
	SET(m, rtt_min_us, m->rtt_us);
	SET(m, rtt_max_us, m->rtt_us);
	climb_end(c, STAGE_done, OUTCOME_ttl_exceeded, m->rtt_us + 150);
}

/* The /24 of the router at this place: the operator's, then those of who carries it on. */
static void
put_hop(struct climb *c, char *text, size_t room, unsigned int place)
{
	size_t n = strlen(text);
	const char *space = n ? " " : "";
	double trait = chance_of(c->country->seed, 5, place);

	if (place == 1)
		snprintf(text + n, room - n, "%s192.168.%u.0/24", space,
			(unsigned int)(4 * climb_trait(c, 6, c->probe->prefix)));
	else if (place <= 3)
		snprintf(text + n, room - n, "%s%s.%u.0/24", space,
			network_of(c)->prefix, place);
	else
		snprintf(text + n, room - n, "%s%u.%u.%u.0/24", space,
			60 + (unsigned int)(20 * trait), place * 11, place);
}

void
round_home_trace(struct climb *c, const struct country_target *far)
{
	const struct weather *w = c->weather;
	struct path path = climb_path(c, far, PASS_TCP);
	struct measurement *m = climb_begin(c, CHECK_trace, RUNG_access, far);
	unsigned int whole = 8, last = 0;
	char hops[512] = "";

	SET(m, protocol, c->round->number % PROTOCOL_COUNT);
	if (w->router)
		last = w->access > 0 ? path.alive ? whole : 4 : 1;
	for (unsigned int place = 1; place <= last; place++) {
		double share = (double)place / (whole + 1);
		struct path part = {
			.rtt_ms = path.rtt_ms * share * share, .loss = path.loss};

		put_hop(c, hops, sizeof(hops), place);
		m->hop_rtt_us[place - 1] = climb_rtt_us(c, &part);
	}
	if (last) {
		climb_text(c, FIELD_hops, hops);
		m->has[FIELD_hop_rtt_us] = true;
		m->hop_rtt_us_n = last;
	}
	if (!path.alive) {
		climb_fail(c, &path, STAGE_reply, 14000000);
		return;
	}
	SET(m, rtt_us, climb_rtt_us(c, &path));
	SET(m, reply_ttl, TTL_START - whole);
	SET(m, ttl, whole + 1);
	climb_end(c, STAGE_done, OUTCOME_ok, 5000000 + m->rtt_us);
}
