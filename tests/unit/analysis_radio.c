#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs those before. */
#include <cmocka.h>

#include "analyzer/analysis/radio.h"

#define MINUTE_US INT64_C(60000000)
#define SAMPLES 12
#define DAY_FIRST_US (INT64_C(1700000000) * 1000000)
#define LAST_US (DAY_FIRST_US + SAMPLES * 5 * MINUTE_US)

/* A sample every five minutes; its lines are bad from the thirteenth on, which is not there. Its
 * radio is of the second generation, by another mast, in the minutes between. */
static void
hears(struct tally *tally, int from_minute, int to_minute)
{
	struct sample samples[SAMPLES] = {{0}};
	struct network network = {.country = "XX"};
	struct record record = {.samples = samples,
		.samples_n = SAMPLES,
		.networks = &network,
		.networks_n = 1,
		.window_us = 15 * MINUTE_US};
	struct radio_usual usual = {0};
	size_t shortly = 0, falls;

	for (int i = 0; i < SAMPLES; i++) {
		bool far = i * 5 >= from_minute && i * 5 < to_minute;

		samples[i] = (struct sample){.utc_us = DAY_FIRST_US + i * 5 * MINUTE_US,
			.check = CHECK_modem,
			.generation = far ? 2 : 4,
			.new_cell = far,
			.signal_dbm = far ? -110 : -80,
			.signal_percent = -1,
			.beacons = -1};
	}
	*tally = (struct tally){.signal_percent = -1, .beacons = -1};
	for (; samples[shortly].utc_us < LAST_US - 15 * MINUTE_US; shortly++)
		radio_take_usual(&usual, &samples[shortly]);
	falls = radio_falls_at(&usual, tally, &record, shortly, SAMPLES);
	for (size_t i = shortly; i < SAMPLES; i++)
		if (i < falls)
			radio_take_usual(&usual, &samples[i]);
		else
			radio_take(tally, &samples[i]);
	radio_tell_usual(tally, &usual);
}

static void
test_a_radio_that_fell_back_shortly_before_is_part_of_it(void **state)
{
	struct tally t;

	(void)state;
	hears(&t, 50, 60);
	assert_int_equal(t.usual_generation, 4);
	assert_int_equal(t.generation, 2);
	assert_int_equal(t.usual_signal_dbm, -80);
	assert_int_equal(t.signal_dbm, -110);
	assert_true(t.new_cell);
}

static void
test_a_radio_that_fell_back_long_before_or_for_a_moment_is_not(void **state)
{
	struct tally t;

	(void)state;
	hears(&t, 10, 60);
	assert_int_equal(t.usual_generation, 2);
	assert_int_equal(t.generation, 0);
	hears(&t, 50, 55);
	assert_int_equal(t.usual_generation, 4);
	assert_int_equal(t.generation, 0);
	assert_false(t.new_cell);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_radio_that_fell_back_shortly_before_is_part_of_it),
		cmocka_unit_test(
			test_a_radio_that_fell_back_long_before_or_for_a_moment_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
