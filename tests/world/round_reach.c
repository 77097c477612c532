#include "tests/world/round_reach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/crypto.h"

#define PINGS 3
#define PACE_US 500000
#define PING_LONGEST_US 3700000
#define SYN_AGAIN_US 1000000
#define TCP_DEADLINE_US 6000000
#define QUIC_AGAIN_US 2000000
#define DNS_AGAIN_US 2000000
#define DNS_WAIT_US 4500000
#define CORE_WAIT_US 3500000
/* Of the hosts under TLS, so many speak QUIC; most of the others refuse it, some are
 * silent. */
#define SPEAKS_QUIC .75
#define REFUSES_QUIC .95
#define DATAGRAMS 10

static int64_t
answer_ttl(const struct climb *c, const struct country_target *t)
{
	double trait = climb_trait(c, 10, t->row.host);

	return 64 - (t->abroad ? 9 : 4) - (int64_t)(trait * 6);
}

/* As the probe sorts them: smallest, median, largest. */
static void
say_times(struct measurement *m, int64_t *rtt_us, int n)
{
	for (int i = 1; i < n; i++)
		for (int j = i; j > 0 && rtt_us[j] < rtt_us[j - 1]; j--) {
			int64_t swap = rtt_us[j];

			rtt_us[j] = rtt_us[j - 1];
			rtt_us[j - 1] = swap;
		}
	SET(m, rtt_min_us, rtt_us[0]);
	SET(m, rtt_us, rtt_us[n / 2]);
	SET(m, rtt_max_us, rtt_us[n - 1]);
}

void
round_reach_ping(struct climb *c, const struct country_target *t)
{
	struct path path = climb_path(c, t, PASS_ICMP);
	struct measurement *m = climb_begin(c, CHECK_ping, t->row.rung, t);
	int64_t rtt_us[PINGS], last_us = 0;
	int received = 0;

	SET(m, sent, PINGS);
	for (int i = 0; path.alive && i < PINGS; i++) {
		if (climb_loses(c, &path))
			continue;
		rtt_us[received] = last_us = climb_rtt_us(c, &path);
		received++;
	}
	SET(m, received, received);
	if (!received) {
		climb_fail(c, &path, STAGE_reply, PING_LONGEST_US);
		return;
	}
	SET(m, reply_ttl, answer_ttl(c, t));
	say_times(m, rtt_us, received);
	climb_end(c, STAGE_done, OUTCOME_ok,
		received == PINGS ? (PINGS - 1) * PACE_US + last_us + 200
				  : PING_LONGEST_US);
}

/* A SYN that is lost comes again after 1, 3 and 7 s; true: in time. */
static bool
shake_hands(int64_t *late_us, int *again, struct climb *c, const struct path *path,
	int64_t longest_us)
{
	*late_us = 0;
	*again = 0;
	while (climb_loses(c, path)) {
		*late_us = *late_us * 2 + SYN_AGAIN_US;
		++*again;
		if (*late_us >= longest_us)
			return false;
	}
	return true;
}

void
round_reach_tcp(struct climb *c, const struct country_target *t)
{
	struct path path = climb_path(c, t, PASS_TCP);
	struct measurement *m = climb_begin(c, CHECK_tcp, t->row.rung, t);
	int64_t late_us, rtt_us = climb_rtt_us(c, &path);
	int again;

	if (!path.alive || !shake_hands(&late_us, &again, c, &path, TCP_DEADLINE_US)) {
		climb_fail(c, &path, STAGE_connect, TCP_DEADLINE_US);
		return;
	}
	SET(m, connect_us, rtt_us + late_us);
	SET(m, retrans, again);
	SET(m, rtt_us, rtt_us);
	climb_end(c, STAGE_done, OUTCOME_ok, rtt_us + late_us + 300);
}

void
round_reach_quic(struct climb *c, const struct country_target *t)
{
	struct path path = climb_path(c, t, PASS_QUIC);
	struct measurement *m = climb_begin(c, CHECK_quic, t->row.rung, t);
	int64_t rtt_us = climb_rtt_us(c, &path);
	bool lost = climb_loses(c, &path);
	double trait = climb_trait(c, 11, t->row.host);

	if (path.alive && trait >= SPEAKS_QUIC && trait < REFUSES_QUIC) {
		SET(m, icmp_type, 3);
		SET(m, icmp_code, 3);
		SET(m, os_error, ECONNREFUSED);
		climb_end(c, STAGE_reply, OUTCOME_connection_refused, rtt_us + 100);
		return;
	}
	path.alive = path.alive && trait < SPEAKS_QUIC;
	if (!path.alive || (lost && climb_loses(c, &path))) {
		climb_fail(c, &path, STAGE_reply, 2 * QUIC_AGAIN_US);
		return;
	}
	SET(m, rtt_us, rtt_us);
	SET(m, versions, 2);
	SET(m, reply_ttl, answer_ttl(c, t));
	climb_end(c, STAGE_done, OUTCOME_ok, rtt_us + (lost ? QUIC_AGAIN_US : 0) + 200);
}

/* ---- names ---- */

static void
say_answer(struct climb *c, enum field field, const char *what, const char *who)
{
	char hex[65];

	climb_hash(hex, c, what, who);
	climb_text(c, field, hex);
}

/* What is answered, where a service's name is asked for. */
static enum outcome
answer(struct climb *c, const struct country_target *t, enum block block)
{
	struct measurement *m = &c->out[c->n];
	bool resolver = !strcmp(t->row.address, "resolver");

	if (block == BLOCK_DOWN) {
		SET(m, rcode, 2);
		SET(m, answers, 0);
		return OUTCOME_dns_server_failure;
	}
	SET(m, rcode, 0);
	SET(m, answers, 1);
	if (block == BLOCK_DNS && resolver) {
		say_answer(c, FIELD_answer_sha256, "instead",
			c->country->networks[c->round->network].prefix);
		return OUTCOME_ok;
	}
	if (block == BLOCK_DNS_RACE) {
		say_answer(c, FIELD_answer_sha256, "instead", "");
		SET(m, other_after_us,
			(int64_t)chance_between(c->chance, 8000, 180000));
		say_answer(c, FIELD_other_sha256, "address", t->row.host);
		return OUTCOME_ok;
	}
	say_answer(c, FIELD_answer_sha256, "address", t->row.host);
	return OUTCOME_ok;
}

/* The configured one stands near; what it does not remember it asks for itself. */
static struct path
resolver_path(struct climb *c)
{
	const struct weather *w = c->weather;
	struct path path = {.rtt_ms = w->rtt_ms[0] * .6, .loss = w->loss[0]};

	path.alive = w->router && chance_is(c->chance, w->resolver);
	if (chance_is(c->chance, .2))
		path.rtt_ms += w->rtt_ms[1];
	return path;
}

void
round_reach_dns(struct climb *c, const struct country_target *t)
{
	bool resolver = !strcmp(t->row.address, "resolver");
	struct path path = resolver ? resolver_path(c) : climb_path(c, t, PASS_DNS);
	struct measurement *m = climb_begin(c, CHECK_dns, t->row.rung, t);
	int64_t rtt_us = climb_rtt_us(c, &path);
	bool lost = climb_loses(c, &path);
	enum outcome outcome;

	if (!path.alive || (lost && climb_loses(c, &path))) {
		climb_fail(c, &path, STAGE_reply, DNS_WAIT_US);
		return;
	}
	SET(m, rtt_us, rtt_us);
	SET(m, reply_ttl, resolver ? 62 : answer_ttl(c, t));
	outcome = answer(c, t, climb_block(c, t));
	climb_end(c, outcome == OUTCOME_ok ? STAGE_done : STAGE_reply, outcome,
		rtt_us + (lost ? DNS_AGAIN_US : 0) + 250);
}

/* ---- root, top-level domain, time ---- */

static void
say_server(struct climb *c, const struct country_target *t, int64_t rtt_us)
{
	struct measurement *m = &c->out[c->n];
	struct buf id = {0};
	char name[32];

	if (t->row.port == 123) {
		SET(m, stratum, 2);
		SET(m, clock_offset_us,
			-c->round->clock_off_us + (int64_t)(chance_normal(c->chance) *
							    (double)rtt_us * .05));
		return;
	}
	SET(m, rcode, 0);
	SET(m, answers, 1);
	SET(m, serial,
		(int64_t)(1e9 * (1 + chance_of(c->country->seed, 12, t->row.host[0]))));
	snprintf(name, sizeof(name), "%c%u.ns",
		'a' + (char)(13 * climb_trait(c, 13, c->probe->prefix)),
		c->round->number % 3);
	crypto_base64(&id, name, strlen(name));
	climb_text(c, FIELD_nsid, id.data);
	buf_free(&id);
}

void
round_reach_core(struct climb *c, const struct country_target *t)
{
	bool time = t->row.port == 123;
	struct path path = climb_path(c, t, time ? PASS_UDP : PASS_DNS);
	struct measurement *m = climb_begin(c, CHECK_core, t->row.rung, t);
	int64_t rtt_us = climb_rtt_us(c, &path);
	bool lost = climb_loses(c, &path);

	if (!path.alive || (lost && (time || climb_loses(c, &path)))) {
		bool finds = !strcmp(t->row.address, "tld");

		climb_fail(c, &path, finds ? STAGE_resolve : STAGE_reply, CORE_WAIT_US);
		return;
	}
	SET(m, rtt_us, rtt_us);
	SET(m, reply_ttl, answer_ttl(c, t));
	say_server(c, t, rtt_us);
	climb_end(c, STAGE_done, OUTCOME_ok, rtt_us + (lost ? DNS_AGAIN_US : 0) + 300);
}

/* Both ends count: what came there, and what came back. */
void
round_reach_oneway(struct climb *c)
{
	const struct weather *w = c->weather;
	struct path path = climb_path(c, NULL, PASS_UDP);
	struct measurement *m = climb_begin(c, CHECK_oneway, RUNG_international, NULL);
	bool arrives = path.alive || (w->one_way && w->router && w->access > 0 &&
					     climb_passes(c, NULL, PASS_UDP));
	int64_t there = 0, back = 0;

	for (int i = 0; arrives && i < DATAGRAMS; i++) {
		if (chance_is(c->chance, path.loss))
			continue;
		there++;
		back += path.alive && !chance_is(c->chance, path.loss);
	}
	SET(m, sent, DATAGRAMS);
	SET(m, received, back);
	if (there)
		SET(m, far_received, there);
	if (back)
		climb_end(c, STAGE_done, OUTCOME_ok, 2000000 + climb_rtt_us(c, &path));
	else
		climb_fail(c, &path, STAGE_reply, 5000000);
}
