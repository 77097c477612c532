#include <string.h>

#include "tests/world/effect.h"
#include "tests/world/move.h"

#define WHOLE .985
#define DEAD .06
#define NOISE_SWING .1
#define REJECT_BARRED 8 /* 3GPP TS 24.008: operator determined barring */
#define FILTERS_ALONE .5 /* with reach below it, names that are "ok" mean a filter */

static const enum lever filters[] = {
	LEVER_tcp, LEVER_tls, LEVER_http, LEVER_icmp, LEVER_udp, LEVER_quic};

static const struct clause *
mention(const struct clauses *cell, enum lever lever)
{
	for (size_t i = 0; i < cell->n; i++)
		if (cell->rows[i].lever == lever && !cell->rows[i].at_home)
			return &cell->rows[i];
	return NULL;
}

static bool
mentions(const struct act *act, enum lever lever)
{
	return mention(&act->part->cells[COLUMN_also], lever) ||
	       mention(&act->part->cells[COLUMN_reach], lever);
}

/* ---- reach ---- */

struct reach {
	double home, home_then, abroad, abroad_then;
};

/* A figure of percent at a region of this rank: the first number where it is worst. */
static double
percent(const struct amount *a, int rank)
{
	double value = a->low + (a->high - a->low) * rank / (WORLD_REGIONS - 1);

	if (a->sign == '-')
		value = 100 - value;
	value /= 100;
	return value < 0 ? 0 : value > 1 ? 1 : value;
}

static bool
speaks_of(const struct act *act, const struct clause *c, int n, int r)
{
	uint8_t regions = act_regions(act, &c->who, EVERY_REGION);

	return !c->lever && (c->amounts_n || c->whole) &&
	       (!c->who.networks || (c->who.networks >> n & 1)) && (regions >> r & 1);
}

static bool
reach_of(struct reach *reach, const struct act *act, const struct clauses *cell, int n,
	int r)
{
	int rank = act_rank(act->story, r);
	bool found = false;

	for (size_t i = 0; i < cell->n; i++) {
		const struct clause *c = &cell->rows[i];
		const struct amount *home = &c->amount[0];
		const struct amount *abroad =
			c->slash ? &c->amount[c->amounts_n - 1] : home;

		if (!speaks_of(act, c, n, r))
			continue;
		found = true;
		*reach = (struct reach){1, 1, 1, 1};
		if (c->whole)
			continue;
		reach->home = percent(home, rank);
		reach->abroad = percent(abroad, rank);
		reach->home_then = home->arrow ? home->then / 100 : reach->home;
		reach->abroad_then = abroad->arrow ? abroad->then / 100 : reach->abroad;
	}
	return found;
}

static void
emit(const struct act *act, struct spell s, enum lever lever, double value, double then)
{
	s.lever = lever;
	s.change = CHANGE_SET;
	s.value = value;
	s.then = then;
	act_emit(act, &s);
}

/* Dead places are the ones that lost their mains, too: one draw for both. */
static void
reach_places(const struct act *act, const struct spell *s, const struct reach *reach)
{
	struct spell dead = *s;

	if (reach->home < WHOLE) {
		dead.share = 1 - reach->home;
		emit(act, dead, LEVER_access, 0, 0);
	}
	if (reach->abroad < reach->home)
		emit(act, *s, LEVER_abroad,
			reach->home > 0 ? reach->abroad / reach->home : 0,
			reach->home > 0 ? reach->abroad / reach->home : 0);
}

/* Some operators take the bearer away, others drop what comes over it. */
static bool
takes_bearer(const struct act *act, const struct reach *reach, int n)
{
	return reach->home <= DEAD && reach->abroad <= DEAD &&
	       (NETWORKS_MOBILE >> n & 1) && act->part->mechanism->flags & ORDERED &&
	       !mentions(act, LEVER_bearer) &&
	       act_draw(act, DRAW_BEARER, (uint64_t)n) < .6;
}

static bool
is_filtered(const struct act *act, const struct reach *reach)
{
	const struct clause *dns = mention(&act->part->cells[COLUMN_also], LEVER_dns);

	return act->part->mechanism->flags & FILTERED ||
	       (dns && dns->whole && reach->abroad < FILTERS_ALONE);
}

static void
reach_cut(const struct act *act, struct spell *s, const struct reach *reach, int n)
{
	double later_s = act_abroad_later_s(act);

	if (takes_bearer(act, reach, n)) {
		s->reject_cause = act_draw(act, DRAW_BEARER, 100U + (uint64_t)n) < .5
					  ? REJECT_BARRED
					  : 0;
		emit(act, *s, LEVER_bearer, 0, 0);
		return;
	}
	if (reach->home < WHOLE)
		emit(act, *s, LEVER_home, reach->home, reach->home_then);
	/* Nothing at home answers, the operator's own resolver neither. */
	if (reach->home <= DEAD && !mentions(act, LEVER_resolver))
		emit(act, *s, LEVER_resolver, reach->home, reach->home_then);
	s->start_s += later_s;
	if (reach->abroad >= WHOLE)
		return;
	if (!is_filtered(act, reach)) {
		emit(act, *s, LEVER_abroad, reach->abroad, reach->abroad_then);
		return;
	}
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
		if (!mentions(act, filters[i]))
			emit(act, *s, filters[i], reach->abroad, reach->abroad_then);
}

/* What stands in a network that is gone is gone for everybody; behind a closed border it is
 * gone for those abroad. */
static void
reach_hosts(const struct act *act, struct spell s, const struct reach *reach, int n)
{
	bool mobile = strcmp(act->part->cause, "shutdown.mobile") == 0;

	if (act->drill_regions || act->probes_n)
		return;
	s.hosts = (uint8_t)(1U << n);
	s.edges = false;
	s.networks = 0x80;
	s.regions = EVERY_REGION;
	if (reach->abroad < WHOLE && act->regions == EVERY_REGION)
		emit(act, s, LEVER_hosts, reach->abroad, reach->abroad_then);
	s.networks = NETWORKS_HOME;
	if (reach->home < .2 && !mobile && act->regions == EVERY_REGION)
		emit(act, s, LEVER_hosts, reach->home, reach->home_then);
}

void
effect_reach(struct act *act)
{
	const struct part *part = act->part;
	bool hosts[WORLD_NETWORKS] = {0};

	for (int n = 0; n < WORLD_NETWORKS; n++)
		for (int r = 0; r < WORLD_REGIONS; r++) {
			struct reach reach = {1, 1, 1, 1};
			struct spell s;

			if (act->begins[n][r] < 0)
				continue;
			if (!reach_of(&reach, act, &part->cells[COLUMN_reach], n, r))
				reach_of(&reach, act, &part->defaults[COLUMN_reach], n,
					r);
			s = act_spell(act, n, r);
			if (!hosts[n])
				reach_hosts(act, s, &reach, n);
			hosts[n] = true;
			if (part->mechanism->flags & PLACES)
				reach_places(act, &s, &reach);
			else
				reach_cut(act, &s, &reach, n);
		}
}

/* ---- the other clauses ---- */

static enum block
block_of(const struct act *act, const struct clause *c)
{
	static const enum block blocks[] = {BLOCK_DNS, BLOCK_SNI_RESET, BLOCK_SNI_DROP,
		BLOCK_IP, BLOCK_PAGE, BLOCK_DNS_RACE};

	if (c->block)
		return c->block;
	if (c->dead || strcmp(act->part->cause, "ordinary.remote") == 0)
		return BLOCK_DOWN;
	if (strcmp(act->part->cause, "ordinary.geoblocked") == 0)
		return BLOCK_REFUSED;
	return blocks[(int)(act_draw(act, DRAW_SERVICE, 1) * 6)];
}

/* The service of that name, or one that stands for it. */
static int8_t
service_of(const struct act *act, const char *name)
{
	const struct country *country = act->story->country;
	int n = 0;

	for (int i = 0; i < WORLD_SERVICES && country->services[i][0]; i++, n++)
		if (strcmp(country->services[i], name) == 0)
			return (int8_t)i;
	return n ? (int8_t)(act_draw(act, DRAW_SERVICE, (unsigned char)name[0]) * n)
		 : 0;
}

static double
noisy(const struct act *act, const struct clause *c, double value)
{
	double swing = 2 * act_draw(act, DRAW_NOISE, (uint64_t)c->lever) - 1;

	if (act->story->options.noise != NOISE_HIGH || c->lever == LEVER_generation)
		return value;
	return value * (1 + NOISE_SWING * swing);
}

/* A mechanism's flags say what its round trips, losses and rates mean. */
static enum lever
lever_of(const struct act *act, const struct clause *c)
{
	unsigned int flags = act->part->mechanism->flags;
	bool own = act->networks & c->who.networks || !c->who.networks;

	if (flags & BEYOND && c->lever == LEVER_rtt && own && !c->who.others)
		return LEVER_path;
	if (flags & BEYOND && c->lever == LEVER_loss && own && !c->who.others)
		return LEVER_lossy;
	if (flags & METERED && c->lever == LEVER_rate && own && !c->who.others)
		return LEVER_police;
	return c->lever;
}

static bool
is_of_places(enum lever lever)
{
	return lever == LEVER_mains || lever == LEVER_off || lever == LEVER_beacons;
}

/* A clause with a time of its own; false: it belongs to the first occurrence alone. */
static bool
date_of(const struct act *act, struct spell *s, const struct clause *c)
{
	bool lasts = act->long_end_s > 0 && c->dated && c->at_s >= DAY_S;

	if (c->dated && c->at_s >= DAY_S && act->long_end_s < 0)
		return false;
	if (lasts)
		s->end_s = act->long_end_s;
	if (c->dated) {
		s->start_s = act->first_s + c->at_s;
		s->fall_s = s->once = s->tail_s = 0;
	}
	if (c->for_s > 0) {
		s->end_s = s->start_s + c->for_s;
		s->rise_s = 0;
		s->rise = RISE_STEP;
	}
	if (s->fall_s + s->rise_s > s->end_s - s->start_s)
		s->fall_s = s->rise_s = 0;
	return true;
}

/* The mains are everybody's in a region, whichever network falls first for want of them. */
static double
first_there_s(const struct act *act, int r)
{
	double first_s = act->end_s;

	for (int n = 0; n < WORLD_NETWORKS; n++)
		if (act->begins[n][r] >= 0 && act->begins[n][r] < first_s)
			first_s = act->begins[n][r];
	return first_s < act->end_s ? first_s : act->first_s;
}

static void
also_at(struct act *act, const struct clause *c, int n, int r)
{
	struct spell s = act_spell(act, n, r);

	if (act->begins[n][r] < 0 || is_of_places(c->lever)) {
		s.share = 1;
		s.start_s = first_there_s(act, r);
	}
	if (!date_of(act, &s, c) || !move_read(&s, c))
		return;
	s.lever = lever_of(act, c);
	s.value = s.then = noisy(act, c, s.value);
	if (s.lever == LEVER_police && c->lever == LEVER_rate)
		s.second = 60e3;
	if (c->lever == LEVER_service) {
		s.service = service_of(act, c->service);
		s.block = block_of(act, c);
		act->service = true;
		act->block = s.block;
	}
	if (c->lever == LEVER_hosts) {
		s.hosts = s.networks;
		s.networks = 0xff;
		s.regions = EVERY_REGION;
	}
	if (c->lever == LEVER_service && s.block == BLOCK_DOWN && n == WORLD_M1)
		s.networks |= 0x80;
	act_emit(act, &s);
}

static void
also(struct act *act, const struct clause *c)
{
	uint8_t own = is_of_places(c->lever) && !act->probes_n ? NETWORKS_HOME
							       : act->networks;
	uint8_t networks = act_networks(act, &c->who, own);
	uint8_t regions = act_regions(act, &c->who, act->regions);
	bool quality = c->lever >= LEVER_rtt && c->lever <= LEVER_queue;

	if (!c->lever || c->lever == LEVER_drill || c->lever == LEVER_routes)
		return;
	if (quality && !c->whole)
		act->beside |= (uint8_t)(networks & ~act->networks);
	for (int n = 0; n < WORLD_NETWORKS; n++)
		for (int r = 0; r < WORLD_REGIONS; r++)
			if ((networks >> n & 1) && (regions >> r & 1) &&
				(c->who.networks || c->who.others ||
					act->begins[n][r] >= 0 ||
					is_of_places(c->lever) || c->who.regions ||
					c->who.region)) {
				also_at(act, c, n, r);
				if (c->lever == LEVER_hosts)
					break;
			}
}

/* A default gives way to what the row says of the same. */
static bool
gives_way(const struct act *act, const struct clause *c)
{
	bool meter = c->lever == LEVER_police || c->lever == LEVER_shape;

	if (meter)
		return mentions(act, LEVER_police) || mentions(act, LEVER_shape) ||
		       mentions(act, LEVER_rate);
	if (c->lever == LEVER_path)
		return mentions(act, LEVER_path) || mentions(act, LEVER_rtt);
	if (c->lever == LEVER_lossy)
		return mentions(act, LEVER_lossy) || mentions(act, LEVER_loss);
	if (c->lever == LEVER_beacons && mentions(act, LEVER_mains))
		return true;
	return mentions(act, c->lever);
}

void
effect_also(struct act *act)
{
	const struct part *part = act->part;

	for (size_t i = 0; i < part->cells[COLUMN_also].n; i++)
		also(act, &part->cells[COLUMN_also].rows[i]);
	for (size_t i = 0; i < part->cells[COLUMN_reach].n; i++)
		also(act, &part->cells[COLUMN_reach].rows[i]);
	for (size_t i = 0; i < part->defaults[COLUMN_also].n; i++)
		if (!gives_way(act, &part->defaults[COLUMN_also].rows[i]))
			also(act, &part->defaults[COLUMN_also].rows[i]);
}

/* ---- routes ---- */

static bool
routes_of(double *value, double *then, const struct act *act,
	const struct clauses *cell, int n)
{
	bool found = false;

	for (size_t i = 0; i < cell->n; i++) {
		const struct clause *c = &cell->rows[i];
		const struct amount *a = &c->amount[0];

		if (!c->amounts_n || (c->who.networks && !(c->who.networks >> n & 1)))
			continue;
		*value = percent(a, 0) +
			 (percent(a, WORLD_REGIONS - 1) - percent(a, 0)) *
				 act_draw(act, DRAW_REACH, (uint64_t)n);
		*then = a->arrow ? a->then / 100 : *value;
		found = true;
	}
	return found;
}

void
effect_routes(struct act *act)
{
	const struct part *part = act->part;

	if (act->drill_regions || act->probes_n)
		return;
	for (int n = 0; n < WORLD_NETWORKS; n++) {
		double value = 1, then = 1;
		struct spell s;

		if (!(act->networks >> n & 1))
			continue;
		if (!routes_of(&value, &then, act, &part->cells[COLUMN_bgp], n))
			routes_of(&value, &then, act, &part->defaults[COLUMN_bgp], n);
		for (int r = 0; r < WORLD_REGIONS && value < .995; r++)
			if (act->begins[n][r] >= 0) {
				s = act_spell(act, n, r);
				emit(act, s, LEVER_routes, value, then);
				break;
			}
	}
}
