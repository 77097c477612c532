#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "common/ladder.h"

static struct measurement
saw(enum check check, enum rung rung, enum outcome outcome)
{
	struct measurement m = {0};

	SET(&m, kind, LINE_measurement);
	SET(&m, check, check);
	SET(&m, rung, rung);
	SET(&m, outcome, outcome);
	return m;
}

static void
success_is_getting_what_was_asked_for(void **state)
{
	struct measurement m = saw(CHECK_ping, RUNG_access, OUTCOME_ok);

	(void)state;
	assert_int_equal(measurement_success(&m), 1);
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		m.outcome = o;
		if (o != OUTCOME_ok && o != OUTCOME_unmeasured)
			assert_int_equal(measurement_success(&m), 0);
	}
	m.outcome = OUTCOME_unmeasured;
	assert_int_equal(measurement_success(&m), -1);
	m.outcome = OUTCOME_ttl_exceeded;
	assert_int_equal(measurement_success(&m), 0);
	SET(&m, ttl, 2);
	assert_int_equal(measurement_success(&m), 1);
	m.has[FIELD_outcome] = false;
	assert_int_equal(measurement_success(&m), -1);
}

static void
more_than_half_is_up_some_is_partial_none_is_down(void **state)
{
	struct measurement ms[4];
	struct ladder ladder;

	(void)state;
	for (size_t good = 0; good <= 4; good++) {
		enum rung_state wanted = good == 0  ? RUNG_DOWN
					 : good > 2 ? RUNG_UP
						    : RUNG_PARTIAL;

		for (size_t i = 0; i < 4; i++)
			ms[i] = saw(CHECK_ping, RUNG_domestic,
				i < good ? OUTCOME_ok : OUTCOME_generic_timeout_error);
		ladder_climb(&ladder, ms, 4);
		assert_int_equal(ladder.rung[RUNG_domestic].tried, 4);
		assert_int_equal(ladder.rung[RUNG_domestic].succeeded, good);
		assert_int_equal(ladder.rung[RUNG_domestic].state, wanted);
		assert_int_equal(ladder.breaks_at, good ? RUNG_COUNT : RUNG_domestic);
	}
}

static void
nothing_tried_is_unmeasured_and_breaks_nowhere(void **state)
{
	struct measurement m = saw(CHECK_ping, RUNG_router, OUTCOME_unmeasured);
	struct ladder ladder;

	(void)state;
	ladder_climb(&ladder, &m, 1);
	for (int i = 0; i < RUNG_COUNT; i++) {
		assert_int_equal(ladder.rung[i].tried, 0);
		assert_int_equal(ladder.rung[i].state, RUNG_UNMEASURED);
	}
	assert_int_equal(ladder.breaks_at, RUNG_COUNT);
	ladder_climb(&ladder, NULL, 0);
	assert_int_equal(ladder.breaks_at, RUNG_COUNT);
}

static void
some_checks_speak_of_a_second_rung_and_count_once_in_each(void **state)
{
	static const struct {
		enum check check;
		enum rung second;
	} pairs[] = {{CHECK_tcp, RUNG_transport}, {CHECK_tls, RUNG_transport},
		{CHECK_quic, RUNG_transport}, {CHECK_http, RUNG_service},
		{CHECK_dns, RUNG_names}, {CHECK_speed, RUNG_quality}};
	struct ladder ladder;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct measurement m =
			saw(pairs[i].check, RUNG_international, OUTCOME_ok);

		ladder_climb(&ladder, &m, 1);
		assert_int_equal(ladder.rung[RUNG_international].tried, 1);
		assert_int_equal(ladder.rung[pairs[i].second].tried, 1);
		assert_int_equal(ladder.rung[pairs[i].second].state, RUNG_UP);
		m.rung = pairs[i].second;
		ladder_climb(&ladder, &m, 1);
		assert_int_equal(ladder.rung[pairs[i].second].tried, 1);
		assert_int_equal(ladder.rung[RUNG_international].tried, 0);
	}
}

static void
a_trace_is_evidence_of_life_and_never_of_an_outage(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *hops;
		int success;
	} cases[] = {{OUTCOME_ok, NULL, 1}, {OUTCOME_ok, "* * * *", 1},
		{OUTCOME_generic_timeout_error, "192.168.1.0/24 45.1.1.0/24 *", 1},
		{OUTCOME_icmp_prohibited, "* 2003:1::/48", 1},
		{OUTCOME_generic_timeout_error, "192.168.1.0/24 * * * *", -1},
		{OUTCOME_generic_timeout_error, "* * * *", -1},
		{OUTCOME_network_unreachable, NULL, -1},
		{OUTCOME_network_unreachable, "45.1.1.0/24 45.1.1.0/24", -1},
		{OUTCOME_network_unreachable, "45.1.1.0/24 45.1.1.0/24 45.1.1.0/24", 1},
		{OUTCOME_unmeasured, "192.168.1.0/24 45.1.1.0/24", -1}};
	struct ladder ladder;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct measurement m = saw(CHECK_trace, RUNG_access, cases[i].outcome);

		if (cases[i].hops)
			assert_int_equal(
				measurement_set_text(&m, FIELD_hops, cases[i].hops),
				OK);
		assert_int_equal(measurement_success(&m), cases[i].success);
		ladder_climb(&ladder, &m, 1);
		assert_int_equal(ladder.rung[RUNG_access].state,
			cases[i].success == 1 ? RUNG_UP : RUNG_UNMEASURED);
	}
}

static void
what_a_decoy_says_or_does_not_say_counts_for_no_rung(void **state)
{
	static const enum outcome outcomes[] = {
		OUTCOME_ok, OUTCOME_generic_timeout_error, OUTCOME_connection_refused};
	struct ladder ladder;

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
		struct measurement m = saw(CHECK_dns, RUNG_names, outcomes[i]);

		SET(&m, decoy, 1);
		assert_int_equal(measurement_success(&m), -1);
		ladder_climb(&ladder, &m, 1);
		assert_int_equal(ladder.rung[RUNG_names].state, RUNG_UNMEASURED);
	}
}

static void
what_a_names_signatures_say_counts_for_no_rung(void **state)
{
	const struct measurement m = saw(CHECK_dnssec, RUNG_names, OUTCOME_ok);

	(void)state;
	assert_int_equal(measurement_success(&m), -1);
}

static void
the_ladder_breaks_at_its_lowest_rung_that_is_down(void **state)
{
	struct measurement ms[] = {
		saw(CHECK_http, RUNG_service, OUTCOME_eof_error),
		saw(CHECK_ping, RUNG_international, OUTCOME_host_unreachable),
		saw(CHECK_router, RUNG_router, OUTCOME_ok),
	};
	struct ladder ladder;

	(void)state;
	ladder_climb(&ladder, ms, 3);
	assert_int_equal(ladder.breaks_at, RUNG_international);
}

static void
rung_states_have_names(void **state)
{
	(void)state;
	assert_string_equal(rung_state_name(RUNG_UNMEASURED), "unmeasured");
	assert_string_equal(rung_state_name(RUNG_UP), "up");
	assert_string_equal(rung_state_name(RUNG_PARTIAL), "partial");
	assert_string_equal(rung_state_name(RUNG_DOWN), "down");
}

/* One letter a rung, from power up: u up, p partial, d down, - unmeasured. */
static const char *
sentence(const char *rungs)
{
	struct ladder ladder = {.breaks_at = RUNG_COUNT};

	for (int i = RUNG_COUNT - 1; i >= 0; i--) {
		static const char letters[] = "-upd";

		ladder.rung[i].state =
			(enum rung_state)(strchr(letters, rungs[i]) - letters);
		if (rungs[i] == 'd')
			ladder.breaks_at = (enum rung)i;
	}
	return ladder_sentence(&ladder);
}

static void
the_sentence_tells_me_from_the_country(void **state)
{
	static const struct {
		const char *rungs, *says;
	} known[] = {
		{"uuuuuuuuuuu", "Nothing is wrong"},
		{"uuu-u------", "nothing abroad was tried"},
		{"uu---------", "cannot tell"},
		{"-----------", "cannot tell"},
		{"udddddddddd", "It is here"},
		{"uuddddddddd", "probably here"},
		{"uuudddddddd", "your line or your operator"},
		{"uuuuddddddd", "not your line"},
		{"uuuuudddddd",
			"hosts inside the country answer, hosts outside it do not"},
		{"uuupp-d----", "hosts inside the country answer"},
		/* Shy routers and a silent gateway break nothing. */
		{"uuddu-u----", "Nothing is wrong"},
		{"uuuudu-----", "inside the country do not"},
		{"uuuuuuuduuu", "no name"},
		{"uuuuuuuuddd", "no connection"},
		{"uuuuuuuuudd", "no page"},
		{"uuuuuuuuuud", "no transfer"},
		{"uuuuupuuuuu", "some do not"},
		{"uuuuu-d----", "hosts outside it do not"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!strstr(sentence(known[i].rungs), known[i].says))
			fail_msg("%s: %s", known[i].rungs, sentence(known[i].rungs));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_getting_what_was_asked_for),
		cmocka_unit_test(more_than_half_is_up_some_is_partial_none_is_down),
		cmocka_unit_test(nothing_tried_is_unmeasured_and_breaks_nowhere),
		cmocka_unit_test(
			some_checks_speak_of_a_second_rung_and_count_once_in_each),
		cmocka_unit_test(a_trace_is_evidence_of_life_and_never_of_an_outage),
		cmocka_unit_test(what_a_decoy_says_or_does_not_say_counts_for_no_rung),
		cmocka_unit_test(what_a_names_signatures_say_counts_for_no_rung),
		cmocka_unit_test(the_ladder_breaks_at_its_lowest_rung_that_is_down),
		cmocka_unit_test(rung_states_have_names),
		cmocka_unit_test(the_sentence_tells_me_from_the_country),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
