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
	exhibits_ask(&job, b->x);
	assert_true(job.shows);
	assert_int_equal(job.usual_status, 0);
	measure(b, "essential-000001", 301);
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	assert_false(b->m.has[FIELD_exhibit_sha256]);
	measure(b, "essential-000002", 403);
	exhibits_take(&b->m, b->x, &b->e, b->now_us);
	exhibits_ask(&job, b->x);
	assert_int_equal(job.usual_status, 301);
	/* What is shown as unlike the usual is not the usual from then on. */
	show(b, "essential-000001", "blocked");
	exhibits_ask(&job, b->x);
	assert_int_equal(job.usual_status, 301);
	job.check = CHECK_tls;
	exhibits_ask(&job, b->x);
	assert_int_equal(job.usual_status, 0);
	b->config.profiles[PROFILE_HOME].exhibits = 0;
	exhibits_ask(&job, b->x);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
