#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/crypto.h"
#include "probe/steps.h"

/* Checks of our own under the names of the real ones: run.c knows them by their row. */
static void
ends_well(struct attempt *a)
{
	SET(&a->m, rtt_us, 1234);
	a->bytes = 100;
	SET(&a->m, stage, STAGE_done);
	SET(&a->m, outcome, OUTCOME_ok);
}

static void
hangs(struct attempt *a)
{
	SET(&a->m, connect_us, 77);
	SET(&a->m, stage, STAGE_tls_handshake);
	for (;;)
		pause();
}

static void
counts(struct attempt *a)
{
	a->memory[ATTEMPT_MEMORY_BYTES - 1]++;
	SET(&a->m, answers, a->memory[ATTEMPT_MEMORY_BYTES - 1]);
	ends_well(a);
}

static void
crashes(struct attempt *a)
{
	SET(&a->m, stage, STAGE_connect);
	SET(&a->m, outcome, OUTCOME_ok);
	raise(SIGKILL);
}

static void
writes_anything(struct attempt *a)
{
	memset(&a->m, 0xa5, sizeof(a->m));
	a->bytes = UINT32_MAX;
}

static void
claims_to_be_another(struct attempt *a)
{
	ends_well(a);
	SET(&a->m, check, CHECK_power);
	SET(&a->m, round, 999);
	SET(&a->m, t_us, 1);
	SET(&a->m, rung, RUNG_quality);
	strcpy(a->m.target, "other");
}

static void
sends_nothing(struct attempt *a)
{
	ends_well(a);
	a->bytes = 0;
}

static void
leaves_no_outcome(struct attempt *a)
{
	a->bytes = 1;
}

static const struct check_row rows[CHECK_COUNT] = {
	[CHECK_power] = {"power", ends_well, LEVEL_LOW, 0, 1, 5000000, ""},
	[CHECK_link] = {"link", hangs, LEVEL_LOW, 0, 1, 300000, ""},
	[CHECK_router] = {"router", crashes, LEVEL_LOW, 0, 1, 5000000, ""},
	[CHECK_ping] = {"ping", writes_anything, LEVEL_LOW, 0, 1, 5000000, ""},
	[CHECK_dns] = {"dns", claims_to_be_another, LEVEL_LOW, 0, 1, 5000000, ""},
	[CHECK_tcp] = {"tcp", sends_nothing, LEVEL_LOW, 0, 1, 5000000, ""},
	[CHECK_http] = {"http", leaves_no_outcome, LEVEL_LOW, 0, 1, 5000000, ""},
	[CHECK_modem] = {"modem", counts, LEVEL_LOW, 0, 1, 5000000, ""},
	[CHECK_speed] = {"speed", ends_well, LEVEL_LOW, 0, 1, 5000000, ""},
};

const struct check_row *
check_row(enum check check)
{
	return &rows[check];
}

struct bench {
	struct runner *runner;
	struct config config;
	struct schedule s;
	struct crypto_key *key;
	struct job jobs[16];
	struct measurement ms[16];
	uint64_t bytes[UPLINKS_MAX];
	volatile sig_atomic_t stop;
};

static struct bench *
make_bench(size_t at_once)
{
	static const uint8_t seed[SEED_BYTES] = {1, 2, 3};
	struct bench *b = calloc(1, sizeof(*b));
	const struct setting *settings;
	size_t n;

	settings = config_rows(&n);
	conf_presets(&b->config, settings, n);
	b->config.pace_us = 1;
	schedule_start(&b->s, 0, 1);
	assert_int_equal(crypto_key_open(&b->key, seed), OK);
	assert_int_equal(runner_open(&b->runner, at_once, b->key), OK);
	return b;
}

static void
free_bench(struct bench *b)
{
	runner_close(b->runner);
	crypto_key_close(b->key);
	free(b);
}

static void
add_job(struct bench *b, size_t at, enum check check)
{
	struct job *job = &b->jobs[at];

	job->check = check;
	job->rung = RUNG_domestic;
	job->round = 3;
	job->origin_us = clock_boot_us() - 1000000;
	job->count = 1;
	strcpy(job->target.id, "here");
}

static const struct measurement *
run_one(struct bench *b, enum check check)
{
	add_job(b, 0, check);
	runner_run(b->ms, b->bytes, b->runner, b->jobs, 1, &b->s, &b->config, &b->stop);
	return &b->ms[0];
}

static void
assert_internal(const struct measurement *m)
{
	assert_int_equal(m->outcome, OUTCOME_unmeasured);
	assert_int_equal(m->reason, REASON_internal);
	assert_true(m->has[FIELD_reason]);
	assert_string_equal(m->target, "here");
}

static void
facts_of_a_child_come_back(void **state)
{
	struct bench *b = make_bench(2);
	const struct measurement *m = run_one(b, CHECK_power);

	(void)state;
	assert_int_equal(m->outcome, OUTCOME_ok);
	assert_int_equal(m->rtt_us, 1234);
	assert_true(m->t_us >= 1000000);
	assert_true(m->has[FIELD_took_us]);
	assert_int_equal(b->bytes[0], 100);
	free_bench(b);
}

static void
a_child_that_hangs_ends_at_its_deadline_and_names_the_step(void **state)
{
	struct bench *b = make_bench(2);
	const struct measurement *m = run_one(b, CHECK_link);

	(void)state;
	assert_int_equal(m->outcome, OUTCOME_generic_timeout_error);
	assert_int_equal(m->stage, STAGE_tls_handshake);
	assert_int_equal(m->connect_us, 77);
	assert_false(m->has[FIELD_reason]);
	assert_in_range(m->took_us, 300000, 5000000);
	free_bench(b);
}

static void
what_a_check_leaves_is_found_by_the_next_of_its_kind_alone(void **state)
{
	struct bench *b = make_bench(2);

	(void)state;
	assert_int_equal(run_one(b, CHECK_modem)->answers, 1);
	assert_int_equal(run_one(b, CHECK_modem)->answers, 2);
	run_one(b, CHECK_ping); /* writes over all of its page */
	run_one(b, CHECK_router); /* dies */
	assert_int_equal(run_one(b, CHECK_modem)->answers, 3);
	free_bench(b);
}

static void
a_child_that_dies_of_itself_measured_nothing(void **state)
{
	struct bench *b = make_bench(2);

	(void)state;
	assert_internal(run_one(b, CHECK_router));
	assert_internal(run_one(b, CHECK_http));
	free_bench(b);
}

static void
a_page_full_of_anything_is_not_believed(void **state)
{
	struct bench *b = make_bench(2);

	(void)state;
	assert_internal(run_one(b, CHECK_ping));
	assert_true(b->bytes[0] <= 4 << 20);
	free_bench(b);
}

static void
what_is_sent_counts_for_the_uplink_that_it_went_by(void **state)
{
	struct bench *b = make_bench(2);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		add_job(b, i, CHECK_power);
	b->jobs[1].uplink_number = 1;
	runner_run(b->ms, b->bytes, b->runner, b->jobs, 3, &b->s, &b->config, &b->stop);
	assert_int_equal(b->bytes[0], 200);
	assert_int_equal(b->bytes[1], 100);
	free_bench(b);
}

static void
a_child_cannot_speak_for_another_job(void **state)
{
	struct bench *b = make_bench(2);
	const struct measurement *m = run_one(b, CHECK_dns);

	(void)state;
	assert_int_equal(m->check, CHECK_dns);
	assert_int_equal(m->rung, RUNG_domestic);
	assert_int_equal(m->round, 3);
	assert_true(m->t_us >= 1000000);
	assert_string_equal(m->target, "here");
	free_bench(b);
}

static void
children_wait_for_their_answers_at_the_same_time(void **state)
{
	struct bench *b = make_bench(4);
	int64_t started_us = clock_boot_us();

	(void)state;
	for (size_t i = 0; i < 4; i++)
		add_job(b, i, CHECK_link);
	runner_run(b->ms, b->bytes, b->runner, b->jobs, 4, &b->s, &b->config, &b->stop);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(b->ms[i].outcome, OUTCOME_generic_timeout_error);
	assert_true(clock_boot_us() - started_us < 1000000);
	free_bench(b);
}

static void
starts_keep_the_pace_unless_nothing_was_sent(void **state)
{
	struct bench *b = make_bench(4);

	(void)state;
	/* A transfer counts as eight packets. */
	b->config.pace_us = 25000;
	for (size_t i = 0; i < 3; i++)
		add_job(b, i, CHECK_speed);
	runner_run(b->ms, b->bytes, b->runner, b->jobs, 3, &b->s, &b->config, &b->stop);
	assert_true(b->ms[1].t_us - b->ms[0].t_us >= 190000);
	assert_true(b->ms[2].t_us - b->ms[1].t_us >= 190000);
	free_bench(b);

	b = make_bench(4);
	b->config.pace_us = 60000000;
	for (size_t i = 0; i < 3; i++)
		add_job(b, i, CHECK_tcp);
	runner_run(b->ms, b->bytes, b->runner, b->jobs, 3, &b->s, &b->config, &b->stop);
	assert_true(b->ms[2].t_us - b->ms[0].t_us < 10000000);
	free_bench(b);
}

static void
what_is_stopped_is_not_blamed_on_the_network(void **state)
{
	struct bench *b = make_bench(2);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		add_job(b, i, CHECK_link);
	b->stop = 1;
	runner_run(b->ms, b->bytes, b->runner, b->jobs, 3, &b->s, &b->config, &b->stop);
	for (size_t i = 0; i < 3; i++)
		assert_internal(&b->ms[i]);
	free_bench(b);
}

struct looked {
	bool key_present;
	int open_files;
};

static void
look_around(void *arg, void *page, size_t page_bytes)
{
	struct looked *looked = page;

	(void)page_bytes;
	looked->key_present = crypto_key_present(arg);
	for (int fd = 3; fd < 64; fd++)
		looked->open_files += lseek(fd, 0, SEEK_CUR) >= 0;
}

static void
a_child_has_neither_the_key_nor_a_file_of_ours(void **state)
{
	struct bench *b = make_bench(1);
	FILE *file = tmpfile();
	const struct looked *looked;
	const void *page;
	size_t page_bytes;

	(void)state;
	assert_non_null(file);
	assert_true(crypto_key_present(b->key));
	assert_int_equal(runner_aside(b->runner, look_around, b->key, 5000000), OK);
	while (!runner_aside_done(b->runner, &page, &page_bytes))
		runner_wait(b->runner, INT64_MAX);
	looked = page;
	assert_false(looked->key_present);
	assert_int_equal(looked->open_files, 0);
	assert_false(runner_aside_done(b->runner, &page, &page_bytes));
	fclose(file);
	free_bench(b);
}

static void
hang_aside(void *arg, void *page, size_t page_bytes)
{
	(void)arg;
	(void)page_bytes;
	memcpy(page, "left", 5);
	for (;;)
		pause();
}

static void
a_child_aside_does_not_hold_up_the_jobs_and_ends_at_its_deadline(void **state)
{
	struct bench *b = make_bench(1);
	const void *page;
	size_t page_bytes;

	(void)state;
	assert_int_equal(runner_aside(b->runner, hang_aside, NULL, 400000), OK);
	assert_int_equal(run_one(b, CHECK_power)->outcome, OUTCOME_ok);
	assert_true(runner_aside_busy(b->runner));
	while (!runner_aside_done(b->runner, &page, &page_bytes))
		runner_wait(b->runner, INT64_MAX);
	assert_string_equal(page, "left");
	assert_false(runner_aside_busy(b->runner));
	free_bench(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_of_a_child_come_back),
		cmocka_unit_test(
			a_child_that_hangs_ends_at_its_deadline_and_names_the_step),
		cmocka_unit_test(
			what_a_check_leaves_is_found_by_the_next_of_its_kind_alone),
		cmocka_unit_test(a_child_that_dies_of_itself_measured_nothing),
		cmocka_unit_test(a_page_full_of_anything_is_not_believed),
		cmocka_unit_test(what_is_sent_counts_for_the_uplink_that_it_went_by),
		cmocka_unit_test(a_child_cannot_speak_for_another_job),
		cmocka_unit_test(children_wait_for_their_answers_at_the_same_time),
		cmocka_unit_test(starts_keep_the_pace_unless_nothing_was_sent),
		cmocka_unit_test(what_is_stopped_is_not_blamed_on_the_network),
		cmocka_unit_test(a_child_has_neither_the_key_nor_a_file_of_ours),
		cmocka_unit_test(
			a_child_aside_does_not_hold_up_the_jobs_and_ends_at_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
