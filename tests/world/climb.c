#include "tests/world/climb.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/crypto.h"
#include "common/log.h"

/* Samples that are not there for no reason that the network knows. */
#define MISSING .02
#define PACE_MOST_US 450000
/* Of the operators, so many have routers that say when there is no route. */
#define TELLING .35

/* FNV-1a: only to tell one thing from another. */
static uint64_t
number_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

double
climb_trait(const struct climb *c, uint64_t what, const char *who)
{
	return chance_of(c->country->seed, what, number_of(who));
}

void
climb_hash(
	char hex[static 65], const struct climb *c, const char *what, const char *who)
{
	uint64_t key[3] = {c->country->seed, number_of(what), number_of(who)};
	uint8_t hash[HASH_BYTES];

	crypto_sha256(hash, key, sizeof(key));
	crypto_hex(hex, hash, sizeof(hash));
}

/* ---- paths ---- */

bool
climb_listed(const struct climb *c, const struct country_target *target)
{
	return target && (c->weather->listed >> (target - c->country->targets) & 1);
}

enum block
climb_block(const struct climb *c, const struct country_target *target)
{
	return target && target->service >= 0
		       ? (enum block)c->weather->block[target->service]
		       : BLOCK_NONE;
}

static double
reach(const struct climb *c, const struct country_target *target)
{
	const struct weather *w = c->weather;

	if (climb_listed(c, target))
		return w->access;
	if (!target || target->abroad)
		return w->one_way ? 0 : w->abroad;
	return w->home[target->network];
}

static double
filter(const struct climb *c, const struct country_target *target, enum passage passage)
{
	if (climb_listed(c, target))
		return 1;
	return !target || target->abroad ? c->weather->pass[passage]
					 : c->weather->pass_home[passage];
}

bool
climb_passes(struct climb *c, const struct country_target *target, enum passage passage)
{
	return chance_is(c->chance, filter(c, target, passage));
}

struct path
climb_path(struct climb *c, const struct country_target *target, enum passage passage)
{
	const struct weather *w = c->weather;
	const char *name = target ? target->row.id : "analyzer";
	bool abroad = !target || target->abroad;
	double p = reach(c, target);
	struct path path = {.abroad = abroad,
		.rtt_ms = w->rtt_ms[abroad] * (.85 + .3 * climb_trait(c, 1, name)),
		.loss = w->loss[abroad]};
	enum block block = climb_block(c, target);

	path.alive = w->router && chance_is(c->chance, p) &&
		     climb_passes(c, target, passage) && block != BLOCK_IP &&
		     block != BLOCK_DOWN;
	if (target && strchr(target->row.address, ':') && !w->ipv6)
		path.alive = false;
	/* A portal lets questions for names through, and catches pages. */
	if (w->portal && passage != PASS_DNS && passage != PASS_TCP)
		path.alive = false;
	path.told = !path.alive && p <= 0 && w->router && w->access > 0 &&
		    !w->one_way &&
		    chance_of(c->country->seed, 2, c->round->network) < TELLING;
	return path;
}

int64_t
climb_rtt_us(struct climb *c, const struct path *path)
{
	double u = chance_between(c->chance, .0004, 1);
	double ms = path->rtt_ms + c->weather->jitter_ms * .4 * (1 / sqrt(u) - 1);

	return (int64_t)(ms * 1000 + chance_draw(c->chance) * 400) + 150;
}

bool
climb_loses(struct climb *c, const struct path *path)
{
	return chance_is(c->chance, path->loss) || chance_is(c->chance, path->loss);
}

/* ---- lines ---- */

struct measurement *
climb_begin(struct climb *c, enum check check, enum rung rung,
	const struct country_target *target)
{
	struct measurement *m = &c->out[c->n];

	if (c->n == ROUND_LINES_MAX)
		bug("a round of more than %d lines", ROUND_LINES_MAX);
	memset(m, 0, sizeof(*m));
	SET(m, kind, LINE_measurement);
	SET(m, check, check);
	SET(m, rung, rung);
	SET(m, round, c->round->number);
	SET(m, t_us, c->at_us);
	if (target)
		climb_text(c, FIELD_target, target->row.id);
	if (c->probe->second_network != c->probe->network)
		SET(m, uplink, c->round->uplink);
	c->at_us += (int64_t)(chance_draw(c->chance) * PACE_MOST_US) + 1000;
	return m;
}

void
climb_end(struct climb *c, enum stage stage, enum outcome outcome, int64_t took_us)
{
	struct measurement *m = &c->out[c->n];
	bool of_network = m->rung > RUNG_router;

	SET(m, stage, stage);
	SET(m, outcome, outcome);
	SET(m, took_us, took_us);
	if (m->rung == RUNG_international && m->check != CHECK_quic) {
		c->abroad_tried++;
		c->abroad_ok += outcome == OUTCOME_ok;
	}
	if (!of_network || !chance_is(c->chance, MISSING))
		c->n++;
}

void
climb_unmeasured(struct climb *c, enum reason reason)
{
	SET(&c->out[c->n], reason, reason);
	SET(&c->out[c->n], stage, STAGE_start);
	SET(&c->out[c->n], outcome, OUTCOME_unmeasured);
	SET(&c->out[c->n], took_us, 0);
	c->n++;
}

static bool
is_connection(int64_t check)
{
	return check == CHECK_tcp || check == CHECK_tls || check == CHECK_http ||
	       check == CHECK_speed || check == CHECK_large || check == CHECK_compare;
}

void
climb_fail(struct climb *c, const struct path *path, enum stage stage, int64_t wait_us)
{
	struct measurement *m = &c->out[c->n];
	int64_t took_us = (int64_t)(c->weather->rtt_ms[0] * 700) + 900;
	bool of_host = chance_of(c->country->seed, 7, c->round->network) < .5;

	if (!path->told) {
		climb_end(c, stage, OUTCOME_generic_timeout_error,
			wait_us + (int64_t)(chance_draw(c->chance) * 4000));
		return;
	}
	SET(m, os_error, of_host ? EHOSTUNREACH : ENETUNREACH);
	if (is_connection(m->check)) {
		SET(m, retrans, 0);
	} else {
		SET(m, icmp_type, 3);
		SET(m, icmp_code, of_host);
	}
	climb_end(c, stage,
		of_host ? OUTCOME_host_unreachable : OUTCOME_network_unreachable,
		took_us);
}

void
climb_text(struct climb *c, enum field field, const char *text)
{
	if (measurement_set_text(&c->out[c->n], field, text) != OK)
		bug("a text that no line may hold");
}
