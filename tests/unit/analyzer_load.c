#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analyzer/analysis/load.h"
#include "analyzer/analysis/times.h"
#include "tests/unit/opening.h"

/*
 * What an enrolled probe signs may be a lie from end to end. Loading makes samples that
 * the pure steps can add up, and none of one probe's claims moves another's.
 */
#define MOST "9007199254740991"
#define NOW_US INT64_C(1700000000000000)
#define CLOCK(t, wall)                                                                 \
	"{\"boot\":0,\"clock_state\":1,\"clock_steps\":0,\"kind\":\"clock\","          \
	"\"raw_us\":5,\"t_us\":" t ",\"wall_utc_us\":" wall "}"
#define POWER(t)                                                                       \
	"{\"check\":\"power\",\"kind\":\"measurement\",\"outcome\":\"ok\","            \
	"\"round\":0,\"rung\":\"power\",\"stage\":\"done\",\"t_us\":" t                \
	",\"took_us\":1}"

#define SECOND_POWER(t)                                                                \
	"{\"check\":\"power\",\"kind\":\"measurement\",\"outcome\":\"ok\","            \
	"\"round\":0,\"rung\":\"power\",\"stage\":\"done\",\"t_us\":" t                \
	",\"took_us\":1,\"uplink\":1}"

#define ONEWAY(t, far)                                                                 \
	"{\"check\":\"oneway\"," far "\"kind\":\"measurement\","                       \
	"\"outcome\":\"generic_timeout_error\",\"received\":0,\"round\":1,"            \
	"\"rung\":\"international\",\"sent\":4,\"stage\":\"request\",\"t_us\":" t      \
	",\"took_us\":1}"

struct loading {
	struct opening opening;
	struct loaded loaded;
	uint64_t seq;
};

static int
setup(void **state)
{
	struct loading *l = calloc(1, sizeof *l);

	opening_must(l != NULL);
	opening_start(&l->opening);
	l->opening.settings.window_us = 60000000;
	l->opening.settings.reference_us = INT64_C(86400000000);
	opening_know(&l->opening, NOW_US - INT64_C(86400000000));
	l->seq = 1;
	*state = l;
	return 0;
}

static int
teardown(void **state)
{
	struct loading *l = *state;

	load_free(&l->loaded);
	opening_end(&l->opening);
	free(l);
	return 0;
}

/* A segment with these lines, received at NOW_US. */
static void
receive_of(struct loading *l, const char *clock, const char *network,
	const char *measurement)
{
	const char *lines[OPENING_LINES];
	struct buf bytes = {0};
	struct segment segment;
	struct store_segment row = {.received_utc_us = NOW_US};

	memcpy(lines, opening_lines, sizeof lines);
	lines[0] = clock;
	lines[1] = network;
	lines[OPENING_LINES - 1] = measurement;
	opening_must(
		opening_sign(&bytes, l->opening.key, ++l->seq, lines, OPENING_LINES));
	assert_int_equal(segment_read(&segment, buf_span(&bytes), NULL), OK);
	row.seq = segment.seq;
	row.bytes = buf_span(&bytes);
	memcpy(row.epoch, segment.epoch, sizeof row.epoch);
	memcpy(row.id, segment.id, sizeof row.id);
	assert_int_equal(store_add_segment(l->opening.store, &row), OK);
	buf_free(&bytes);
}

static void
receive(struct loading *l, const char *clock, const char *measurement)
{
	receive_of(l, clock, opening_lines[1], measurement);
}

static size_t
load(struct loading *l)
{
	assert_int_equal(
		load_read(&l->loaded, l->opening.store, &l->opening.settings, 0), OK);
	for (size_t i = 0; i < l->loaded.record.samples_n; i++) {
		const struct sample *s = &l->loaded.samples[i];

		assert_true(s->utc_us > 0 && s->utc_us < INT64_C(1) << 54);
		assert_true(s->loss_ppm >= 0 && s->loss_ppm <= 1000000);
		assert_true(s->queue_us >= 0 && s->rate_bps >= 0 && s->rtt_us >= 0);
	}
	return l->loaded.record.samples_n;
}

static void
test_lines_of_a_second_uplink_without_a_where_note_are_of_no_network(void **state)
{
	struct loading *l = *state;
	size_t before, networks;

	receive(l, CLOCK("0", "1699999999000000"), POWER("0"));
	before = load(l);
	networks = l->loaded.record.networks_n;
	load_free(&l->loaded);
	memset(&l->loaded, 0, sizeof(l->loaded));
	receive(l, CLOCK("0", "1699999999000000"), SECOND_POWER("0"));
	assert_int_equal(load(l), before);
	assert_int_equal(l->loaded.record.networks_n, networks);
}

static void
test_a_clock_thousands_of_years_ahead_places_nothing_in_the_future(void **state)
{
	struct loading *l = *state;

	receive(l, CLOCK("0", MOST), POWER("0"));
	receive(l, CLOCK("0", MOST), POWER(MOST));
	receive(l, CLOCK(MOST, MOST), POWER(MOST));
	receive(l, CLOCK(MOST, "0"), POWER("0"));
	load(l);
	assert_int_equal(l->loaded.record.horizon_us, NOW_US);
	for (size_t i = 0; i < l->loaded.record.samples_n; i++)
		assert_true(l->loaded.samples[i].utc_us <= NOW_US + 60000000);
}

static void
test_a_clock_before_its_probe_was_enrolled_is_no_evidence(void **state)
{
	struct loading *l = *state;

	receive(l, CLOCK("100", "100"), POWER("50"));
	receive(l, CLOCK("100", "1699900000000000"), POWER("50"));
	assert_int_equal(load(l), 0);
}

static void
test_a_true_clock_is_believed(void **state)
{
	struct loading *l = *state;

	receive(l, CLOCK("5000000", "1699999990000000"), POWER("4000000"));
	assert_int_equal(load(l), 1);
	assert_int_equal(l->loaded.samples[0].utc_us, INT64_C(1699999989000000));
}

static void
test_of_a_one_way_line_and_the_same_said_again_the_full_one_counts(void **state)
{
	static const struct {
		const char *lines[3];
		size_t samples, first, second; /* the segments of those that count */
	} cases[] = {
		{{ONEWAY("10", ""), ONEWAY("20", "")}, 2, 0, 1},
		{{ONEWAY("10", ""), ONEWAY("10", "\"far_received\":3,")}, 1, 1, 1},
		{{ONEWAY("10", "\"far_received\":0,"), ONEWAY("10", "")}, 1, 0, 0},
		{{ONEWAY("10", ""), ONEWAY("20", "\"far_received\":3,")}, 2, 0, 1},
		{{ONEWAY("10", ""), ONEWAY("10", "\"far_received\":3,"),
			 ONEWAY("10", "\"far_received\":3,")},
			1, 2, 2},
		{{ONEWAY("10", ""), ONEWAY("20", ""),
			 ONEWAY("10", "\"far_received\":3,")},
			2, 2, 1},
		/* It is of this check alone. */
		{{POWER("10"), ONEWAY("10", "\"far_received\":3,")}, 2, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		void *fresh;
		struct loading *l;

		setup(&fresh);
		l = fresh;
		for (size_t j = 0; j < 3 && cases[i].lines[j]; j++)
			receive(l, CLOCK("100", "1699999990000000"), cases[i].lines[j]);
		assert_int_equal(load(l), cases[i].samples);
		assert_int_equal(l->loaded.samples[0].segment, cases[i].first);
		assert_int_equal(l->loaded.samples[cases[i].samples - 1].segment,
			cases[i].second);
		teardown(&fresh);
	}
}

struct placed {
	struct times *times;
	int64_t offset_us[8];
	bool known[8];
	size_t n;
};

static bool
take_offset(void *arg, const struct store_segment *stored)
{
	struct placed *p = arg;

	p->known[p->n] = times_offset(&p->offset_us[p->n], p->times, stored);
	p->n++;
	return true;
}

static void
test_a_listing_places_a_segment_where_the_analysis_does(void **state)
{
	struct loading *l = *state;
	struct placed p = {0};

	receive(l, CLOCK("0", "1699999990000000"), POWER("0"));
	receive(l, CLOCK("0", "1700000010000000"), POWER("0")); /* before it was */
	assert_int_equal(load(l), 2);
	assert_int_equal(times_read(&p.times, l->opening.store, ""), OK);
	receive(l, CLOCK("0", "1699999990000000"), POWER("0"));
	assert_int_equal(store_each_segment(l->opening.store, take_offset, &p), OK);
	assert_int_equal(p.n, 3);
	for (size_t i = 0; i < 2; i++) {
		assert_true(p.known[i]);
		assert_int_equal(p.offset_us[i], l->loaded.samples[i].utc_us);
	}
	assert_int_equal(p.offset_us[1], NOW_US);
	assert_false(p.known[2]); /* it came after the times were read */
	times_free(p.times);
}

static void
test_a_sender_that_sent_more_again_than_at_all_lost_everything(void **state)
{
	struct loading *l = *state;

	receive(l, CLOCK("5000000", "1699999990000000"),
		"{\"body_bytes\":1073741824,\"check\":\"speed\","
		"\"kind\":\"measurement\",\"outcome\":\"ok\",\"round\":0,"
		"\"rung\":\"quality\",\"sndr_bytes_retrans\":1073741824,"
		"\"sndr_bytes_sent\":1,\"sndr_min_rtt_us\":600000000,"
		"\"sndr_rtt_us\":0,\"stage\":\"done\",\"t_us\":1,\"took_us\":1,"
		"\"transfer_us\":1}");
	assert_int_equal(load(l), 1);
	assert_int_equal(l->loaded.samples[0].loss_ppm, 1000000);
	assert_int_equal(l->loaded.samples[0].queue_us, 0);
}

static void
put_list(struct loading *l, const char *rows)
{
	uint8_t sha256[HASH_BYTES];
	struct buf list = {0};

	buf_printf(&list, "role,host,address,port,asn,who_else,verified\n%s", rows);
	crypto_sha256(sha256, list.data, list.len);
	assert_int_equal(
		store_put_targets(l->opening.store, sha256, buf_span(&list)), OK);
	buf_free(&list);
}

static void
test_what_a_later_list_says_of_a_target_counts(void **state)
{
	static const char *const lists[] = {
		("names,www.example.org,resolver,53,-,every device,no\n"
		 "domestic,www.example.org,8.8.4.4,443,64600,readers,no\n"),
		"domestic,www.example.org,8.8.4.4,443,64601,readers,no\n",
		"domestic,www.example.org,8.8.4.4,443,64602,readers,no\n"};
	struct loading *l = *state;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		put_list(l, lists[i]);
	load(l);
	assert_int_equal(l->loaded.record.targets_n, 2);
	assert_int_equal(l->loaded.targets[1].asn, 64602);
	assert_int_equal(l->loaded.targets[1].name, 0);
}

static void
test_points_of_one_series_stand_together_in_time(void **state)
{
	struct store_point point = {"QX", 64600, "bgp", "world", NOW_US, 100000000};
	struct loading *l = *state;
	const struct point *points;

	for (int i = 0; i < 4; i++) {
		point.asn = 64600 + (uint32_t)i / 2;
		point.utc_us = NOW_US - i % 2;
		assert_int_equal(store_put_point(l->opening.store, &point), OK);
	}
	load(l);
	points = l->loaded.points;
	assert_int_equal(l->loaded.record.points_n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(points[i].source, i / 2);
		assert_int_equal(points[i].asn, 64600 + i / 2);
		assert_int_equal(points[i].utc_us, NOW_US - 1 + (int64_t)i % 2);
		assert_int_equal(points[i].metric, METRIC_bgp);
	}
}

static void
test_who_moved_and_says_something_again_may_change_all_that_was_said(void **state)
{
	static const char MOBILE[] =
		"{\"country\":\"XX\",\"kind\":\"network\",\"medium\":\"mobile\"}";
	struct loading *l = *state;

	receive(l, CLOCK("0", "1699999999000000"), ONEWAY("0", ""));
	load(l);
	receive_of(l, CLOCK("0", "1699999999000000"), MOBILE, ONEWAY("0", ""));
	assert_int_equal(
		load_update(&l->loaded, l->opening.store, &l->opening.settings, 0), OK);
	assert_int_equal(l->loaded.changed_utc_us, 0);
}

static void
test_what_came_newest_first_is_read_in_the_order_of_its_numbers(void **state)
{
	struct loading *l = *state;
	size_t before;

	receive(l, CLOCK("0", "1699999000000000"), POWER("0"));
	before = load(l);
	l->seq += 2;
	receive(l, CLOCK("0", "1699999002000000"), POWER("0"));
	l->seq -= 2;
	receive(l, CLOCK("0", "1699999001000000"), POWER("0"));
	assert_int_equal(
		load_update(&l->loaded, l->opening.store, &l->opening.settings, 0), OK);
	assert_int_equal(l->loaded.record.samples_n, before + 2);
	/* Nothing of it stood between what was there: nobody was read from nothing. */
	assert_int_equal(l->loaded.fresh[0], before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_lines_of_a_second_uplink_without_a_where_note_are_of_no_network,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_clock_thousands_of_years_ahead_places_nothing_in_the_future,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_clock_before_its_probe_was_enrolled_is_no_evidence,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_true_clock_is_believed, setup, teardown),
		cmocka_unit_test(
			test_of_a_one_way_line_and_the_same_said_again_the_full_one_counts),
		cmocka_unit_test_setup_teardown(
			test_a_listing_places_a_segment_where_the_analysis_does, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_sender_that_sent_more_again_than_at_all_lost_everything,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_a_later_list_says_of_a_target_counts, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_points_of_one_series_stand_together_in_time, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_what_came_newest_first_is_read_in_the_order_of_its_numbers,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_who_moved_and_says_something_again_may_change_all_that_was_said,
			setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
