#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/onset.h"

#define MINUTE_US INT64_C(60000000)
#define NETWORKS 4
#define PROBES 12

/* Two regions of two operators, three probes in each; written down in no order. */
struct scene {
	struct network networks[NETWORKS];
	struct probe probes[PROBES];
	struct record record;
	struct anomaly anomalies[4 * PROBES];
	struct event event;
	struct onset order[NETWORKS];
	size_t n;
};

static void
scene_begin(struct scene *s)
{
	static const struct network networks[NETWORKS] = {
		{"XX", "XX-02", 64502, MEDIUM_fixed},
		{"XX", "XX-01", 64501, MEDIUM_mobile},
		{"XX", "XX-02", 64501, MEDIUM_mobile},
		{"XX", "XX-01", 64502, MEDIUM_fixed},
	};

	memset(s, 0, sizeof(*s));
	memcpy(s->networks, networks, sizeof(networks));
	for (uint32_t p = 0; p < PROBES; p++)
		s->probes[p].network = p / 3;
	s->record = (struct record){.networks = s->networks,
		.networks_n = NETWORKS,
		.probes = s->probes,
		.probes_n = PROBES,
		.window_us = 15 * MINUTE_US};
}

static void
falls(struct scene *s, uint32_t probe, int64_t lo, int64_t hi)
{
	s->anomalies[s->event.n++] = (struct anomaly){.probe = probe,
		.network = s->probes[probe].network,
		.start_lo_us = lo * MINUTE_US,
		.start_hi_us = hi * MINUTE_US};
	if (!s->event.start_hi_us || hi * MINUTE_US < s->event.start_hi_us) {
		s->event.start_lo_us = lo * MINUTE_US;
		s->event.start_hi_us = hi * MINUTE_US;
	}
}

static void
network_falls(struct scene *s, uint32_t network, int64_t lo, int64_t hi)
{
	for (uint32_t p = 3 * network; p < 3 * network + 3; p++)
		falls(s, p, lo, hi);
}

static void
find(struct scene *s, enum onset_by by)
{
	s->n = onset_order(s->order, by, &s->event, s->anomalies, &s->record);
}

static void
test_networks_stand_in_the_order_in_which_they_fell(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	network_falls(&s, 0, 160, 165);
	network_falls(&s, 1, 100, 105);
	network_falls(&s, 2, 130, 135);
	find(&s, ONSET_NETWORKS);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.order[0].network, 1);
	assert_int_equal(s.order[1].network, 2);
	assert_int_equal(s.order[2].network, 0);
	assert_int_equal(s.order[0].lo_us, 100 * MINUTE_US);
	assert_int_equal(s.order[0].hi_us, 105 * MINUTE_US);
	assert_int_equal(s.order[0].probes, 3);
	assert_int_equal(s.order[0].of, 3);
}

static void
test_what_fell_at_one_moment_stands_in_the_order_of_names(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t i = 0; i < NETWORKS; i++)
		network_falls(&s, i, 100, 105);
	find(&s, ONSET_NETWORKS);
	assert_int_equal(s.n, 4);
	assert_int_equal(s.order[0].network, 1); /* XX-01, 64501 */
	assert_int_equal(s.order[1].network, 3); /* XX-01, 64502 */
	assert_int_equal(s.order[2].network, 2);
	assert_int_equal(s.order[3].network, 0);
}

static void
test_a_probe_that_had_trouble_of_its_own_does_not_date_its_network(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (uint32_t p = 3; p < 6; p++)
		s.probes[p].network = 0;
	falls(&s, 0, 10, 15);
	for (uint32_t p = 1; p < 6; p++)
		falls(&s, p, 100 - p, 105 + p);
	find(&s, ONSET_NETWORKS);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.order[0].lo_us, 99 * MINUTE_US);
	assert_int_equal(s.order[0].hi_us, 106 * MINUTE_US);
	assert_int_equal(s.order[0].of, 6);
}

static void
test_where_edges_share_no_moment_half_of_the_probes_date_their_network(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	falls(&s, 0, 100, 110);
	falls(&s, 1, 107, 130);
	find(&s, ONSET_NETWORKS);
	assert_int_equal(s.order[0].lo_us, 100 * MINUTE_US);
	assert_int_equal(s.order[0].hi_us, 110 * MINUTE_US);
	assert_int_equal(s.order[0].probes, 2);
	assert_int_equal(s.order[0].of, 3);
	/* A third that was out the day before, in trouble of its own. */
	falls(&s, 2, 10, 20);
	find(&s, ONSET_NETWORKS);
	assert_int_equal(s.order[0].lo_us, 100 * MINUTE_US);
	assert_int_equal(s.order[0].hi_us, 110 * MINUTE_US);
	assert_int_equal(s.order[0].probes, 3);
}

static void
test_a_probe_that_fell_twice_is_one_probe_and_fell_the_first_time(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	falls(&s, 0, 200, 205);
	falls(&s, 0, 100, 105);
	find(&s, ONSET_NETWORKS);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.order[0].probes, 1);
	assert_int_equal(s.order[0].hi_us, 105 * MINUTE_US);
}

static void
test_what_was_out_before_the_event_is_marked(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	network_falls(&s, 0, 100, 105);
	network_falls(&s, 1, 200, 205);
	s.event.start_lo_us = 190 * MINUTE_US;
	s.event.start_hi_us = 205 * MINUTE_US;
	find(&s, ONSET_NETWORKS);
	assert_true(s.order[0].before);
	assert_false(s.order[1].before);
}

static void
test_an_operator_is_all_its_networks(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	network_falls(&s, 1, 100, 105);
	network_falls(&s, 2, 101, 106);
	network_falls(&s, 0, 180, 185);
	find(&s, ONSET_OPERATORS);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.networks[s.order[0].network].asn, 64501);
	assert_int_equal(s.order[0].probes, 6);
	assert_int_equal(s.order[0].lo_us, 101 * MINUTE_US);
	assert_int_equal(s.order[0].hi_us, 105 * MINUTE_US);
	assert_int_equal(onset_lead(s.order, s.n, &s.record), 75 * MINUTE_US);
}

static void
test_nobody_leads_by_less_than_two_windows_or_with_two_probes_or_alone(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	network_falls(&s, 1, 100, 105);
	network_falls(&s, 0, 134, 140);
	find(&s, ONSET_OPERATORS);
	assert_int_equal(onset_lead(s.order, s.n, &s.record), 0);
	assert_int_equal(onset_lead(s.order, 1, &s.record), 0);
	scene_begin(&s);
	falls(&s, 3, 100, 105);
	falls(&s, 4, 100, 105);
	network_falls(&s, 0, 180, 185);
	find(&s, ONSET_OPERATORS);
	assert_int_equal(onset_lead(s.order, s.n, &s.record), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks_stand_in_the_order_in_which_they_fell),
		cmocka_unit_test(
			test_what_fell_at_one_moment_stands_in_the_order_of_names),
		cmocka_unit_test(
			test_a_probe_that_had_trouble_of_its_own_does_not_date_its_network),
		cmocka_unit_test(
			test_where_edges_share_no_moment_half_of_the_probes_date_their_network),
		cmocka_unit_test(
			test_a_probe_that_fell_twice_is_one_probe_and_fell_the_first_time),
		cmocka_unit_test(test_what_was_out_before_the_event_is_marked),
		cmocka_unit_test(test_an_operator_is_all_its_networks),
		cmocka_unit_test(
			test_nobody_leads_by_less_than_two_windows_or_with_two_probes_or_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
