/* What a transfer met on its way is read from its packets at either end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/flow.h"
#include "tests/unit/transfer.h"

#define MOST 100000

/* One transfer as it was, and as it is read. */
struct seen {
	struct transfer t;
	struct flow flow;
	struct flow_facts facts;
};

static struct seen
look(const struct transfer_way *way)
{
	struct seen s = {.t = transfer_make(way)};

	flow_read(&s.flow, s.t.packets, s.t.n, s.t.packets[s.t.n - 1].time_us, MOST);
	flow_measure(&s.facts, s.flow.sent, s.flow.n, s.flow.rtt_min_us);
	flow_free(&s.flow);
	free(s.t.packets);
	return s;
}

static void
assert_near(int64_t found, int64_t told, int64_t percent)
{
	assert_in_range(found * 100, told * (100 - percent), told * (100 + percent));
}

/* Rate and size of the bucket come back, at either end, with and without IP ids. */
static void
a_meter_is_fitted(void **state)
{
	static const struct {
		int64_t rate_bps, burst_bytes;
		uint32_t window;
	} meters[] = {
		{500000, 100000, 6}, {2000000, 300000, 22}, {8000000, 1000000, 90}};

	(void)state;
	for (size_t m = 0; m < 3; m++)
		for (int kind = 0; kind < 3; kind++) {
			struct transfer_way way = {.rtt_us = 100000,
				.meter_bps = meters[m].rate_bps,
				.burst_bytes = meters[m].burst_bytes,
				.packets = 6000,
				.window = meters[m].window,
				.at_sender = kind == 0,
				.ids = kind == 1,
				.stamps = true,
				.first_seq = 0xffff0000};
			struct seen s = look(&way);

			assert_int_equal(s.flow.end,
				way.at_sender ? FLOW_AT_SENDER : FLOW_AT_RECEIVER);
			assert_true(s.facts.meter.fit_permille > 900);
			assert_near(s.facts.meter.rate_bps, way.meter_bps, 3);
			assert_near(s.facts.meter.burst_bytes, way.burst_bytes, 20);
			assert_true(s.facts.wait_at_loss_us >= 0 &&
				    s.facts.wait_at_loss_us < 2000);
			assert_near(s.flow.rtt_min_us, way.rtt_us, 2);
			assert_int_equal(s.flow.payload_bytes, 6000 * TRANSFER_MSS);
		}
}

/* All that was lost is counted, by whichever numbers tell of it. */
static void
losses_are_counted(void **state)
{
	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct transfer_way way = {.rtt_us = 60000,
			.lose_one_in = 50,
			.packets = 4000,
			.window = 30,
			.at_sender = kind == 0,
			.ids = kind == 1,
			.stamps = true};
		struct seen s = look(&way);

		assert_true(s.t.lost > 50);
		/* Sequence numbers alone do not show a retransmission that was lost. */
		if (kind == 2)
			assert_in_range(s.facts.lost, s.t.lost * 9 / 10, s.t.lost);
		else
			assert_int_equal(s.facts.lost, s.t.lost);
		assert_true(s.facts.meter.fit_permille < 350);
	}
}

/* A queue: what is dropped had company that waited, and what leaves leaves evenly. */
static void
a_queue_makes_wait_and_leaves_evenly(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++)
		for (int64_t bytes = 30000; bytes <= 120000; bytes *= 2) {
			struct transfer_way way = {.rtt_us = 80000,
				.queue_bps = 2000000,
				.queue_bytes = bytes,
				.packets = 3000,
				.window = 16,
				.at_sender = kind == 0,
				.stamps = true};
			struct seen s = look(&way);

			assert_true(s.facts.lost > 15);
			assert_true(s.facts.wait_at_loss_us >
				    bytes * 8 * 1000000 / way.queue_bps * 6 / 10);
			assert_true(s.facts.service_n > 5);
			assert_near(s.facts.service_bps, way.queue_bps, 3);
			assert_true(s.facts.service_flat_permille > 900);
		}
}

static void
a_shared_queue_leaves_unevenly(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct transfer_way way = {.rtt_us = 80000,
			.queue_bps = 4000000,
			.queue_bytes = 100000,
			.others_percent = 50,
			.packets = 3000,
			.window = 15,
			.at_sender = kind == 0,
			.stamps = true};
		struct seen s = look(&way);

		assert_true(s.facts.service_n > 10);
		assert_true(s.facts.service_flat_permille < 600);
	}
}

static void
what_is_overtaken_is_not_lost(void **state)
{
	(void)state;
	for (int ids = 0; ids < 2; ids++) {
		struct transfer_way way = {.rtt_us = 50000,
			.packets = 1000,
			.window = 40,
			.ids = ids,
			.stamps = true,
			.overtake = true};
		struct seen s = look(&way);

		assert_int_equal(s.flow.end, FLOW_AT_RECEIVER);
		assert_int_equal(s.facts.lost, 0);
		assert_int_equal(s.facts.sent, 1000);
	}
}

/* An acknowledgement sooner than any round trip speaks of the first packet, not of the
 * one that was sent again; so does one that echoes a timestamp from before it. */
static void
what_was_only_slow_is_not_lost(void **state)
{
	struct flow_packet packets[64] = {{0}};
	struct flow flow;
	size_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		packets[n++] = (struct flow_packet){.time_us = i * 100000,
			.seq = i * 1000,
			.payload_bytes = 1000,
			.head_bytes = 52,
			.flags = FLOW_ACK,
			.has_ts = true,
			.ts_value = i * 100};
		if (i == 19) /* sent again 40 ms later, and 5 ms after it the answer */
			packets[n++] =
				(struct flow_packet){.time_us = i * 100000 + 40000,
					.seq = i * 1000,
					.payload_bytes = 1000,
					.head_bytes = 52,
					.flags = FLOW_ACK,
					.has_ts = true,
					.ts_value = i * 100 + 40};
		packets[n++] = (struct flow_packet){.time_us = i * 100000 + 45000,
			.from_first = true,
			.ack = (i + 1) * 1000,
			.flags = FLOW_ACK,
			.has_ts = true,
			.ts_value = 7 + i * 100,
			.ts_echo = i * 100};
	}
	flow_read(&flow, packets, n, packets[n - 1].time_us, MOST);
	assert_int_equal(flow.n, 21);
	for (size_t i = 0; i < flow.n; i++)
		assert_false(flow.sent[i].lost);
	flow_free(&flow);
}

static void
a_freeze_and_a_strange_reset_are_told(void **state)
{
	struct transfer_way way = {
		.rtt_us = 100000, .packets = 40, .window = 10, .at_sender = true};
	struct transfer t = transfer_make(&way);
	struct flow_packet more[200], *last;
	struct flow flow;
	size_t n = 0;

	(void)state;
	while (n < t.n) {
		more[n] = t.packets[n];
		n++;
	}
	for (uint32_t i = 0; i < 3; i++) {
		more[n] = (struct flow_packet){.time_us = 2000000 + i * 1000000,
			.seq = 40 * TRANSFER_MSS,
			.payload_bytes = 1000,
			.head_bytes = 52,
			.flags = FLOW_ACK,
			.hops = 64};
		n++;
	}
	flow_read(&flow, more, n, 9000000, MOST);
	assert_int_equal(flow.payload_bytes, 40 * TRANSFER_MSS);
	assert_int_equal(flow.silent_tries, 3);
	assert_int_equal(flow.silent_us, 9000000 - t.packets[t.n - 1].time_us);
	flow_free(&flow);
	/* 2 ms behind the data, where a round trip takes 100, with another hop count. */
	last = &more[n++];
	*last = (struct flow_packet){.time_us = 4002000,
		.from_first = true,
		.flags = FLOW_RST,
		.hops = 57,
		.seq = 99};
	flow_read(&flow, more, n, 9000000, MOST);
	assert_int_equal(flow.silent_us, 0);
	assert_int_equal(flow.resets.n, 1);
	assert_int_equal(flow.resets.too_soon, 1);
	assert_int_equal(flow.resets.odd_hops, 1);
	assert_int_equal(flow.resets.odd_seq, 1);
	flow_free(&flow);
	free(t.packets);
}

static void
client_and_server(struct flow_packet *p, bool client, int64_t time_us, uint32_t seq,
	uint32_t bytes, uint32_t flags)
{
	*p = (struct flow_packet){.time_us = time_us,
		.from_first = client,
		.seq = seq,
		.payload_bytes = bytes,
		.head_bytes = 40,
		.flags = (uint8_t)flags,
		.hops = client ? 64 : 50};
}

/* A server that gives up in the middle, as the client captures it: its last data came again,
 * and it has just been acknowledged. */
static void
a_reset_of_the_one_who_sends_is_not_strange(void **state)
{
	struct flow_packet packets[40];
	struct flow flow;
	size_t n = 0;
	uint32_t seq = 1001;

	(void)state;
	client_and_server(&packets[n++], true, 0, 0, 0, FLOW_SYN);
	client_and_server(&packets[n++], false, 100000, 1000, 0, FLOW_SYN | FLOW_ACK);
	client_and_server(&packets[n++], true, 100100, 1, 0, FLOW_ACK);
	client_and_server(&packets[n++], true, 100200, 1, 100, FLOW_ACK);
	for (int i = 0; i < 10; i++, seq += 1000) {
		client_and_server(
			&packets[n++], false, 200000 + i * 2000, seq, 1000, FLOW_ACK);
		client_and_server(
			&packets[n], true, 200100 + i * 2000, 101, 0, FLOW_ACK);
		packets[n++].ack = seq + 1000;
	}
	client_and_server(&packets[n++], false, 230000, 1001, 1000, FLOW_ACK);
	client_and_server(&packets[n], true, 230100, 101, 0, FLOW_ACK);
	packets[n++].ack = seq;
	client_and_server(&packets[n++], false, 230300, seq, 0, FLOW_RST);
	flow_read(&flow, packets, n, 300000, MOST);
	assert_int_equal(flow.end, FLOW_AT_RECEIVER);
	assert_int_equal(flow.resets.n, 1);
	assert_int_equal(flow.resets.too_soon, 0);
	assert_int_equal(flow.resets.odd_seq, 0);
	assert_int_equal(flow.resets.odd_hops, 0);
	flow_free(&flow);
}

/* What is acknowledged together with the end of it all has arrived. */
static void
the_last_acknowledgement_counts_the_fin_too(void **state)
{
	struct flow_packet packets[16];
	struct flow flow;
	size_t n = 0;

	(void)state;
	client_and_server(&packets[n++], true, 0, 0, 0, FLOW_SYN);
	client_and_server(&packets[n++], false, 100, 1000, 0, FLOW_SYN | FLOW_ACK);
	client_and_server(&packets[n++], true, 100000, 1, 100, FLOW_ACK);
	for (uint32_t i = 0; i < 3; i++)
		client_and_server(&packets[n++], false, 101000 + i, 1001 + i * 1000,
			1000, i == 2 ? FLOW_ACK | FLOW_FIN : FLOW_ACK);
	client_and_server(&packets[n], true, 201000, 101, 0, FLOW_ACK);
	packets[n++].ack = 4002;
	flow_read(&flow, packets, n, 300000, MOST);
	assert_int_equal(flow.end, FLOW_AT_SENDER);
	assert_int_equal(flow.n, 3);
	assert_int_equal(flow.payload_bytes, 3000);
	flow_free(&flow);
}

/* Two that share a meter know nothing of it apart, and all together. */
static void
flows_that_share_a_meter_are_fitted_together(void **state)
{
	struct transfer_way way = {.rtt_us = 100000,
		.meter_bps = 2000000,
		.burst_bytes = 200000,
		.packets = 3000,
		.window = 22,
		.at_sender = true,
		.stamps = true};
	struct transfer t = transfer_make(&way);
	struct flow whole, halves[2] = {{.most = MOST}, {.most = MOST}}, merged;
	const struct flow *both[2] = {&halves[0], &halves[1]};
	struct flow_facts facts;

	(void)state;
	flow_read(&whole, t.packets, t.n, 0, MOST);
	for (size_t i = 0; i < whole.n; i++)
		*flow_append(&halves[i / 7 % 2], 0, 0) = whole.sent[i];
	flow_merge(&merged, both, 2);
	assert_int_equal(merged.n, whole.n);
	flow_measure(&facts, merged.sent, merged.n, whole.rtt_min_us);
	assert_near(facts.meter.rate_bps, way.meter_bps, 3);
	assert_true(facts.meter.fit_permille > 900);
	flow_measure(&facts, halves[0].sent, halves[0].n, whole.rtt_min_us);
	assert_true(facts.meter.rate_bps * 4 < way.meter_bps * 3);
	flow_free(&whole);
	flow_free(&halves[0]);
	flow_free(&halves[1]);
	flow_free(&merged);
	free(t.packets);
}

/* One packet of the capture may stand for many on the wire (segmentation offload). */
static void
a_large_segment_is_many_packets(void **state)
{
	struct flow_packet packets[3] = {
		{.flags = FLOW_SYN | FLOW_ACK, .mss = 1460, .head_bytes = 40},
		{.time_us = 10,
			.seq = 1,
			.payload_bytes = 14600,
			.flags = FLOW_ACK,
			.head_bytes = 40},
		{.time_us = 50010,
			.from_first = true,
			.ack = 14601,
			.flags = FLOW_ACK,
			.head_bytes = 40}};
	struct flow flow;

	(void)state;
	flow_read(&flow, packets, 3, 0, MOST);
	assert_int_equal(flow.n, 10);
	assert_int_equal(flow.payload_bytes, 14600);
	assert_int_equal(flow.rtt_min_us, 50000);
	flow_free(&flow);
	flow_read(&flow, packets, 3, 0, 7);
	assert_int_equal(flow.n, 0); /* nothing of it was acknowledged in full */
	assert_true(flow.cut);
	flow_free(&flow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_meter_is_fitted),
		cmocka_unit_test(losses_are_counted),
		cmocka_unit_test(a_queue_makes_wait_and_leaves_evenly),
		cmocka_unit_test(a_shared_queue_leaves_unevenly),
		cmocka_unit_test(what_is_overtaken_is_not_lost),
		cmocka_unit_test(what_was_only_slow_is_not_lost),
		cmocka_unit_test(a_freeze_and_a_strange_reset_are_told),
		cmocka_unit_test(a_reset_of_the_one_who_sends_is_not_strange),
		cmocka_unit_test(the_last_acknowledgement_counts_the_fin_too),
		cmocka_unit_test(flows_that_share_a_meter_are_fitted_together),
		cmocka_unit_test(a_large_segment_is_many_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
