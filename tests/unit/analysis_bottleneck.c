/* Transfers whose way is known are judged rightly at both ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyzer/analysis/bottleneck.h"
#include "tests/unit/transfer.h"

static enum bottleneck
judge(const struct transfer_way *way)
{
	struct transfer t = transfer_make(way);
	struct bottleneck_verdict verdict;
	struct flow_facts facts;
	struct flow flow;

	flow_read(&flow, t.packets, t.n, t.packets[t.n - 1].time_us, 100000);
	flow_measure(&facts, flow.sent, flow.n, flow.rtt_min_us);
	bottleneck_judge(&verdict, &facts, &facts, flow.payload_bytes);
	assert_true(strlen(verdict.why) > 20);
	assert_null(strpbrk(verdict.why, "\"\\"));
	assert_int_equal(verdict.rate_bps >= 0,
		verdict.is == BOTTLENECK_POLICED || verdict.is == BOTTLENECK_SHAPED);
	assert_int_equal(verdict.burst_bytes >= 0, verdict.is == BOTTLENECK_POLICED);
	flow_free(&flow);
	free(t.packets);
	return verdict.is;
}

static void
what_held_it_back_is_named_at_both_ends(void **state)
{
	static const struct {
		struct transfer_way way;
		enum bottleneck is;
	} cases[] = {
		{{.meter_bps = 1000000, .burst_bytes = 50000, .window = 11},
			BOTTLENECK_POLICED},
		{{.meter_bps = 4000000, .burst_bytes = 500000, .window = 45},
			BOTTLENECK_POLICED},
		{{.queue_bps = 1000000, .queue_bytes = 30000, .window = 10},
			BOTTLENECK_SHAPED},
		{{.queue_bps = 4000000, .queue_bytes = 300000, .window = 42},
			BOTTLENECK_SHAPED},
		/* Deep enough for the window: nothing is lost. */
		{{.queue_bps = 2000000, .queue_bytes = 10000000, .window = 20},
			BOTTLENECK_SHAPED},
		{{.queue_bps = 4000000,
			 .queue_bytes = 60000,
			 .others_percent = 50,
			 .window = 20},
			BOTTLENECK_CONGESTED},
		{{.lose_one_in = 100, .window = 30}, BOTTLENECK_LOSSY},
		{{.window = 30}, BOTTLENECK_CLEAN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int at_sender = 0; at_sender < 2; at_sender++) {
			struct transfer_way way = cases[i].way;

			way.rtt_us = 100000;
			way.packets = 4000;
			way.stamps = true;
			way.at_sender = at_sender;
			assert_string_equal(bottleneck_name(judge(&way)),
				bottleneck_name(cases[i].is));
		}
}

/* A bucket that was not emptied, or by fewer losses than tell, is never called clean. */
static void
a_transfer_shorter_than_the_burst_is_insufficient(void **state)
{
	(void)state;
	for (uint32_t packets = 100; packets < 690; packets += 40)
		for (int at_sender = 0; at_sender < 2; at_sender++) {
			struct transfer_way way = {.rtt_us = 100000,
				.meter_bps = 500000,
				.burst_bytes = 1000000,
				.window = 60,
				.packets = packets,
				.at_sender = at_sender,
				.stamps = true};

			assert_int_equal(judge(&way), BOTTLENECK_INSUFFICIENT);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_held_it_back_is_named_at_both_ends),
		cmocka_unit_test(a_transfer_shorter_than_the_burst_is_insufficient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
