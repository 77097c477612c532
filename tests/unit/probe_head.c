#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/file.h"
#include "probe/steps.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define DAY_US (24 * HOUR_US)
#define UTC_US INT64_C(1767889800000000)

struct life {
	char dir[64], path[FILE_PATH_BYTES];
	struct config config;
	struct budget budget;
	struct head *head;
	int64_t now_us;
};

static void
make_life(struct life *life)
{
	const struct setting *rows;
	size_t n;

	memset(life, 0, sizeof(*life));
	rows = config_rows(&n);
	conf_presets(&life->config, rows, n);
	life->config.profile = PROFILE_2G;
	strcpy(life->dir, "/tmp/faultline-head-XXXXXX");
	assert_non_null(mkdtemp(life->dir));
	assert_int_equal(file_path(life->path, life->dir, "head"), OK);
}

static void
end_life(struct life *life)
{
	char command[128];

	head_close(life->head);
	snprintf(command, sizeof(command), "rm -r %s", life->dir);
	assert_int_equal(system(command), 0);
}

/* The program starts at so much since the boot. */
static void
start(struct life *life, int64_t now_us)
{
	head_close(life->head);
	life->now_us = now_us;
	memset(&life->budget, 0, sizeof(life->budget));
	life->budget.medium = MEDIUM_mobile;
	assert_int_equal(head_open(&life->head, life->dir, now_us), OK);
	head_restore(&life->budget, life->head);
	budget_turn(&life->budget, &life->config, now_us);
}

static void
spend(struct life *life, int64_t bytes)
{
	enum medium medium = life->budget.medium;
	int64_t claims[MEDIUM_COUNT] = {0};

	claims[medium] = bytes;
	budget_turn(&life->budget, &life->config, life->now_us);
	head_claim(life->head, &life->budget, &life->config, claims, life->now_us);
	budget_spend(&life->budget, &life->config, life->now_us,
		(struct expense){medium, bytes});
}

static int64_t
day_bytes(const struct life *life)
{
	return life->budget.day.spent_bytes[MEDIUM_mobile];
}

static void
a_power_cut_never_counts_too_little_and_little_too_much(void **state)
{
	struct life life;
	int64_t true_bytes = 0;

	(void)state;
	make_life(&life);
	for (int cut = 0; cut < 20; cut++) {
		int64_t before;

		start(&life, SECOND_US * (cut + 1));
		before = day_bytes(&life);
		assert_true(before >= true_bytes);
		for (int i = 0; i < 37; i++) {
			spend(&life, 1000 + 13 * i);
			true_bytes += 1000 + 13 * i;
			life.now_us += SECOND_US;
		}
		/* The program is gone, and has said nothing. */
		assert_int_equal(day_bytes(&life) - before, 37 * 1000 + 13 * 666);
	}
	start(&life, SECOND_US);
	assert_true(day_bytes(&life) >= true_bytes);
	/* A step a cut, of 128 a day. */
	assert_true(day_bytes(&life) <= true_bytes + 20 * (3000000 / 128 + 2000));
	end_life(&life);
}

static void
a_clean_stop_is_counted_to_the_byte(void **state)
{
	struct life life;

	(void)state;
	make_life(&life);
	start(&life, SECOND_US);
	spend(&life, 12345);
	life.budget.medium = MEDIUM_fixed;
	spend(&life, 77);
	head_settle(life.head, &life.budget, life.now_us);
	start(&life, SECOND_US);
	assert_int_equal(day_bytes(&life), 12345);
	assert_int_equal(life.budget.day.spent_bytes[MEDIUM_fixed], 77);
	assert_int_equal(life.budget.month.spent_bytes[MEDIUM_mobile], 12345);
	end_life(&life);
}

static void
what_is_claimed_for_one_kind_of_link_outlasts_a_claim_for_another(void **state)
{
	static const int64_t mobile[MEDIUM_COUNT] = {[MEDIUM_mobile] = 200000},
			     fixed[MEDIUM_COUNT] = {[MEDIUM_fixed] = 100000};
	struct life life;

	(void)state;
	make_life(&life);
	start(&life, SECOND_US);
	head_claim(life.head, &life.budget, &life.config, mobile, life.now_us);
	head_claim(life.head, &life.budget, &life.config, fixed, life.now_us);
	/* Cut off before any of it was counted. */
	start(&life, SECOND_US);
	assert_in_range(day_bytes(&life), 200000, 230000);
	assert_in_range(life.budget.day.spent_bytes[MEDIUM_fixed], 100000, 130000);
	end_life(&life);
}

static void
a_round_beside_a_shipment_does_not_forget_what_that_may_spend(void **state)
{
	static const int64_t shipment[MEDIUM_COUNT] = {[MEDIUM_mobile] = 20000},
			     nothing[MEDIUM_COUNT] = {0};
	struct life life;

	(void)state;
	make_life(&life);
	start(&life, SECOND_US);
	head_hold(life.head, shipment);
	head_claim(life.head, &life.budget, &life.config, nothing, life.now_us);
	spend(&life, 15000);
	spend(&life, 60000);
	/* Cut off before the shipment was counted. */
	start(&life, SECOND_US);
	assert_in_range(day_bytes(&life), 95000, 120000);
	head_hold(life.head, nothing);
	end_life(&life);
}

/* What stands in the file. */
static void
read_both(uint8_t slots[1024], const struct life *life)
{
	int fd = open(life->path, O_RDONLY);

	assert_int_equal(pread(fd, slots, 1024, 0), 1024);
	close(fd);
}

static void
after_a_write_that_failed_the_slot_that_is_whole_stays_whole(void **state)
{
	struct rlimit limit, none;
	uint8_t before[1024], after[1024];
	struct life life;
	size_t good;

	(void)state;
	make_life(&life);
	start(&life, SECOND_US);
	spend(&life, 100000);
	read_both(before, &life);
	head_settle(life.head, &life.budget, life.now_us);
	read_both(after, &life);
	good = memcmp(before, after, 512) ? 0 : 512;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	spend(&life, 200000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	/* Not covered by what could not be written: the next claim writes, however small. */
	spend(&life, 1);
	read_both(before, &life);
	assert_memory_equal(before + good, after + good, 512);
	start(&life, SECOND_US);
	assert_true(day_bytes(&life) >= 300001);
	end_life(&life);
}

/* Writes a byte of the file anew. */
static void
damage(const struct life *life, off_t at)
{
	int fd = open(life->path, O_RDWR);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void
whichever_byte_of_a_slot_is_torn_the_other_slot_is_read(void **state)
{
	struct life life;

	(void)state;
	make_life(&life);
	start(&life, SECOND_US);
	spend(&life, 1000);
	head_settle(life.head, &life.budget, life.now_us);
	spend(&life, 30000);
	head_settle(life.head, &life.budget, life.now_us);
	for (off_t at = 0; at < 1024; at++) {
		damage(&life, at);
		start(&life, SECOND_US);
		/* The newest lies first; the one before claims more than was spent. */
		if (at < 512)
			assert_in_range(day_bytes(&life), 31001, 80000);
		else
			assert_int_equal(day_bytes(&life), 31000);
		damage(&life, at);
	}
	end_life(&life);
}

static void
a_file_that_is_none_is_said_and_begun_anew(void **state)
{
	struct life life;
	struct buf bytes = {0};

	(void)state;
	make_life(&life);
	assert_int_equal(file_write(life.path, "no head", 7), OK);
	start(&life, SECOND_US);
	assert_int_equal(day_bytes(&life), 0);
	spend(&life, 500);
	assert_int_equal(file_read(&bytes, life.path, 4096), OK);
	assert_int_equal(bytes.len, 1024);
	buf_free(&bytes);
	end_life(&life);
}

static void
time_passes_while_it_runs_and_no_reboot_begins_a_day(void **state)
{
	struct life life;

	(void)state;
	make_life(&life);
	start(&life, SECOND_US);
	spend(&life, 2000000);
	/* Five boots of four hours each, cut off every time. */
	for (int boot = 0; boot < 5; boot++) {
		for (int hour = 0; hour < 4; hour++) {
			life.now_us += HOUR_US;
			spend(&life, 10);
		}
		start(&life, SECOND_US);
		assert_true(day_bytes(&life) >= 2000000);
	}
	/* The day is over after 24 hours of running; the month is not. */
	for (int hour = 0; hour < 6; hour++) {
		life.now_us += HOUR_US;
		spend(&life, 10);
	}
	assert_true(day_bytes(&life) < 100000);
	assert_true(life.budget.month.spent_bytes[MEDIUM_mobile] >= 2000000);
	end_life(&life);
}

static void
only_the_analyzers_time_tells_how_long_it_was_off_and_30_years_are_none(void **state)
{
	static const struct {
		int64_t passed_us;
		bool day_over, month_over;
	} cases[] = {{HOUR_US, false, false}, {25 * HOUR_US, true, false},
		{32 * DAY_US, true, true}, {30 * 365 * DAY_US, false, false},
		{-DAY_US, false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct life life;

		make_life(&life);
		start(&life, SECOND_US);
		spend(&life, 2000000);
		head_anchor(life.head, &life.budget, UTC_US, life.now_us);
		/* A clock that jumps while the program runs moves nothing. */
		head_anchor(life.head, &life.budget, UTC_US + 40 * DAY_US, life.now_us);
		head_anchor(life.head, &life.budget, UTC_US, life.now_us);
		spend(&life, 100000);
		assert_true(day_bytes(&life) >= 2100000);
		head_settle(life.head, &life.budget, life.now_us);
		start(&life, SECOND_US);
		head_anchor(life.head, &life.budget, UTC_US + cases[i].passed_us,
			life.now_us);
		budget_turn(&life.budget, &life.config, life.now_us);
		assert_int_equal(day_bytes(&life) == 0, cases[i].day_over);
		assert_int_equal(life.budget.month.spent_bytes[MEDIUM_mobile] == 0,
			cases[i].month_over);
		end_life(&life);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_power_cut_never_counts_too_little_and_little_too_much),
		cmocka_unit_test(a_clean_stop_is_counted_to_the_byte),
		cmocka_unit_test(
			what_is_claimed_for_one_kind_of_link_outlasts_a_claim_for_another),
		cmocka_unit_test(
			a_round_beside_a_shipment_does_not_forget_what_that_may_spend),
		cmocka_unit_test(
			after_a_write_that_failed_the_slot_that_is_whole_stays_whole),
		cmocka_unit_test(
			whichever_byte_of_a_slot_is_torn_the_other_slot_is_read),
		cmocka_unit_test(a_file_that_is_none_is_said_and_begun_anew),
		cmocka_unit_test(time_passes_while_it_runs_and_no_reboot_begins_a_day),
		cmocka_unit_test(
			only_the_analyzers_time_tells_how_long_it_was_off_and_30_years_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
