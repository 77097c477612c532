#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

static char folder[] = "/tmp/common_file.XXXXXX";

static const char *
in_folder(const char *name)
{
	static char path[FILE_PATH_BYTES];

	assert_int_equal(file_path(path, folder, name), OK);
	return path;
}

static int
entries(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/common_file.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"a", "b", "c/d", "c"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		remove(in_folder(names[i]));
	return rmdir(folder);
}

static void
what_is_written_is_read_and_only_its_owner_may(void **state)
{
	struct buf out = {0};
	struct stat st;

	(void)state;
	buf_puts(&out, "before ");
	assert_int_equal(file_write(in_folder("a"), "one\0two", 7), OK);
	assert_int_equal(file_read(&out, in_folder("a"), 7), OK);
	assert_int_equal(out.len, 14);
	assert_memory_equal(out.data, "before one\0two", 15);
	assert_int_equal(stat(in_folder("a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(entries(), 1);
	buf_free(&out);
}

static void
a_file_is_replaced_whole_and_shorter(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(file_write(in_folder("a"), "a long one", 10), OK);
	assert_int_equal(file_write(in_folder("a"), "short", 5), OK);
	assert_int_equal(file_write(in_folder("b"), "", 0), OK);
	assert_int_equal(file_read(&out, in_folder("a"), 100), OK);
	assert_int_equal(file_read(&out, in_folder("b"), 100), OK);
	assert_string_equal(out.data, "short");
	assert_int_equal(entries(), 2);
	buf_free(&out);
}

static void
a_write_that_fails_leaves_the_old_file_and_nothing_else(void **state)
{
	struct rlimit limit, small = {.rlim_cur = 1000};
	char bytes[5000] = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(file_write(in_folder("a"), "old", 3), OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small.rlim_max = limit.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(file_write(in_folder("a"), bytes, sizeof bytes), ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(file_read(&out, in_folder("a"), 100), OK);
	assert_string_equal(out.data, "old");
	assert_int_equal(entries(), 1);
	buf_free(&out);
}

static void
a_folder_is_not_replaced_by_a_file(void **state)
{
	(void)state;
	assert_int_equal(file_mkdir(in_folder("c")), OK);
	assert_int_equal(file_write(in_folder("c/d"), "x", 1), OK);
	assert_int_not_equal(file_write(in_folder("c"), "x", 1), OK);
	assert_int_equal(entries(), 1);
}

static void
a_file_longer_than_its_limit_is_refused_and_nothing_is_appended(void **state)
{
	struct buf out = {0};
	char bytes[10000] = {0};

	(void)state;
	assert_int_equal(file_write(in_folder("a"), bytes, sizeof bytes), OK);
	buf_puts(&out, "before");
	assert_int_equal(file_read(&out, in_folder("a"), sizeof bytes - 1), ERR_LIMIT);
	assert_string_equal(out.data, "before");
	assert_int_equal(out.len, 6);
	assert_int_equal(file_read(&out, "/dev/zero", 100000), ERR_LIMIT);
	assert_int_equal(out.len, 6);
	assert_int_equal(file_read(&out, in_folder("a"), sizeof bytes), OK);
	assert_int_equal(out.len, 6 + sizeof bytes);
	buf_free(&out);
}

static void
an_absent_file_is_not_found_and_a_folder_is_no_file(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(file_read(&out, in_folder("a"), 10), ERR_NOT_FOUND);
	assert_int_equal(file_read(&out, in_folder("a/b"), 10), ERR_NOT_FOUND);
	assert_int_equal(file_read(&out, folder, 10), ERR_IO);
	assert_int_equal(file_write(in_folder("c/d"), "x", 1), ERR_NOT_FOUND);
	buf_free(&out);
}

static void
a_folder_is_made_once_and_a_file_in_its_place_is_said(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(file_mkdir(in_folder("c")), OK);
	assert_int_equal(file_mkdir(in_folder("c")), OK);
	assert_int_equal(stat(in_folder("c"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(file_write(in_folder("a"), "x", 1), OK);
	assert_int_equal(file_mkdir(in_folder("a")), ERR_EXISTS);
	assert_int_equal(file_mkdir(in_folder("b/d")), ERR_NOT_FOUND);
}

static void
a_path_that_does_not_fit_is_refused(void **state)
{
	char out[FILE_PATH_BYTES], name[FILE_PATH_BYTES];

	(void)state;
	memset(name, 'n', sizeof name);
	name[sizeof name - 2] = '\0';
	assert_int_equal(file_path(out, "d", name), ERR_LIMIT);
	assert_string_equal(out, "");
	name[sizeof name - 3] = '\0';
	assert_int_equal(file_path(out, "d", name), OK);
	assert_int_equal(strlen(out), FILE_PATH_BYTES - 1);
	assert_int_equal(file_path(out, "/state", "head"), OK);
	assert_string_equal(out, "/state/head");
}

#define WITH_FOLDER(test)                                                              \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(what_is_written_is_read_and_only_its_owner_may),
		WITH_FOLDER(a_file_is_replaced_whole_and_shorter),
		WITH_FOLDER(a_write_that_fails_leaves_the_old_file_and_nothing_else),
		WITH_FOLDER(a_folder_is_not_replaced_by_a_file),
		WITH_FOLDER(
			a_file_longer_than_its_limit_is_refused_and_nothing_is_appended),
		WITH_FOLDER(an_absent_file_is_not_found_and_a_folder_is_no_file),
		WITH_FOLDER(a_folder_is_made_once_and_a_file_in_its_place_is_said),
		WITH_FOLDER(a_path_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
