#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/owner.h"

#define SERVICE_USER 23451
#define SERVICE_GROUP 23452

static char folder[] = "/tmp/common_owner.XXXXXX";

static const char *
in_folder(const char *name)
{
	static char path[FILE_PATH_BYTES];

	assert_int_equal(file_path(path, folder, name), OK);
	return path;
}

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/common_owner.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	rmdir(in_folder("d"));
	unlink(in_folder("a"));
	return rmdir(folder);
}

/* Only root can give a folder away. */
static void
give_folder_to_service(void)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(folder, SERVICE_USER, SERVICE_GROUP), 0);
}

/* In a child: what it becomes, it stays. */
static int
answer_of_child(int (*asks)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(asks());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
is_owner_without_other_groups(void)
{
	uid_t real, effective, saved;

	if (owner_become(folder) != OK || getresuid(&real, &effective, &saved) != 0)
		return 2;
	return real == SERVICE_USER && effective == SERVICE_USER &&
	       saved == SERVICE_USER && getegid() == SERVICE_GROUP &&
	       getgroups(0, NULL) == 0 && setuid(0) != 0;
}

static int
is_still_root(void)
{
	return owner_become(folder) == OK && geteuid() == 0;
}

static int
a_stranger_is_refused(void)
{
	return setgid(1) == 0 && setuid(1) == 0 &&
	       owner_become(folder) == ERR_PERMISSION &&
	       owner_let_in(folder) == ERR_PERMISSION;
}

static void
root_becomes_the_owner_for_good_and_keeps_no_group(void **state)
{
	(void)state;
	give_folder_to_service();
	assert_int_equal(answer_of_child(is_owner_without_other_groups), 1);
}

static void
root_stays_root_where_the_folder_is_its_own_or_absent(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(answer_of_child(is_still_root), 1);
	assert_int_equal(owner_become(in_folder("absent")), OK);
}

static void
whom_the_folder_does_not_let_in_is_refused(void **state)
{
	(void)state;
	give_folder_to_service();
	assert_int_equal(answer_of_child(a_stranger_is_refused), 1);
}

static void
what_root_leaves_in_a_folder_belongs_to_its_owner(void **state)
{
	struct stat st;

	(void)state;
	give_folder_to_service();
	assert_int_equal(file_write(in_folder("a"), "x", 1), OK);
	assert_int_equal(stat(in_folder("a"), &st), 0);
	assert_int_equal(st.st_uid, SERVICE_USER);
	assert_int_equal(st.st_gid, SERVICE_GROUP);
	assert_int_equal(file_mkdir(in_folder("d")), OK);
	assert_int_equal(stat(in_folder("d"), &st), 0);
	assert_int_equal(st.st_uid, SERVICE_USER);
	assert_int_equal(st.st_gid, SERVICE_GROUP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			root_becomes_the_owner_for_good_and_keeps_no_group, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			root_stays_root_where_the_folder_is_its_own_or_absent,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			whom_the_folder_does_not_let_in_is_refused, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			what_root_leaves_in_a_folder_belongs_to_its_owner, make_folder,
			remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
