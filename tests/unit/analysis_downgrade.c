#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "analyzer/analysis/downgrade.h"

#define MS INT64_C(1000)
#define KBIT INT64_C(1000)

/* Three targets at home and three abroad, late by this, and two transfers. */
static struct downgrade
line(int64_t home_ms, int64_t abroad_ms, int64_t rate_bps, int64_t train_bytes,
	int64_t loss_ppm)
{
	struct downgrade fall = {.rate_bps = rate_bps, .usual_bps = 4000 * KBIT};

	for (int i = 0; i < 3; i++) {
		downgrade_add_target(&fall.home, home_ms * MS, 60 * MS);
		downgrade_add_target(&fall.abroad, abroad_ms * MS, 150 * MS);
	}
	for (int i = 0; i < 2; i++)
		downgrade_add_test(&fall, train_bytes, loss_ppm);
	return fall;
}

static void
test_late_slow_and_narrow_everywhere_is_2g(void **state)
{
	struct downgrade fall = line(450, 540, 120 * KBIT, 2560, 20000);

	(void)state;
	assert_true(downgrade_is_2g(&fall));
	/* Also where nobody abroad, or at home, is known. */
	fall.abroad = (struct downgrade_place){0};
	assert_true(downgrade_is_2g(&fall));
}

static void
test_a_meter_a_satellite_a_crowd_and_a_far_detour_are_not(void **state)
{
	const struct downgrade meter = line(61, 151, 100 * KBIT, 5000, 300000),
			       satellite = line(560, 650, 3000 * KBIT, 14080, 0),
			       crowd = line(450, 540, 120 * KBIT, 14080, 0),
			       unclear = line(450, 540, 120 * KBIT, 14080, 50000),
			       crowd_that_drops =
				       line(450, 540, 120 * KBIT, 2560, 200000),
			       detour = line(60, 400, 120 * KBIT, 2560, 20000),
			       wider = line(450, 540, 500 * KBIT, 5900, 0);

	(void)state;
	assert_false(downgrade_is_2g(&meter));
	assert_false(downgrade_is_2g(&satellite));
	assert_false(downgrade_is_2g(&crowd));
	assert_false(downgrade_is_2g(&unclear));
	assert_false(downgrade_is_2g(&crowd_that_drops));
	assert_false(downgrade_is_2g(&detour));
	assert_false(downgrade_is_2g(&wider));
}

static void
test_one_transfer_that_waited_for_a_lost_segment_hides_nothing(void **state)
{
	struct downgrade fall = line(450, 540, 120 * KBIT, 2560, 20000);

	(void)state;
	downgrade_add_test(&fall, 21760, 40000);
	assert_true(downgrade_is_2g(&fall));
	/* One that was wide and lost nothing does, one of three does not. */
	downgrade_add_test(&fall, 14080, 0);
	assert_true(downgrade_is_2g(&fall));
	downgrade_add_test(&fall, 14080, 0);
	assert_false(downgrade_is_2g(&fall));
}

static void
test_a_line_that_was_never_faster_has_not_fallen(void **state)
{
	struct downgrade fall = line(450, 540, 120 * KBIT, 2560, 0);

	(void)state;
	fall.usual_bps = 200 * KBIT;
	assert_false(downgrade_is_2g(&fall));
}

static void
test_where_no_train_is_known_only_fivefold_round_trips_tell(void **state)
{
	const struct downgrade fivefold = line(450, 800, 120 * KBIT, 0, 0),
			       twofold = line(220, 320, 120 * KBIT, 0, 0);

	(void)state;
	assert_true(downgrade_is_2g(&fivefold));
	assert_false(downgrade_is_2g(&twofold));
}

static void
test_two_targets_or_no_transfer_tell_nothing(void **state)
{
	struct downgrade fall = line(450, 540, 120 * KBIT, 2560, 0);

	(void)state;
	fall.tests = fall.trains = fall.narrow = 0;
	assert_false(downgrade_is_2g(&fall));
	fall = line(450, 540, 120 * KBIT, 2560, 0);
	fall.home = (struct downgrade_place){1, 1, 1};
	fall.abroad = (struct downgrade_place){1, 1, 1};
	assert_false(downgrade_is_2g(&fall));
}

static void
test_unknown_round_trips_count_for_nothing(void **state)
{
	struct downgrade_place place = {0};

	(void)state;
	downgrade_add_target(&place, 0, 50 * MS);
	downgrade_add_target(&place, 500 * MS, 0);
	downgrade_add_target(&place, INT64_MAX, 1);
	downgrade_add_target(&place, 199 * MS, 50 * MS);
	assert_int_equal(place.known, 2);
	assert_int_equal(place.later, 1);
	assert_int_equal(place.much_later, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_slow_and_narrow_everywhere_is_2g),
		cmocka_unit_test(
			test_a_meter_a_satellite_a_crowd_and_a_far_detour_are_not),
		cmocka_unit_test(
			test_one_transfer_that_waited_for_a_lost_segment_hides_nothing),
		cmocka_unit_test(test_a_line_that_was_never_faster_has_not_fallen),
		cmocka_unit_test(
			test_where_no_train_is_known_only_fivefold_round_trips_tell),
		cmocka_unit_test(test_two_targets_or_no_transfer_tell_nothing),
		cmocka_unit_test(test_unknown_round_trips_count_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
