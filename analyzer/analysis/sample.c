#include "analyzer/analysis/sample.h"

#include "common/ladder.h"

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
	return is_answer(control, m->control_outcome) ||
	       is_answer(bare, m->bare_outcome);
}

/* The first 64 bits of the answer's hash stand for it; never 0. */
static uint64_t
answer_of(const struct measurement *m)
{
	uint64_t answer = 0;

	if (!m->has[FIELD_answer_sha256])
		return 0;
	for (size_t i = 0; i < 16 && m->answer_sha256[i]; i++) {
		unsigned char c = (unsigned char)m->answer_sha256[i];

		answer = answer << 4 | (c <= '9' ? c - '0' : c - 'a' + 10) % 16;
	}
	return answer | 1;
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
