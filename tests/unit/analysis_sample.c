#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "analyzer/analysis/sample.h"

static struct measurement
of_check(enum check check)
{
	struct measurement m = {0};

	SET(&m, kind, LINE_measurement);
	SET(&m, check, check);
	SET(&m, outcome, OUTCOME_ok);
	SET(&m, stage, STAGE_done);
	return m;
}

static void
an_answer_with_an_alert_is_an_answer_and_a_reset_is_none(void **state)
{
	struct measurement m = of_check(CHECK_tls);
	struct sample s;

	(void)state;
	sample_read(&s, &m);
	assert_int_equal(s.other_name, -1);
	SET(&m, control_outcome, OUTCOME_connection_reset);
	sample_read(&s, &m);
	assert_int_equal(s.other_name, 0);
	SET(&m, bare_outcome, OUTCOME_ssl_failed_handshake);
	sample_read(&s, &m);
	assert_int_equal(s.other_name, 1);
	SET(&m, control_outcome, OUTCOME_ok);
	sample_read(&s, &m);
	assert_int_equal(s.other_name, OTHER_NAME_ANSWERED);
	SET(&m, bare_outcome, OUTCOME_generic_timeout_error);
	sample_read(&s, &m);
	assert_int_equal(s.other_name, OTHER_NAME_ALONE);
}

static void
other_addresses_are_another_answer_and_none_is_none(void **state)
{
	struct measurement m = of_check(CHECK_dns);
	struct sample none, one, same, other;
	char hash[65];

	(void)state;
	sample_read(&none, &m);
	memset(hash, '0', 64);
	hash[64] = '\0';
	assert_int_equal(measurement_set_text(&m, FIELD_answer_sha256, hash), OK);
	sample_read(&one, &m);
	hash[63] = 'f'; /* behind what stands for it */
	assert_int_equal(measurement_set_text(&m, FIELD_answer_sha256, hash), OK);
	sample_read(&same, &m);
	hash[0] = 'f';
	assert_int_equal(measurement_set_text(&m, FIELD_answer_sha256, hash), OK);
	sample_read(&other, &m);
	assert_int_equal(none.answer, 0);
	assert_true(one.answer != 0 && one.answer == same.answer);
	assert_true(other.answer != one.answer);
}

static void
figures_that_cannot_be_are_brought_to_the_nearest_that_can(void **state)
{
	struct measurement m = of_check(CHECK_speed);
	struct sample s;

	(void)state;
	SET(&m, body_bytes, 1073741824);
	SET(&m, transfer_us, 1);
	SET(&m, sndr_bytes_sent, 10);
	SET(&m, sndr_bytes_retrans, 1073741824);
	SET(&m, sndr_rtt_us, 5);
	SET(&m, sndr_min_rtt_us, 600000000);
	sample_read(&s, &m);
	assert_true(s.rate_bps > 0 && s.rate_bps <= 10000000);
	assert_int_equal(s.loss_ppm, 1000000);
	assert_int_equal(s.queue_us, 0);
}

static void
a_transfer_that_was_cut_off_has_told_its_rate(void **state)
{
	struct measurement m = of_check(CHECK_speed);
	struct sample s;

	(void)state;
	SET(&m, outcome, OUTCOME_generic_timeout_error);
	SET(&m, body_bytes, 16000);
	SET(&m, took_us, 8000000);
	sample_read(&s, &m);
	assert_int_equal(s.rate_bps, 16000);
}

static void
an_upload_is_no_sample_of_the_rate(void **state)
{
	struct measurement m = of_check(CHECK_speed);
	struct sample s;

	(void)state;
	SET(&m, body_bytes, 100000);
	SET(&m, transfer_us, 1000000);
	for (int told = 0; told < 2; told++) {
		sample_read(&s, &m);
		assert_int_equal(s.rate_bps, 800000);
		SET(&m, direction, DIRECTION_down);
	}
	SET(&m, direction, DIRECTION_up);
	sample_read(&s, &m);
	assert_int_equal(s.rate_bps, 0);
	assert_int_equal(s.success, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_upload_is_no_sample_of_the_rate),
		cmocka_unit_test(
			an_answer_with_an_alert_is_an_answer_and_a_reset_is_none),
		cmocka_unit_test(other_addresses_are_another_answer_and_none_is_none),
		cmocka_unit_test(
			figures_that_cannot_be_are_brought_to_the_nearest_that_can),
		cmocka_unit_test(a_transfer_that_was_cut_off_has_told_its_rate),
	};

	return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
