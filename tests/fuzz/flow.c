/* A capture, whatever it is, becomes transfers whose facts hold together. */
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis/bottleneck.h"
#include "analyzer/exchange/pcap.h"
#include "tests/fuzz/fuzz.h"

static void
look(const struct flow *flow)
{
	struct bottleneck_verdict verdict;
	struct flow_facts facts;
	int64_t before_us = INT64_MIN;

	for (size_t i = 0; i < flow->n; i++) {
		const struct flow_sent *sent = &flow->sent[i];

		must(sent->bytes > 0 && sent->wait_us >= -1);
		must(sent->time_us >= before_us);
		must(!sent->lost || sent->arrived_us < 0);
		before_us = sent->time_us;
	}
	flow_measure(&facts, flow->sent, flow->n, flow->rtt_min_us);
	must(facts.lost <= facts.sent && facts.onsets <= facts.lost);
	must(facts.meter.fit_permille >= -1000 && facts.meter.fit_permille <= 1000);
	must(facts.rates_n <= FLOW_RATES && facts.service_flat_permille <= 1000);
	bottleneck_judge(&verdict, &facts, &facts, flow->payload_bytes);
	must(strlen(verdict.why) < sizeof verdict.why && strlen(verdict.why) > 10);
	must(!strpbrk(verdict.why, "\"\\"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char room[PCAP_WHY_BYTES];
	const char *why = NULL;
	struct pcap_flows flows;
	struct flow flow;
	FILE *file;
	enum err err;

	if (size == 0)
		return 0;
	file = fmemopen((void *)(uintptr_t)data, size, "rb");
	must(file != NULL);
	err = pcap_flows_read(&flows, file, room, &why);
	must(err == OK || (why && flows.n == 0));
	for (size_t i = 0; i < flows.n; i++) {
		must(flows.flows[i].n > 0);
		flow_read(&flow, flows.flows[i].packets, flows.flows[i].n,
			flows.until_us, 20000);
		must(flow.n <= 20000);
		look(&flow);
		flow_free(&flow);
	}
	pcap_flows_free(&flows);
	return 0;
}
