#include "analyzer/analysis/sample.h"

#include "analyzer/analysis/contrast.h"
#include "common/ladder.h"
#include "common/radio.h"

#define PPM 1000000
/* Faster than this a transfer of 32 kB cannot tell one line from another: it is over in
 * the sender's first bursts. */
#define RATE_MOST_BPS 10000000

/* The whole transfer's average. Leaving out its first 100 ms, in which a meter's bucket
 * lets a burst through, was tried and is worse: after the burst the sender waits out its
 * own retransmission timer, and the rest reads up to a fifth too low. */
static int64_t
average_rate(const struct measurement *m)
{
	int64_t bytes = m->has[FIELD_body_bytes] ? m->body_bytes : 0;
	int64_t us = m->has[FIELD_transfer_us] && m->outcome == OUTCOME_ok
			     ? m->transfer_us
			     : m->took_us;

	if (bytes <= 0 || us <= 0)
		return 0;
	return bytes * 8 * PPM / us < RATE_MOST_BPS ? bytes * 8 * PPM / us
						    : RATE_MOST_BPS;
}

static void
read_speed(struct sample *s, const struct measurement *m)
{
	int64_t sent = m->sndr_bytes_sent, again = m->sndr_bytes_retrans;

	s->rate_bps = average_rate(m);
	if (m->has[FIELD_chunks] && m->chunks_n > 0)
		s->train_bytes = (int32_t)m->chunks[0];
	/* The figures are the probe's word: what cannot be counts as the nearest that can. */
	if (m->has[FIELD_sndr_bytes_sent] && sent > 0)
		s->loss_ppm = (int32_t)((again < sent ? again : sent) * PPM / sent);
	if (m->has[FIELD_sndr_rtt_us] && m->has[FIELD_sndr_min_rtt_us] &&
		m->sndr_rtt_us > m->sndr_min_rtt_us)
		s->queue_us = m->sndr_rtt_us - m->sndr_min_rtt_us;
}

static int64_t
round_trip(const struct measurement *m)
{
	if (m->has[FIELD_rtt_min_us])
		return m->rtt_min_us;
	if (m->has[FIELD_rtt_us])
		return m->rtt_us;
	return m->has[FIELD_connect_us] ? m->connect_us : 0;
}

/* A server that refuses a name with an alert has answered, too. */
static bool
is_answer(bool tried, int64_t outcome)
{
	return tried &&
	       (outcome == OUTCOME_ok || outcome == OUTCOME_ssl_failed_handshake);
}

static int8_t
other_name(const struct measurement *m)
{
	bool control = m->has[FIELD_control_outcome], bare = m->has[FIELD_bare_outcome];

	if (!control && !bare)
		return -1;
	if (is_answer(control, m->control_outcome))
		return bare && !is_answer(bare, m->bare_outcome) ? OTHER_NAME_ALONE
								 : OTHER_NAME_ANSWERED;
	return is_answer(bare, m->bare_outcome) ? OTHER_NAME_ANSWERED : 0;
}

/* FNV-1a: only to tell one page from another. */
static uint64_t
page_of(const struct measurement *m)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)m->status;

	if (!m->has[FIELD_status])
		return 0;
	for (const char *at = m->has[FIELD_location] ? m->location : ""; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return hash | 1;
}

/* The first 64 bits of the answer's hash stand for it; never 0. */
static uint64_t
answer_of(const struct measurement *m)
{
	uint64_t answer = 0;

	if (m->check == CHECK_http)
		return page_of(m);
	if (!m->has[FIELD_answer_sha256])
		return 0;
	for (size_t i = 0; i < 16 && m->answer_sha256[i]; i++) {
		unsigned char c = (unsigned char)m->answer_sha256[i];

		answer = answer << 4 | (c <= '9' ? c - '0' : c - 'a' + 10) % 16;
	}
	return answer | 1;
}

/* A handshake that takes so many times as long as with another name, and a second more, is
 * held up: OONI saw 40 times as long in Turkey and Kazakhstan. */
#define SLOWER_TIMES 5
#define SLOWER_US 1000000

static int8_t
yes_or_no(bool yes)
{
	return yes ? 1 : -1;
}

static int8_t
slower(const struct measurement *m)
{
	struct contrast contrast;

	if (m->check == CHECK_compare && m->has[FIELD_rates_bps] &&
		m->has[FIELD_control_rates_bps])
		return contrast_of(&contrast, m->rates_bps, m->rates_bps_n,
			       m->control_rates_bps, m->control_rates_bps_n)
			       ? yes_or_no(contrast.slower)
			       : 0;
	if (m->check != CHECK_tls || m->outcome != OUTCOME_ok || !m->has[FIELD_tls_us])
		return 0;
	return yes_or_no(m->has[FIELD_control_tls_us] && m->tls_us >= SLOWER_US &&
			 m->tls_us / SLOWER_TIMES >= m->control_tls_us);
}

static int8_t
whole(const struct measurement *m)
{
	if (m->check != CHECK_large)
		return 0;
	if (m->outcome == OUTCOME_ok)
		return 1;
	return m->has[FIELD_frozen_bytes] ? -1 : 0;
}

static void
read_radio(struct sample *s, const struct measurement *m)
{
	if (m->has[FIELD_access_tech])
		s->generation = radio_generation(m->access_tech);
	if (m->has[FIELD_signal_dbm])
		s->signal_dbm = (int16_t)m->signal_dbm;
	s->signal_percent =
		(int8_t)(m->has[FIELD_signal_percent] ? m->signal_percent : -1);
	s->new_cell = m->has[FIELD_cell_changed] && m->cell_changed;
	if (m->has[FIELD_bearer])
		s->bearer = yes_or_no(m->bearer != 0);
	if (m->outcome == OUTCOME_bearer_rejected ||
		m->outcome == OUTCOME_registration_denied)
		s->bearer = -1;
}

/* OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED: a machine that lost power has
 * lost its clock, and believes no certificate. */
#define NOT_YET_VALID 9
#define HAS_EXPIRED 10

static int8_t
trusted(const struct measurement *m)
{
	bool clock =
		m->has[FIELD_verify_error] &&
		(m->verify_error == NOT_YET_VALID || m->verify_error == HAS_EXPIRED);

	return !m->has[FIELD_verified] || clock ? 0 : yes_or_no(m->verified != 0);
}

static bool
told(const struct measurement *m)
{
	return m->outcome == OUTCOME_host_unreachable ||
	       m->outcome == OUTCOME_network_unreachable ||
	       m->outcome == OUTCOME_icmp_prohibited;
}

static void
read_facts(struct sample *s, const struct measurement *m)
{
	s->slower = slower(m);
	s->whole = whole(m);
	s->trusted = trusted(m);
	s->heard = m->has[FIELD_far_received] && m->has[FIELD_received]
			   ? yes_or_no(m->far_received > 0 && m->received == 0)
			   : 0;
	if (m->check == CHECK_modem)
		read_radio(s, m);
	s->beacons = m->has[FIELD_beacons] ? (int16_t)m->beacons : -1;
	s->status = m->has[FIELD_status] ? (uint16_t)m->status : 0;
	s->frozen_bytes = s->whole < 0 && m->frozen_bytes < INT32_MAX
				  ? (int32_t)m->frozen_bytes
				  : 0;
	s->tunnel = m->has[FIELD_tunnel] && m->tunnel;
	s->told = told(m);
}

void
sample_read(struct sample *s, const struct measurement *m)
{
	*s = (struct sample){
		.utc_us = m->t_us,
		.target = NO_TARGET,
		.check = (uint8_t)m->check,
		.rung = (uint8_t)m->rung,
		.outcome = (uint8_t)m->outcome,
		.stage = (uint8_t)m->stage,
		.supply = m->has[FIELD_supply] ? (uint8_t)m->supply : SUPPLY_unknown,
		.success = (int8_t)measurement_success(m),
		.other_name = other_name(m),
		.answer = answer_of(m),
		.took_us = m->took_us,
		.rtt_us = round_trip(m),
	};
	read_facts(s, m);
	/* The usual rate is that of one direction. */
	if (m->check == CHECK_speed &&
		(!m->has[FIELD_direction] || m->direction == DIRECTION_down))
		read_speed(s, m);
}

int
sample_by_time(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	if (a->probe != b->probe)
		return a->probe < b->probe ? -1 : 1;
	if (a->utc_us != b->utc_us)
		return a->utc_us < b->utc_us ? -1 : 1;
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}
