#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "probe/steps.h"

#define HOUR_US INT64_C(3600000000)

struct bench {
	struct config config;
	struct exhibits *x;
	struct crypto_key *key;
	struct exhibit e;
	struct measurement m;
	struct buf lines;
	int64_t now_us;
};

static int
setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	uint8_t seed[SEED_BYTES] = {1};
	const struct setting *rows;
	size_t n;

	rows = config_rows(&n);
	conf_presets(&b->config, rows, n);
	b->config.profile = PROFILE_HOME;
	exhibits_open(&b->x, &b->config);
	assert_int_equal(crypto_key_open(&b->key, seed), OK);
	b->now_us = HOUR_US;
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *b = *state;

	exhibits_close(b->x);
	crypto_key_close(b->key);
	buf_free(&b->lines);
	free(b);
	return 0;
}

static void
measure(struct bench *b, const char *target, int64_t status)
{
	memset(&b->m, 0, sizeof(b->m));
	SET(&b->m, kind, LINE_measurement);
	SET(&b->m, check, CHECK_http);
	assert_int_equal(measurement_set_text(&b->m, FIELD_target, target), OK);
	SET(&b->m, status, status);
	b->e.sealed_n = 0;
}

/* How many lines a page of this target has, that shows this. */
static size_t
show(struct bench *b, const char *target, const char *shown)
{
	measure(b, target, 200);
	assert_int_equal(
		exhibit_seal(&b->e, EXHIBIT_KIND_page,
			(struct span){shown, strlen(shown)}, crypto_key_public(b->key)),
		OK);
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	return exhibits_say(&b->lines, b->x, &b->m);
}

static void
the_same_page_is_said_once_and_named_each_time(void **state)
{
	struct bench *b = *state;
	char first[HASH_HEX_BYTES];

	assert_int_equal(show(b, "essential-000001", "blocked"), 1);
	assert_true(b->m.has[FIELD_exhibit_sha256]);
	memcpy(first, b->m.exhibit_sha256, sizeof(first));
	for (int i = 0; i < 50; i++) {
		b->now_us += 24 * HOUR_US;
		assert_int_equal(
			show(b, i % 2 ? "essential-000001" : "essential-000002",
				"blocked"),
			0);
		assert_true(b->m.has[FIELD_exhibit_sha256]);
		assert_string_equal(b->m.exhibit_sha256, first);
	}
}

static void
so_many_are_said_a_day_and_of_one_target_two(void **state)
{
	struct bench *b = *state;
	int64_t most = b->config.profiles[PROFILE_HOME].exhibits;
	char target[32], shown[32];
	size_t n = 0;

	for (int i = 0; i < 40; i++) {
		snprintf(shown, sizeof(shown), "page %d", i);
		n += show(b, "essential-000001", shown);
		assert_int_equal(b->m.has[FIELD_exhibit_sha256], i < 2);
	}
	assert_int_equal(n, 2);
	for (int i = 0; i < 40; i++) {
		snprintf(shown, sizeof(shown), "another page %d", i);
		snprintf(target, sizeof(target), "essential-1000%02d", i);
		n += show(b, target, shown);
	}
	assert_int_equal(n, most);
	b->now_us += 24 * HOUR_US;
	assert_int_equal(show(b, "essential-000001", "page 39"), 1);
}

static void
a_job_is_told_what_its_target_usually_answers_and_whether_anything_is_shown(
	void **state)
{
	struct bench *b = *state;
	struct job job = {.check = CHECK_http};

	strcpy(job.target.id, "essential-000001");
	exhibits_ask(&job, b->x, b->now_us);
	assert_true(job.shows);
	assert_int_equal(job.usual_status, 0);
	measure(b, "essential-000001", 301);
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	assert_false(b->m.has[FIELD_exhibit_sha256]);
	measure(b, "essential-000002", 403);
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	exhibits_ask(&job, b->x, b->now_us);
	assert_int_equal(job.usual_status, 301);
	/* What is shown as unlike the usual is not the usual from then on. */
	show(b, "essential-000001", "blocked");
	exhibits_ask(&job, b->x, b->now_us);
	assert_int_equal(job.usual_status, 301);
	job.check = CHECK_tls;
	exhibits_ask(&job, b->x, b->now_us);
	assert_int_equal(job.usual_status, 0);
	b->config.profiles[PROFILE_HOME].exhibits = 0;
	exhibits_ask(&job, b->x, b->now_us);
	assert_false(job.shows);
}

static void
what_nobody_has_room_for_is_forgotten(void **state)
{
	struct bench *b = *state;

	measure(b, "essential-000001", 200);
	assert_int_equal(exhibit_seal(&b->e, EXHIBIT_KIND_page, (struct span){"x", 1},
				 crypto_key_public(b->key)),
		OK);
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	assert_int_equal(exhibits_say(NULL, b->x, &b->m), 0);
	assert_int_equal(exhibits_say(&b->lines, b->x, &b->m), 0);
	assert_int_equal(b->lines.len, 0);
}

static void
a_child_that_lies_of_its_exhibit_leaves_none(void **state)
{
	struct bench *b = *state;

	measure(b, "essential-000001", 200);
	memset(&b->e, 0xff, sizeof(b->e));
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	assert_false(b->m.has[FIELD_exhibit_sha256]);
	assert_int_equal(exhibits_say(&b->lines, b->x, &b->m), 0);
}

/* A check of this target over this uplink that ended so, and shows these bytes as the kind reset,
 * "" none; how many lines came of it. */
static size_t
end(struct bench *b, const struct job *job, enum outcome outcome, const char *shown)
{
	measure(b, job->target.id, 0);
	b->m.has[FIELD_status] = false;
	SET(&b->m, check, job->check);
	SET(&b->m, outcome, outcome);
	if (job->uplink_number > 0)
		SET(&b->m, uplink, job->uplink_number);
	if (shown[0])
		assert_int_equal(exhibit_seal(&b->e, EXHIBIT_KIND_reset,
					 (struct span){shown, strlen(shown)},
					 crypto_key_public(b->key)),
			OK);
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	return exhibits_say(&b->lines, b->x, &b->m);
}

static bool
is_captured(struct bench *b, struct job *job)
{
	exhibits_ask(job, b->x, b->now_us);
	return job->captures;
}

static struct job
job_of(enum check check, const char *target)
{
	struct job job = {.check = check};

	snprintf(job.target.id, sizeof(job.target.id), "%s", target);
	return job;
}

static void
a_check_that_was_reset_is_captured_when_it_is_tried_again(void **state)
{
	struct bench *b = *state;
	struct job tls = job_of(CHECK_tls, "essential-000001"), http = tls,
		   second = tls, other = job_of(CHECK_tls, "essential-000002");

	http.check = CHECK_http;
	second.uplink_number = 1;
	assert_false(is_captured(b, &tls));
	end(b, &tls, OUTCOME_connection_reset, "");
	assert_true(is_captured(b, &tls));
	assert_false(is_captured(b, &http));
	assert_false(is_captured(b, &second));
	assert_false(is_captured(b, &other));
	end(b, &second, OUTCOME_ok, "");
	end(b, &http, OUTCOME_connection_reset, "");
	assert_true(is_captured(b, &tls) && is_captured(b, &http));
	end(b, &tls, OUTCOME_generic_timeout_error, "");
	assert_false(is_captured(b, &tls));
	assert_true(is_captured(b, &http));
	assert_int_equal(http.usual_status, 0);
}

static void
another_check_that_was_reset_is_not_captured(void **state)
{
	struct bench *b = *state;

	for (enum check check = 0; check < CHECK_COUNT; check++) {
		struct job job = job_of(check, "essential-000001");

		end(b, &job, OUTCOME_connection_reset, "");
		assert_int_equal(is_captured(b, &job),
			check == CHECK_tls || check == CHECK_http);
	}
}

static void
resets_take_half_of_a_days_exhibits_and_no_more_are_captured(void **state)
{
	struct bench *b = *state;
	size_t most = (size_t)b->config.profiles[PROFILE_HOME].exhibits, said = 0;
	char target[32], shown[32];

	for (int i = 0; i < 40; i++) {
		struct job job;

		snprintf(shown, sizeof(shown), "reset %d", i);
		snprintf(target, sizeof(target), "essential-1000%02d", i);
		job = job_of(CHECK_tls, target);
		end(b, &job, OUTCOME_connection_reset, "");
		assert_int_equal(is_captured(b, &job), said < most / 2);
		said += end(b, &job, OUTCOME_connection_reset, shown);
		assert_false(is_captured(b, &job));
	}
	assert_int_equal(said, most / 2);
	assert_int_equal(show(b, "essential-000001", "blocked"), 1);
	b->now_us += 24 * HOUR_US;
	assert_true(is_captured(
		b, &(struct job){.check = CHECK_tls, .target.id = "essential-100001"}));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_same_page_is_said_once_and_named_each_time),
		TEST(so_many_are_said_a_day_and_of_one_target_two),
		TEST(a_job_is_told_what_its_target_usually_answers_and_whether_anything_is_shown),
		TEST(what_nobody_has_room_for_is_forgotten),
		TEST(a_child_that_lies_of_its_exhibit_leaves_none),
		TEST(a_check_that_was_reset_is_captured_when_it_is_tried_again),
		TEST(another_check_that_was_reset_is_not_captured),
		TEST(resets_take_half_of_a_days_exhibits_and_no_more_are_captured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
