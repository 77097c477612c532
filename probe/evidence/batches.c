#include "probe/steps.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

/* What a line needs to be told again. */
struct unanswered {
	uint8_t batch[ONEWAY_BATCH_BYTES];
	int64_t origin_us, t_us, took_us, round, sent, stage, outcome;
	int64_t uplink; /* -1: not said */
};

struct batches {
	size_t n;
	struct unanswered rows[ONEWAY_ASKED_MOST];
};

struct batches *
batches_open(void)
{
	struct batches *b = calloc(1, sizeof(*b));

	if (b == NULL)
		bug("out of memory");
	return b;
}

void
batches_close(struct batches *b)
{
	free(b);
}

void
batches_forget(struct batches *b)
{
	b->n = 0;
}

/* Every second one goes: those of a long silence stay spread over it, its first among
 * them. */
static void
thin(struct batches *b)
{
	b->n = (b->n + 1) / 2;
	for (size_t i = 1; i < b->n; i++)
		b->rows[i] = b->rows[2 * i];
}

void
batches_note(struct batches *b, const struct job *job, const struct measurement *m)
{
	struct unanswered *row;

	if (m->check != CHECK_oneway || !m->has[FIELD_sent] || m->sent == 0 ||
		m->has[FIELD_far_received])
		return;
	if (b->n == ONEWAY_ASKED_MOST)
		thin(b);
	row = &b->rows[b->n++];
	*row = (struct unanswered){.origin_us = job->origin_us,
		.t_us = m->t_us,
		.took_us = m->took_us,
		.round = m->round,
		.sent = m->sent,
		.stage = m->stage,
		.outcome = m->outcome,
		.uplink = m->has[FIELD_uplink] ? m->uplink : -1};
	memcpy(row->batch, job->batch, sizeof(row->batch));
}

void
batches_ask(char text[static BATCHES_TEXT], const struct batches *b)
{
	char *at = text;

	*at = '\0';
	for (size_t i = 0; i < b->n; i++) {
		if (i > 0)
			*at++ = ',';
		crypto_hex(at, b->rows[i].batch, ONEWAY_BATCH_BYTES);
		at += ONEWAY_BATCH_HEX_BYTES - 1;
	}
}

static void
tell(struct measurement *m, const struct unanswered *row, int64_t far_received)
{
	memset(m, 0, sizeof(*m));
	SET(m, kind, LINE_measurement);
	SET(m, check, CHECK_oneway);
	SET(m, rung, RUNG_international);
	SET(m, round, row->round);
	SET(m, t_us, row->t_us);
	SET(m, took_us, row->took_us);
	SET(m, stage, row->stage);
	SET(m, outcome, row->outcome);
	if (row->uplink >= 0)
		SET(m, uplink, row->uplink);
	SET(m, sent, row->sent);
	SET(m, received, 0);
	SET(m, far_received, far_received);
}

/* "<batch> <number>" of this row? */
static bool
take_count(uint64_t *count, struct span line, const struct unanswered *row)
{
	char hex[ONEWAY_BATCH_HEX_BYTES + 1];

	crypto_hex(hex, row->batch, ONEWAY_BATCH_BYTES);
	strcat(hex, " ");
	return span_skip(&line, hex) && span_number(count, line, (uint64_t)row->sent);
}

size_t
batches_told(struct measurement ms[static ONEWAY_ASKED_MOST], struct batches *b,
	struct span answer, int64_t origin_us, int64_t now_us)
{
	struct span line, rest = answer;
	uint64_t counting_us, count;
	size_t n = 0, kept = 0;

	if (!span_line(&line, &rest) || !span_skip(&line, "counting_us ") ||
		!span_number(&counting_us, line, TIME_MAX))
		return 0;
	while (span_line(&line, &rest))
		for (size_t i = 0; i < b->n; i++) {
			struct unanswered *row = &b->rows[i];
			int64_t ago_us = now_us - (row->origin_us + row->t_us);

			if (row->sent == 0 || !take_count(&count, line, row))
				continue;
			/* Of what it did not count yet the analyzer knows nothing; and
			 * where time began anew nobody could place the line. */
			if (row->origin_us == origin_us &&
				(count > 0 || (int64_t)counting_us > ago_us))
				tell(&ms[n++], row, (int64_t)count);
			row->sent = 0;
			break;
		}
	for (size_t i = 0; i < b->n; i++)
		if (b->rows[i].sent > 0)
			b->rows[kept++] = b->rows[i];
	b->n = kept;
	return n;
}
