#include "common/flow.h"

/* The span in equal pieces; what arrived in each. */
static void
measure_rates(struct flow_facts *facts, const struct flow_sent *sent, size_t n)
{
	int64_t piece_us = facts->span_us / FLOW_RATES + 1;

	for (size_t i = 0; i < n; i++) {
		int64_t at = (sent[i].time_us - sent[0].time_us) / piece_us;

		if (!sent[i].lost)
			facts->rates_bps[at] += (int64_t)sent[i].bytes * 8;
		facts->rates_n = (size_t)at + 1;
	}
	for (size_t i = 0; i < facts->rates_n; i++)
		facts->rates_bps[i] = facts->rates_bps[i] * 1000000 / piece_us;
}

void
flow_measure(struct flow_facts *facts, const struct flow_sent *sent, size_t n,
	int64_t rtt_us)
{
	*facts = (struct flow_facts){.sent = n,
		.wait_median_us = -1,
		.wait_high_us = -1,
		.wait_at_loss_us = -1};
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		facts->lost += sent[i].lost;
		facts->onsets += sent[i].lost && (i == 0 || !sent[i - 1].lost);
		facts->passed_bytes += sent[i].lost ? 0 : sent[i].bytes;
	}
	facts->span_us = sent[n - 1].time_us - sent[0].time_us;
	if (facts->span_us > 0)
		facts->passed_bps = (int64_t)(facts->passed_bytes * 8 * 1000000 /
					      (uint64_t)facts->span_us);
	measure_rates(facts, sent, n);
	flow_queue_measure(facts, sent, n, rtt_us);
	flow_meter_fit(&facts->meter, sent, n);
}
