/* What a kernel counts of a transfer tells what the transfer met, and nothing beyond that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/flow_looks.h"
#include "common/measurement.h"

#define REST_US 40000
#define PAYLOAD 1400
#define HEAD 52

/* A transfer at a rate, looked at every ${apart_us}; the round trip is ${wait_us} longer than
 * at rest, and one packet in ${lose_one_in} is sent again. */
struct way {
	enum flow_end end;
	int64_t packets_a_second, wait_us, lose_one_in, apart_us, until_us;
};

static void
look_at(struct flow_looks *looks, const struct way *way)
{
	struct flow_look look = {.time_us = 1000,
		.rest_us = REST_US,
		.packets = 5,
		.bytes = 3000,
		.sent = 4};

	memset(looks, 0, sizeof *looks);
	flow_looks_start(looks, way->end, HEAD, &look);
	for (int64_t us = way->apart_us; us <= way->until_us; us += way->apart_us) {
		int64_t packets = us * way->packets_a_second / 1000000;
		int64_t lost = way->lose_one_in ? packets / way->lose_one_in : 0;

		look.time_us = 1000 + us;
		look.packets = 5 + packets;
		look.bytes = 3000 + packets * PAYLOAD;
		look.rtt_us = REST_US + way->wait_us;
		if (way->end == FLOW_AT_SENDER) {
			look.sent = 4 + packets + lost;
			look.again = lost;
		} else {
			look.overtaken = lost * 3;
		}
		flow_looks_add(looks, &look);
	}
}

static void
what_is_sent_again_at_rest_had_waited_for_nothing(void **state)
{
	const struct way way = {FLOW_AT_SENDER, 100, 0, 20, 10000, 10000000};
	static struct flow_looks looks;
	struct flow_facts facts;

	(void)state;
	look_at(&looks, &way);
	flow_looks_measure(&facts, &looks);
	assert_int_equal(facts.sent, 1050);
	assert_int_equal(facts.lost, 50);
	assert_int_equal(facts.wait_at_loss_us, 0);
	assert_true(facts.loss_waits > 20);
	assert_int_equal(facts.wait_median_us, 0);
	/* Nothing waited: there is no queue to tell the rate of. */
	assert_int_equal(facts.service_n, 0);
	/* Nor does anything tell which bucket was empty. */
	assert_int_equal(facts.meter.rate_bps, 0);
}

static void
a_queue_shows_in_the_round_trip_and_in_an_even_rate(void **state)
{
	static struct flow_looks looks;
	struct flow_facts facts;

	(void)state;
	for (enum flow_end end = FLOW_AT_SENDER; end <= FLOW_AT_RECEIVER; end++) {
		const struct way way = {end, 200, 150000, 0, 10000, 10000000};

		look_at(&looks, &way);
		flow_looks_measure(&facts, &looks);
		assert_int_equal(facts.wait_median_us, 150000);
		assert_true(facts.service_n > 50);
		assert_in_range(facts.service_bps, 200 * (PAYLOAD + HEAD) * 8 * 9 / 10,
			200 * (PAYLOAD + HEAD) * 8 * 11 / 10);
		assert_int_equal(facts.service_flat_permille, 1000);
	}
}

static void
what_was_sent_again_needlessly_was_not_lost(void **state)
{
	const struct way way = {FLOW_AT_SENDER, 100, 0, 20, 10000, 10000000};
	static struct flow_looks looks;
	struct flow_facts facts;

	(void)state;
	look_at(&looks, &way);
	looks.last.needless = 10;
	flow_looks_measure(&facts, &looks);
	assert_int_equal(facts.lost, 40);
	looks.last.needless = 90;
	flow_looks_measure(&facts, &looks);
	assert_int_equal(facts.lost, 0);
}

static void
a_receiver_counts_no_losses(void **state)
{
	const struct way way = {FLOW_AT_RECEIVER, 100, 5000, 20, 10000, 10000000};
	static struct flow_looks looks;
	struct measurement m = {0};

	(void)state;
	look_at(&looks, &way);
	flow_note_looks(&m, &looks);
	assert_true(m.has[FIELD_captured] && m.captured == 0);
	assert_true(m.has[FIELD_flow_overtaken] && m.flow_overtaken == 150);
	assert_true(m.has[FIELD_flow_wait_us] && m.flow_wait_us == 5000);
	assert_false(m.has[FIELD_flow_sent] || m.has[FIELD_flow_lost] ||
		     m.has[FIELD_flow_wait_at_loss_us] || m.has[FIELD_flow_meter_bps] ||
		     m.has[FIELD_flow_resets]);
	/* A kernel that does not count them is not said to have counted none. */
	look_at(&looks, &way);
	looks.first.overtaken = looks.last.overtaken = -1;
	memset(&m, 0, sizeof m);
	flow_note_looks(&m, &looks);
	assert_false(m.has[FIELD_flow_overtaken]);
}

static void
looks_are_bounded_and_reach_over_the_whole_transfer(void **state)
{
	const struct way way = {FLOW_AT_SENDER, 100, 20000, 0, 1000, 60000000};
	static struct flow_looks looks;
	struct flow_facts facts;

	(void)state;
	look_at(&looks, &way);
	assert_in_range(looks.n, FLOW_LOOKS / 2, FLOW_LOOKS);
	assert_true(looks.looks[0].time_us < 1000000);
	assert_true(looks.looks[looks.n - 1].time_us > 59000000);
	for (size_t i = 1; i < looks.n; i++)
		assert_true(looks.looks[i].time_us - looks.looks[i - 1].time_us >=
			    FLOW_LOOK_APART_US);
	flow_looks_measure(&facts, &looks);
	assert_int_equal(facts.sent, 6000);
}

static void
nothing_is_said_before_the_first_look_nor_what_no_field_holds(void **state)
{
	static struct flow_looks looks;
	struct measurement m = {0};
	const struct flow_facts wild = {.sent = 5,
		.lost = SIZE_MAX / 2,
		.wait_median_us = INT64_MAX,
		.wait_high_us = -1,
		.meter = {
			.rate_bps = INT64_MAX, .burst_bytes = -7, .fit_permille = 400}};

	(void)state;
	flow_note_looks(&m, &looks);
	for (size_t i = 0; i < FIELD_COUNT; i++)
		assert_false(m.has[i]);
	flow_note_facts(&m, &wild);
	assert_true(m.has[FIELD_flow_sent] && m.has[FIELD_flow_fit_permille]);
	assert_false(m.has[FIELD_flow_lost] || m.has[FIELD_flow_wait_us] ||
		     m.has[FIELD_flow_wait_high_us] || m.has[FIELD_flow_meter_bps] ||
		     m.has[FIELD_flow_burst_bytes]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_again_at_rest_had_waited_for_nothing),
		cmocka_unit_test(a_queue_shows_in_the_round_trip_and_in_an_even_rate),
		cmocka_unit_test(what_was_sent_again_needlessly_was_not_lost),
		cmocka_unit_test(a_receiver_counts_no_losses),
		cmocka_unit_test(looks_are_bounded_and_reach_over_the_whole_transfer),
		cmocka_unit_test(
			nothing_is_said_before_the_first_look_nor_what_no_field_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
