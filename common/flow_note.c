#include "common/flow_looks.h"
#include "common/measurement.h"

struct noted {
	enum field field;
	int64_t value;
	bool known;
};

static void
note(struct measurement *m, const struct noted *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].known)
			measurement_set_number(m, rows[i].field, rows[i].value);
}
#define NOTE(m, rows) note(m, rows, sizeof rows / sizeof rows[0])

void
flow_note_facts(struct measurement *m, const struct flow_facts *f)
{
	bool lost = f->sent > 0, fitted = f->meter.rate_bps > 0;
	bool pieces = f->service_n > 0, steps = f->step_n > 0;
	const struct noted rows[] = {
		{FIELD_flow_sent, (int64_t)f->sent, lost},
		{FIELD_flow_lost, (int64_t)f->lost, lost},
		{FIELD_flow_onsets, (int64_t)f->onsets, f->onsets > 0},
		{FIELD_flow_meter_bps, f->meter.rate_bps, fitted},
		{FIELD_flow_burst_bytes, f->meter.burst_bytes, fitted},
		{FIELD_flow_fit_permille, f->meter.fit_permille, fitted},
		{FIELD_flow_wait_us, f->wait_median_us, true},
		{FIELD_flow_wait_high_us, f->wait_high_us, true},
		{FIELD_flow_wait_at_loss_us, f->wait_at_loss_us, f->loss_waits > 0},
		{FIELD_flow_loss_waits, (int64_t)f->loss_waits, f->loss_waits > 0},
		{FIELD_flow_service_bps, f->service_bps, pieces || steps},
		{FIELD_flow_service_n, (int64_t)f->service_n, pieces},
		{FIELD_flow_flat_permille, f->service_flat_permille, pieces},
		{FIELD_flow_step_n, (int64_t)f->step_n, steps},
		{FIELD_flow_step_flat_permille, f->step_flat_permille, steps},
	};

	NOTE(m, rows);
}

void
flow_note_looks(struct measurement *m, const struct flow_looks *looks)
{
	const struct flow_look *first = &looks->first, *last = &looks->last;
	bool receives = looks->end == FLOW_AT_RECEIVER;
	const struct noted rows[] = {
		{FIELD_captured, 0, true},
		{FIELD_flow_overtaken, last->overtaken - first->overtaken,
			receives && first->overtaken >= 0},
		{FIELD_flow_silent_us, last->silent_us, true},
	};
	struct flow_facts facts;

	if (looks->n == 0)
		return;
	flow_looks_measure(&facts, looks);
	flow_note_facts(m, &facts);
	NOTE(m, rows);
}

void
flow_note_nothing(struct measurement *m)
{
	for (enum field field = FIELD_flow_burst_bytes; field <= FIELD_flow_wait_us;
		field++)
		m->has[field] = false;
	m->has[FIELD_captured] = false;
	m->has[FIELD_capture_dropped] = false;
}

void
flow_note_resets(struct measurement *m, const struct flow *flow)
{
	const struct flow_resets *r = &flow->resets;
	bool reset = r->n > 0;
	const struct noted rows[] = {
		{FIELD_captured, 1, true},
		{FIELD_flow_resets, r->n, reset},
		{FIELD_flow_resets_odd_hops, r->odd_hops, reset},
		{FIELD_flow_resets_odd_id, r->odd_id, reset},
		{FIELD_flow_resets_odd_seq, r->odd_seq, reset},
		{FIELD_flow_resets_too_soon, r->too_soon, reset},
		{FIELD_flow_resets_answered, r->answered_after, reset},
	};

	NOTE(m, rows);
}

void
flow_note(
	struct measurement *m, const struct flow *flow, const struct flow_facts *facts)
{
	const struct noted rows[] = {
		{FIELD_rtt_min_us, flow->rtt_min_us, flow->rtt_min_us > 0},
		{FIELD_flow_silent_us, flow->silent_us, true},
	};

	/* What counters had said before, and packets do not. */
	flow_note_nothing(m);
	flow_note_facts(m, facts);
	NOTE(m, rows);
	flow_note_resets(m, flow);
}
