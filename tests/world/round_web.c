#include "tests/world/round_web.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/crypto.h"

#define TLS_WAIT_US 8000000
#define COMPARED_US 5000000
#define HTTP_WAIT_US 10000000
#define FLIGHT_BITS 40000 /* what a server sends in its handshake */
#define LARGE_BYTES 49152
#define COMPARED 4
/* A clock so far off holds no certificate to be in force (OpenSSL's X509_V_ERR numbers). */
#define CLOCK_OFF_US (INT64_C(60) * 86400 * 1000000)
enum { NOT_YET = 9, EXPIRED = 10, NO_ISSUER = 20 };

/* Over TCP, up to where the request or the ClientHello leaves. */
struct connection {
	struct path path;
	int64_t connect_us, rtt_us;
	int retrans;
	bool open;
};

static struct connection
connect_to(struct climb *c, const struct country_target *t, int64_t longest_us)
{
	struct connection n = {.path = climb_path(c, t, PASS_TCP)};
	int64_t late_us = 0;

	n.rtt_us = climb_rtt_us(c, &n.path);
	n.open = n.path.alive;
	while (n.open && climb_loses(c, &n.path)) {
		late_us = late_us * 2 + 1000000;
		n.retrans++;
		n.open = late_us < longest_us;
	}
	n.connect_us = n.rtt_us + late_us;
	return n;
}

static void
say_connection(struct climb *c, const struct connection *n)
{
	struct measurement *m = &c->out[c->n];

	SET(m, retrans, n->retrans);
	if (!n->open)
		return;
	SET(m, connect_us, n->connect_us);
	SET(m, rtt_us, n->rtt_us);
}

static int64_t
carried_us(double bits, double bps)
{
	return (int64_t)(bits / (bps > 1000 ? bps : 1000) * 1e6);
}

/* ---- TLS ---- */

static void
say_chain(struct climb *c, const struct country_target *t, bool another)
{
	struct measurement *m = &c->out[c->n];
	char chain[130], issuer[65];
	int64_t error = 0;

	climb_hash(chain, c, another ? "another" : "certificate", t->row.host);
	climb_hash(issuer, c, another ? "another" : "issuer",
		climb_trait(c, 20, t->row.host) < .5 ? "1" : "2");
	snprintf(chain + 64, sizeof(chain) - 64, " %s", issuer);
	climb_text(c, FIELD_chain_sha256, chain);
	if (c->round->clock_off_us < -CLOCK_OFF_US)
		error = NOT_YET;
	else if (c->round->clock_off_us > CLOCK_OFF_US)
		error = EXPIRED;
	else if (another)
		error = NO_ISSUER;
	SET(m, verified, error == 0);
	if (error)
		SET(m, verify_error, error);
}

/* What ends a handshake behind the ClientHello, OUTCOME_ok if nothing does. */
static enum outcome
ended_by(struct climb *c, const struct country_target *t, bool *of_name)
{
	enum block block = climb_block(c, t);

	*of_name = true;
	if (block == BLOCK_SNI_RESET)
		return OUTCOME_connection_reset;
	if (block == BLOCK_SNI_DROP || block == BLOCK_PAGE)
		return OUTCOME_generic_timeout_error;
	*of_name = false;
	if (c->weather->portal)
		return OUTCOME_connection_reset;
	return climb_passes(c, t, PASS_TLS) ? OUTCOME_ok
					    : OUTCOME_generic_timeout_error;
}

/* At once on the same address with another name, and with none. */
static int64_t
compare_names(struct climb *c, const struct connection *n, enum outcome outcome,
	bool of_name, int64_t usual_us)
{
	struct measurement *m = &c->out[c->n];
	enum outcome other = of_name ? OUTCOME_ok : outcome;
	int64_t took_us = n->connect_us + usual_us;

	if (other == OUTCOME_connection_reset)
		took_us = n->connect_us + n->rtt_us;
	else if (other != OUTCOME_ok)
		took_us = COMPARED_US;
	SET(m, control_outcome, other);
	SET(m, bare_outcome, other);
	if (other == OUTCOME_ok)
		SET(m, control_tls_us, usual_us);
	return 2 * took_us;
}

static int64_t
handshake_us(
	struct climb *c, const struct country_target *t, const struct connection *n)
{
	int64_t us = climb_rtt_us(c, &n->path) +
		     carried_us(FLIGHT_BITS, c->weather->rate_bps);

	/* Older servers take one round trip more. */
	if (climb_trait(c, 21, t->row.host) < .25)
		us += climb_rtt_us(c, &n->path);
	if (climb_loses(c, &n->path))
		us += 200000 + n->rtt_us;
	return us + (int64_t)chance_between(c->chance, 1500, 6000);
}

static void
tls_works(struct climb *c, const struct country_target *t, const struct connection *n,
	int64_t usual_us)
{
	struct measurement *m = &c->out[c->n];
	enum block block = climb_block(c, t);
	int64_t us = usual_us, more_us = 0;

	/* What a meter drops comes again and again, each time later. */
	if (block == BLOCK_SLOW)
		us += (int64_t)((double)carried_us(
					FLIGHT_BITS, c->weather->service_bps) *
				chance_between(c->chance, 6, 12));
	SET(m, tls_us, us);
	SET(m, tls_version, climb_trait(c, 21, t->row.host) < .25 ? 771 : 772);
	say_chain(c, t, block == BLOCK_INTERCEPTED);
	if (us >= 5 * usual_us && us > 1000000) {
		SET(m, control_outcome, OUTCOME_ok);
		SET(m, control_tls_us, usual_us);
		more_us = n->connect_us + usual_us;
	}
	climb_end(c, STAGE_done, OUTCOME_ok, n->connect_us + us + n->rtt_us + more_us);
}

void
round_web_tls(struct climb *c, const struct country_target *t)
{
	struct connection n = connect_to(c, t, TLS_WAIT_US);
	struct measurement *m = climb_begin(c, CHECK_tls, t->row.rung, t);
	enum outcome outcome;
	int64_t usual_us, took_us;
	bool of_name;

	say_connection(c, &n);
	if (!n.open) {
		if (!n.path.told)
			SET(m, retrans, 3);
		climb_fail(c, &n.path, STAGE_connect, TLS_WAIT_US);
		return;
	}
	usual_us = handshake_us(c, t, &n);
	outcome = ended_by(c, t, &of_name);
	if (outcome == OUTCOME_ok) {
		tls_works(c, t, &n, usual_us);
		return;
	}
	took_us = TLS_WAIT_US;
	if (outcome == OUTCOME_connection_reset) {
		SET(m, os_error, ECONNRESET);
		took_us = n.connect_us + n.rtt_us;
	} else {
		SET(m, retrans, 5);
	}
	took_us += compare_names(c, &n, outcome, of_name, usual_us);
	climb_end(c, STAGE_tls_handshake, outcome, took_us);
}

/* ---- pages ---- */

static void
say_body(struct climb *c, const char *what, const char *who, int64_t bytes)
{
	char hex[65];

	SET(&c->out[c->n], body_bytes, bytes);
	climb_hash(hex, c, what, who);
	climb_text(c, FIELD_body_sha256, hex);
}

static void
say_location(struct climb *c, const char *address, const char *path)
{
	struct buf url = {0}, text = {0};

	buf_printf(&url, "http://%s.34.36/%s", address, path);
	crypto_base64(&text, url.data, url.len);
	climb_text(c, FIELD_location, text.data);
	buf_free(&url);
	buf_free(&text);
}

/* The page of the target, or of who put another in its place. */
static int64_t
page_of(struct climb *c, const struct country_target *t)
{
	struct measurement *m = &c->out[c->n];
	enum block block = climb_block(c, t);
	int64_t bytes = 600 + (int64_t)(10000 * climb_trait(c, 22, t->row.host) *
					climb_trait(c, 23, t->row.host));

	if (c->weather->portal || block == BLOCK_PAGE) {
		const char *own = c->country->networks[c->round->network].prefix;
		const char *all = c->country->networks[WORLD_F1].prefix;

		SET(m, status, 302);
		say_location(c, c->weather->portal ? own : all,
			c->weather->portal ? "login" : "?q=1");
		say_body(c, "instead", own, 0);
		return 0;
	}
	if (block == BLOCK_REFUSED) {
		SET(m, status, climb_trait(c, 24, t->row.host) < .5 ? 403 : 451);
		say_body(c, "refused", t->row.host, 400 + bytes / 8);
		return 400;
	}
	SET(m, status, 200);
	say_body(c, "page", t->row.host, bytes);
	return bytes;
}

/* Silence or a reset where the answer would begin; false: neither. */
static bool
http_ends(struct climb *c, const struct country_target *t, const struct connection *n)
{
	struct measurement *m = &c->out[c->n];
	enum block block = climb_block(c, t);
	struct path silent = n->path;

	silent.told = false;
	if (block == BLOCK_SNI_RESET && !c->weather->portal) {
		SET(m, os_error, ECONNRESET);
		climb_end(c, STAGE_first_byte, OUTCOME_connection_reset,
			n->connect_us + n->rtt_us);
		return true;
	}
	if (block != BLOCK_SNI_DROP && climb_passes(c, t, PASS_HTTP))
		return false;
	climb_fail(c, &silent, STAGE_first_byte, HTTP_WAIT_US);
	return true;
}

void
round_web_http(struct climb *c, const struct country_target *t)
{
	struct connection n = connect_to(c, t, HTTP_WAIT_US);
	struct measurement *m = climb_begin(c, CHECK_http, t->row.rung, t);
	double bps = c->weather->rate_bps;
	int64_t bytes, body_us;

	if (!n.open) {
		SET(m, retrans, 3);
		climb_fail(c, &n.path, STAGE_connect, HTTP_WAIT_US);
		return;
	}
	say_connection(c, &n);
	if (http_ends(c, t, &n))
		return;
	SET(m, first_byte_us,
		climb_rtt_us(c, &n.path) +
			(int64_t)chance_between(c->chance, 2000, 20000));
	if (climb_loses(c, &n.path))
		m->first_byte_us += 300000;
	bytes = page_of(c, t);
	if (climb_block(c, t) == BLOCK_SLOW && c->weather->service_bps < bps)
		bps = c->weather->service_bps;
	body_us = carried_us(8 * (double)bytes, bps);
	climb_end(c, STAGE_done, OUTCOME_ok,
		n.connect_us + m->first_byte_us + body_us + 400);
}

/* Whoever counts a connection's bytes lets the first dozen kilobytes through. */
void
round_web_large(struct climb *c, const struct country_target *t)
{
	struct connection n = connect_to(c, t, HTTP_WAIT_US);
	struct measurement *m = climb_begin(c, CHECK_large, t->row.rung, t);
	double freeze = t->abroad && !climb_listed(c, t) ? c->weather->freeze_bytes : 0;

	if (!n.open || !climb_passes(c, t, PASS_TLS)) {
		climb_fail(c, &n.path, n.open ? STAGE_tls_handshake : STAGE_connect,
			HTTP_WAIT_US);
		return;
	}
	say_connection(c, &n);
	SET(m, first_byte_us, 2 * climb_rtt_us(c, &n.path) + 4000);
	SET(m, status, 200);
	SET(m, body_bytes, LARGE_BYTES);
	if (freeze > 0 && freeze < LARGE_BYTES) {
		bool reset = chance_is(c->chance, .4);

		SET(m, frozen_bytes,
			(int64_t)(freeze * chance_between(c->chance, .94, 1.06)));
		SET(m, body_bytes, m->frozen_bytes);
		if (reset)
			SET(m, os_error, ECONNRESET);
		climb_end(c, STAGE_body,
			reset ? OUTCOME_connection_reset
			      : OUTCOME_generic_timeout_error,
			reset ? n.connect_us + 900000 : HTTP_WAIT_US);
		return;
	}
	say_body(c, "large", t->row.host, LARGE_BYTES);
	climb_end(c, STAGE_done, OUTCOME_ok,
		n.connect_us + m->first_byte_us + 2 * n.rtt_us +
			carried_us(8. * LARGE_BYTES, c->weather->rate_bps));
}

/* ---- the same address under two names, in turn ---- */

static int64_t
rate_of(struct climb *c, double bps, double spread)
{
	double rate = bps * chance_between(c->chance, 1 - spread, 1 + spread);

	return rate < 1000 ? 1000 : (int64_t)rate;
}

void
round_web_compare(struct climb *c, const struct country_target *t)
{
	const struct weather *w = c->weather;
	struct connection n = connect_to(c, t, HTTP_WAIT_US);
	struct measurement *m = climb_begin(c, CHECK_compare, RUNG_quality, t);
	bool slow = climb_block(c, t) == BLOCK_SLOW && w->service_bps < w->rate_bps;
	bool of_name, metered = w->meter != METER_NONE && !climb_listed(c, t);
	double bps = metered && w->meter_bps < w->rate_bps ? w->meter_bps : w->rate_bps;
	enum outcome outcome = n.open ? ended_by(c, t, &of_name) : OUTCOME_ok;

	if (!n.open || outcome != OUTCOME_ok) {
		struct path silent = n.path;

		silent.told = silent.told && !n.open;
		climb_fail(c, &silent, n.open ? STAGE_tls_handshake : STAGE_connect,
			TLS_WAIT_US);
		return;
	}
	m->has[FIELD_rates_bps] = m->has[FIELD_control_rates_bps] = true;
	m->rates_bps_n = m->control_rates_bps_n = COMPARED;
	for (int i = 0; i < COMPARED; i++) {
		m->rates_bps[i] = slow ? rate_of(c, w->service_bps, .04)
				       : rate_of(c, bps * .8, metered ? .04 : .2);
		m->control_rates_bps[i] = rate_of(c, bps * .8, metered ? .04 : .2);
	}
	climb_end(c, STAGE_done, OUTCOME_ok, slow ? 18000000 : 4000000);
}
