#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/file.h"
#include "probe/steps.h"

static void
make_dir(char dir[static 64])
{
	strcpy(dir, "/tmp/faultline-state-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void
remove_dir(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void
an_enrolment_is_read_as_it_was_written(void **state)
{
	struct enrolment e = {.medium = MEDIUM_satellite,
				 .profile = PROFILE_2G,
				 .level = LEVEL_HIGH},
			 again = {0};
	char dir[64], path[128];
	struct stat stat_of;

	(void)state;
	make_dir(dir);
	assert_int_equal(enrolment_read(&again, dir), ERR_NOT_FOUND);
	strcpy(e.endpoint, "https://[2001:db8::1]:443");
	strcpy(e.pin, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	memset(e.token, 'a', 64);
	strcpy(e.country, "ZY");
	strcpy(e.region, "ZY-01");
	strcpy(e.role, "field");
	memset(e.analyzer_key, 0x5a, PUBLIC_KEY_BYTES);
	assert_int_equal(enrolment_write(&e, dir), OK);
	assert_int_equal(enrolment_read(&again, dir), OK);
	assert_memory_equal(&again, &e, sizeof(e));
	snprintf(path, sizeof(path), "%s/enrolled", dir);
	assert_int_equal(stat(path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
	remove_dir(dir);
}

static void
a_damaged_enrolment_is_refused(void **state)
{
	struct enrolment e = {0};
	char dir[64], path[FILE_PATH_BYTES];

	(void)state;
	make_dir(dir);
	assert_int_equal(file_path(path, dir, "enrolled"), OK);
	assert_int_equal(file_write(path, "token = short\n", 14), OK);
	assert_int_equal(enrolment_read(&e, dir), ERR_CONFIG);
	assert_int_equal(file_write(path, "medium = tin cans\n", 18), OK);
	assert_int_equal(enrolment_read(&e, dir), ERR_CONFIG);
	remove_dir(dir);
}

static void
health_is_read_as_it_was_written(void **state)
{
	struct health h = {.updated_utc_us = 1767889800500000,
		.rounds = 7,
		.spooled = 3,
		.day_spent_bytes = 123,
		.running = 1,
		.rung[RUNG_link] = RUNG_UP,
		.rung[RUNG_international] = RUNG_PARTIAL,
		.rung[RUNG_names] = RUNG_DOWN};
	struct health again;
	char dir[64];

	(void)state;
	make_dir(dir);
	assert_int_equal(status_read(&again, dir), ERR_NOT_FOUND);
	assert_int_equal(status_write(&h, dir), OK);
	assert_int_equal(status_read(&again, dir), OK);
	assert_memory_equal(&again, &h, sizeof(h));
	remove_dir(dir);
}

static void
the_last_sign_of_life_is_one_value_overwritten_in_its_place(void **state)
{
	struct alive again, alive = {7, INT64_C(123456789012)};
	char dir[64], path[128];
	struct stat before, after;
	int fd;

	(void)state;
	make_dir(dir);
	snprintf(path, sizeof(path), "%s/alive", dir);
	assert_false(alive_read(&again, dir));
	fd = alive_open(dir);
	assert_true(fd >= 0);
	assert_false(alive_read(&again, dir)); /* nothing was said yet */
	alive_write(fd, &alive);
	assert_true(alive_read(&again, dir));
	assert_memory_equal(&again, &alive, sizeof(alive));
	assert_int_equal(stat(path, &before), 0);
	alive.us = TIME_MAX;
	alive_write(fd, &alive);
	assert_true(alive_read(&again, dir));
	assert_int_equal(again.us, TIME_MAX);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_size, before.st_size);
	assert_int_equal(after.st_mode & 0777, 0600);
	close(fd);
	remove_dir(dir);
}

static void
a_sign_of_life_that_was_torn_apart_is_none(void **state)
{
	struct alive again, alive = {7, INT64_C(123456789012)};
	struct buf text = {0};
	char dir[64], path[128];
	int fd;

	(void)state;
	make_dir(dir);
	snprintf(path, sizeof(path), "%s/alive", dir);
	fd = alive_open(dir);
	alive_write(fd, &alive);
	close(fd);
	assert_int_equal(file_read(&text, path, 128), OK);
	for (size_t i = 0; i < text.len; i++) {
		char kept = text.data[i];

		text.data[i] = kept == '1' ? '2' : '1';
		assert_int_equal(file_write(path, text.data, text.len), OK);
		assert_false(alive_read(&again, dir));
		assert_int_equal(file_write(path, text.data, i), OK);
		assert_false(alive_read(&again, dir));
		text.data[i] = kept;
	}
	buf_free(&text);
	remove_dir(dir);
}

static void
consent_holds_only_for_the_risks_that_were_shown(void **state)
{
	char dir[64], path[FILE_PATH_BYTES];
	struct buf text = {0};

	(void)state;
	make_dir(dir);
	assert_false(consent_given(dir));
	assert_int_equal(consent_ask(dir, true), OK);
	assert_true(consent_given(dir));
	assert_int_equal(file_path(path, dir, "consent"), OK);
	assert_int_equal(file_read(&text, path, 10000), OK);
	text.data[10] ^= 1;
	assert_int_equal(file_write(path, text.data, text.len), OK);
	assert_false(consent_given(dir));
	buf_free(&text);
	remove_dir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_enrolment_is_read_as_it_was_written),
		cmocka_unit_test(a_damaged_enrolment_is_refused),
		cmocka_unit_test(health_is_read_as_it_was_written),
		cmocka_unit_test(
			the_last_sign_of_life_is_one_value_overwritten_in_its_place),
		cmocka_unit_test(a_sign_of_life_that_was_torn_apart_is_none),
		cmocka_unit_test(consent_holds_only_for_the_risks_that_were_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
