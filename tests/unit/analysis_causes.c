#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/country.h"

static void
test_a_name_answered_otherwise_here_than_abroad_is_a_blocked_service(void **state)
{
	struct country *c = country_new(FORGED);

	(void)state;
	expect(c, CAUSE_shutdown_service);
	assert_int_equal(c->events[0].family, FAMILY_NAME);
	assert_int_equal(fired(c, ROW_43)->n, FIELD);
	assert_int_equal(fired(c, ROW_43)->value, PROBES - FIELD);
	assert_int_equal(fired(c, ROW_45b)->n, FIELD);
	country_free(c);
}

static void
test_a_name_whose_answer_depends_on_who_asks_is_no_event(void **state)
{
	struct country *c = country_new(FICKLE);

	(void)state;
	assert_int_equal(c->events_n, 0);
	country_free(c);
}

static void
test_a_name_whose_handshake_alone_is_reset_is_a_blocked_service(void **state)
{
	struct country *c = country_new(RESET);

	(void)state;
	expect(c, CAUSE_shutdown_service);
	assert_int_equal(fired(c, ROW_45)->n, FIELD);
	assert_int_equal(fired(c, ROW_46b)->n, PROBES - FIELD);
	country_free(c);
}

static void
test_who_asked_once_for_what_was_down_reached_all_else_meanwhile(void **state)
{
	struct country *c = country_new(RARELY);

	(void)state;
	expect(c, CAUSE_ordinary_remote);
	assert_int_equal(c->events[0].affected, FIELD);
	assert_int_equal(fired(c, ROW_45b)->n, FIELD);
	country_free(c);
}

static void
test_an_address_that_opens_and_then_breaks_off_is_not_what_was_lost(void **state)
{
	struct country *c = country_new(RESET_ALONE);

	(void)state;
	expect(c, CAUSE_shutdown_service);
	assert_int_equal(c->events[0].family, FAMILY_NAME);
	assert_int_equal(fired(c, ROW_45)->n, FIELD);
	assert_null(fired(c, ROW_48));
	country_free(c);
}

static void
test_an_address_on_which_no_name_passes_is_not_called_a_blocked_name(void **state)
{
	struct country *c = country_new(REFUSED);

	(void)state;
	assert_int_equal(c->events_n, 1);
	assert_null(fired(c, ROW_45));
	assert_true(c->verdict.insufficient || c->verdict.class != CLASS_shutdown);
	country_free(c);
}

static void
test_rates_and_round_trips_of_two_mobile_operators_tell_a_downgrade(void **state)
{
	struct country *c = country_new(DOWNGRADE);

	(void)state;
	expect(c, CAUSE_throttling_downgrade);
	assert_int_equal(c->events[0].affected, 6);
	assert_int_equal(fired(c, ROW_32b)->n, 6);
	assert_int_equal(fired(c, ROW_32b)->value, 2);
	assert_int_equal(fired(c, ROW_32b)->other, 3);
	assert_null(fired(c, ROW_35));
	country_free(c);
}

static void
test_only_names_failing_is_the_resolver(void **state)
{
	struct country *c = country_new(RESOLVER);

	(void)state;
	expect(c, CAUSE_infrastructure_upstream);
	assert_int_equal(fired(c, ROW_44)->n, FIELD);
	assert_int_equal(fired(c, ROW_44b)->n, FIELD);
	country_free(c);
}

static void
test_a_total_cut_with_its_routes_withdrawn_stays_insufficient(void **state)
{
	struct country *c = country_new(WITHDRAWN);
	const int32_t *ppm = c->verdict.cause_ppm;
	int32_t least = ppm[CAUSE_shutdown_international];

	(void)state;
	if (ppm[CAUSE_infrastructure_cable] < least)
		least = ppm[CAUSE_infrastructure_cable];
	assert_int_equal(c->events_n, 1);
	assert_int_equal(fired(c, ROW_17)->n, 3);
	assert_null(fired(c, ROW_18));
	assert_true(c->verdict.insufficient);
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		if (i != CAUSE_shutdown_international &&
			i != CAUSE_infrastructure_cable)
			assert_true(ppm[i] <= least);
	country_free(c);
}

static void
test_a_world_that_is_dead_behind_routes_that_stay_was_shut_off(void **state)
{
	struct country *c = country_new(ANNOUNCED);

	(void)state;
	expect(c, CAUSE_shutdown_international);
	assert_int_equal(fired(c, ROW_18)->n, 3);
	assert_null(fired(c, ROW_17));
	country_free(c);
}

static void
test_a_supply_that_stayed_on_speaks_against_a_power_cut_and_for_nothing(void **state)
{
	const int16_t *lr = evidence_weights()->lr[ROW_2];

	(void)state;
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		assert_int_equal(lr[i] != 0, i == CAUSE_infrastructure_power);
}

static void
test_who_tells_its_mains_ran_without_a_gap_as_well_as_who_does_not(void **state)
{
	struct country *c = country_new(POLICED);

	(void)state;
	assert_int_equal(c->events[0].affected, 3);
	assert_null(fired(c, ROW_2));
	assert_int_equal(fired(c, ROW_2b)->n, 3);
	country_free(c);
}

/* What is seen of the event that so many probes have of their own. */
static void
look_at(struct country *c, uint32_t affected)
{
	struct joined joined = joined_of(c);

	for (size_t i = 0; i < c->events_n; i++) {
		if (c->events[i].affected != affected)
			continue;
		c->observations_n = observe(c->observations, &c->witness, &c->events[i],
			&joined, &c->record);
		classify(&c->verdict, c->observations, c->observations_n,
			evidence_weights());
		return;
	}
	fail_msg("no event of %u probes", affected);
}

static void
test_who_is_refused_long_after_the_mains_went_is_in_no_power_cut(void **state)
{
	struct country *c = country_new(CUT_IN_POWER);

	(void)state;
	assert_int_equal(c->events_n, 2);
	look_at(c, 3);
	assert_int_equal(c->verdict.cause, CAUSE_shutdown_full);
	assert_null(fired(c, ROW_1));
	assert_int_equal(fired(c, ROW_1d)->value, 3);
	/* Machines that are off meanwhile are not spared. */
	assert_int_equal(fired(c, ROW_9b)->value, 3);
	assert_int_equal(fired(c, ROW_16b)->n, 3);
	country_free(c);
}

static void
test_machines_stop_where_the_mains_of_others_go(void **state)
{
	struct country *c = country_new(CUT_IN_POWER);

	(void)state;
	look_at(c, 6);
	assert_int_equal(c->verdict.cause, CAUSE_infrastructure_power);
	assert_int_equal(fired(c, ROW_1n)->n, 3);
	assert_int_equal(fired(c, ROW_1n)->of, 3);
	country_free(c);
	c = country_new(POWER);
	assert_null(fired(c, ROW_1n));
	country_free(c);
}

static void
test_two_operators_that_lose_the_world_alone_share_a_gateway_or_an_order(void **state)
{
	struct country *c = country_new(GATEWAY);
	struct weights weights = *evidence_weights();

	(void)state;
	assert_int_equal(c->events_n, 1);
	assert_int_equal(fired(c, ROW_10w)->n, 6);
	assert_null(fired(c, ROW_10b));
	/* Had it lasted: that it was short is told apart. */
	memset(weights.lr[ROW_28b], 0, sizeof(weights.lr[ROW_28b]));
	classify(&c->verdict, c->observations, c->observations_n, &weights);
	assert_true(c->verdict.insufficient);
	country_free(c);
}

static void
test_a_cable_takes_the_world_of_other_countries_too(void **state)
{
	struct country *c = country_new(COAST);

	(void)state;
	expect(c, CAUSE_infrastructure_cable);
	assert_int_equal(fired(c, ROW_11c)->n, 2);
	country_free(c);
	c = country_new(INTERNATIONAL_TOTAL);
	assert_null(fired(c, ROW_11c));
	country_free(c);
}

static void
test_one_dark_machine_and_one_that_was_out_before_leave_a_mobile_shutdown(void **state)
{
	struct country *c = country_new(MOBILE_AND_OTHERS);

	(void)state;
	expect(c, CAUSE_shutdown_mobile);
	assert_int_equal(c->events[0].affected, 6);
	assert_int_equal(fired(c, ROW_7)->value, 2);
	assert_int_equal(fired(c, ROW_7)->other, 0);
	country_free(c);
}

static void
test_two_operators_that_are_slow_need_not_have_one_owner(void **state)
{
	struct country *c = country_new(LONGER_WAY);

	(void)state;
	expect(c, CAUSE_infrastructure_cable);
	assert_int_equal(c->events[0].affected, 6);
	assert_int_equal(fired(c, ROW_37)->n, 6);
	assert_null(fired(c, ROW_10b));
	country_free(c);
}

static void
test_half_the_rate_with_much_lost_is_a_meter_of_all(void **state)
{
	struct country *c = country_new(HALVED);

	(void)state;
	expect(c, CAUSE_throttling_policed);
	assert_int_equal(c->events[0].affected, FIELD);
	assert_int_equal(fired(c, ROW_39)->n, FIELD);
	assert_int_equal(fired(c, ROW_35)->n, FIELD);
	country_free(c);
}

static void
test_what_a_far_mast_serves_while_machines_are_dark_is_a_power_cut(void **state)
{
	struct country *c = country_new(MASTS);
	struct joined joined = joined_of(c);

	(void)state;
	assert_int_equal(c->events_n, 2);
	assert_int_equal(c->events[1].family, FAMILY_SLOW);
	c->observations_n = observe(
		c->observations, &c->witness, &c->events[1], &joined, &c->record);
	classify(&c->verdict, c->observations, c->observations_n, evidence_weights());
	assert_int_equal(fired(c, ROW_33)->n, 4);
	assert_int_equal(fired(c, ROW_3)->n, 2);
	assert_null(fired(c, ROW_32b));
	assert_int_equal(c->verdict.cause, CAUSE_infrastructure_power);
	country_free(c);
}

static void
test_what_answers_but_by_name_is_not_off_at_any_odds(void **state)
{
	const int16_t *lr = evidence_weights()->lr[ROW_44b];

	(void)state;
	assert_int_equal(
		lr[CAUSE_shutdown_full], -evidence_weights()->cap[GROUP_shape]);
	assert_int_equal(lr[CAUSE_shutdown_international], lr[CAUSE_shutdown_full]);
	assert_true(lr[CAUSE_shutdown_service] > lr[CAUSE_shutdown_full]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_name_answered_otherwise_here_than_abroad_is_a_blocked_service),
		cmocka_unit_test(
			test_a_name_whose_answer_depends_on_who_asks_is_no_event),
		cmocka_unit_test(
			test_a_name_whose_handshake_alone_is_reset_is_a_blocked_service),
		cmocka_unit_test(
			test_who_asked_once_for_what_was_down_reached_all_else_meanwhile),
		cmocka_unit_test(
			test_an_address_that_opens_and_then_breaks_off_is_not_what_was_lost),
		cmocka_unit_test(
			test_an_address_on_which_no_name_passes_is_not_called_a_blocked_name),
		cmocka_unit_test(
			test_rates_and_round_trips_of_two_mobile_operators_tell_a_downgrade),
		cmocka_unit_test(test_only_names_failing_is_the_resolver),
		cmocka_unit_test(
			test_a_total_cut_with_its_routes_withdrawn_stays_insufficient),
		cmocka_unit_test(
			test_a_world_that_is_dead_behind_routes_that_stay_was_shut_off),
		cmocka_unit_test(
			test_who_is_refused_long_after_the_mains_went_is_in_no_power_cut),
		cmocka_unit_test(test_machines_stop_where_the_mains_of_others_go),
		cmocka_unit_test(
			test_two_operators_that_lose_the_world_alone_share_a_gateway_or_an_order),
		cmocka_unit_test(test_a_cable_takes_the_world_of_other_countries_too),
		cmocka_unit_test(
			test_who_tells_its_mains_ran_without_a_gap_as_well_as_who_does_not),
		cmocka_unit_test(
			test_one_dark_machine_and_one_that_was_out_before_leave_a_mobile_shutdown),
		cmocka_unit_test(
			test_two_operators_that_are_slow_need_not_have_one_owner),
		cmocka_unit_test(test_half_the_rate_with_much_lost_is_a_meter_of_all),
		cmocka_unit_test(
			test_what_a_far_mast_serves_while_machines_are_dark_is_a_power_cut),
		cmocka_unit_test(test_what_answers_but_by_name_is_not_off_at_any_odds),
		cmocka_unit_test(
			test_a_supply_that_stayed_on_speaks_against_a_power_cut_and_for_nothing),
	};

	return cmocka_run_group_tests_name("analysis_causes", tests, NULL, NULL);
}
