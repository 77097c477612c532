#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/keys.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* A folder of a test's own, and whether mounts of ours are possible. */
struct place {
	char dir[64];
	char path[80]; /* of the head file */
	bool mounts;
};

static bool
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t n = strlen(text);
	bool done = fd >= 0 && write(fd, text, n) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	return done;
}

/* A mount namespace, so that another boot can be pretended and a disk be full. */
static bool
enter_mounts(void)
{
	char map[32];
	unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWNS)) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
			return false;
		snprintf(map, sizeof map, "%u %u 1", uid, uid);
		write_text("/proc/self/setgroups", "deny");
		if (!write_text("/proc/self/uid_map", map))
			return false;
		snprintf(map, sizeof map, "%u %u 1", gid, gid);
		if (!write_text("/proc/self/gid_map", map))
			return false;
	}
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int
place_make(void **state)
{
	struct place *place = *state;

	strcpy(place->dir, "/tmp/keys-test.XXXXXX");
	if (!mkdtemp(place->dir))
		return 1;
	snprintf(place->path, sizeof place->path, "%s/keys", place->dir);
	return 0;
}

static int
place_clear(void **state)
{
	struct place *place = *state;

	char part[96];

	/* Only a killed writer leaves it, and only one. */
	snprintf(part, sizeof part, "%s.part", place->path);
	unlink(part);
	unlink(place->path);
	return rmdir(place->dir); /* fails when anything else was left behind */
}

static struct keys *
reopened(struct keys *keys, const struct place *place)
{
	keys_close(keys);
	assert_int_equal(keys_open(&keys, place->dir), OK);
	return keys;
}

static void
quiet(bool on)
{
	static int kept = -1;

	if (on) {
		int fd = open("/dev/null", O_WRONLY);

		kept = dup(2);
		dup2(fd, 2);
		close(fd);
	} else {
		dup2(kept, 2);
		close(kept);
	}
}

static void
an_identity_is_made_once(void **state)
{
	const struct place *place = *state;
	struct keys *keys;
	uint8_t id[HASH_BYTES];
	char epoch[65];
	struct stat st;

	assert_int_equal(keys_open(&keys, place->dir), ERR_NOT_FOUND);
	assert_null(keys);
	assert_int_equal(keys_create(place->dir), OK);
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keys_open(&keys, place->dir), OK);
	assert_int_equal(strlen(keys_epoch(keys)), 64);
	assert_false(keys_previous(keys, id));
	assert_int_equal(keys_boot(keys), 0);
	strcpy(epoch, keys_epoch(keys));
	assert_int_equal(keys_create(place->dir), ERR_EXISTS);
	keys = reopened(keys, place);
	assert_string_equal(keys_epoch(keys), epoch);
	keys_close(keys);
}

static void
the_folder_is_made_when_it_is_not_there(void **state)
{
	const struct place *place = *state;
	char dir[80], path[96];
	struct keys *keys;

	snprintf(dir, sizeof dir, "%s/state", place->dir);
	snprintf(path, sizeof path, "%s/keys", dir);
	assert_int_equal(keys_create(dir), OK);
	assert_int_equal(keys_open(&keys, dir), OK);
	keys_close(keys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void
numbers_run_from_one_across_reopening_and_the_previous_id_is_kept(void **state)
{
	const struct place *place = *state;
	uint8_t id[HASH_BYTES] = {1, 2, 3}, kept[HASH_BYTES];
	struct keys *keys;
	uint64_t seq, i;

	assert_int_equal(keys_create(place->dir), OK);
	assert_int_equal(keys_open(&keys, place->dir), OK);
	for (i = 1; i <= 12; i++) {
		assert_int_equal(keys_take_seq(keys, &seq), OK);
		assert_int_equal(seq, i);
		id[31] = (uint8_t)i;
		assert_int_equal(keys_set_previous(keys, id), OK);
		if (i % 3 == 0)
			keys = reopened(keys, place);
		assert_true(keys_previous(keys, kept));
		assert_memory_equal(kept, id, sizeof id);
	}
	keys_close(keys);
}

/* Takes numbers and tells each one, until it is killed. */
static void
take_for_ever(const struct place *place, int out)
{
	struct keys *keys;
	uint64_t seq;

	if (keys_open(&keys, place->dir))
		_exit(1);
	while (!keys_take_seq(keys, &seq))
		if (write(out, &seq, sizeof seq) != sizeof seq)
			_exit(1);
	_exit(1);
}

static void
a_number_is_never_given_out_twice_however_often_the_program_is_killed(void **state)
{
	const struct place *place = *state;
	uint64_t last = 0, seq;
	int round, i, status;

	assert_int_equal(keys_create(place->dir), OK);
	for (round = 0; round < 12; round++) {
		int pipes[2];
		pid_t pid;

		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			close(pipes[0]);
			take_for_ever(place, pipes[1]);
		}
		close(pipes[1]);
		for (i = 0; i <= round % 4; i++) {
			assert_int_equal(read(pipes[0], &seq, sizeof seq), sizeof seq);
			assert_true(seq > last);
			last = seq;
		}
		kill(pid, SIGKILL);
		/* What it still told before it died counts too. */
		while (read(pipes[0], &seq, sizeof seq) == sizeof seq) {
			assert_true(seq > last);
			last = seq;
		}
		close(pipes[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
}

static void
a_head_file_cut_changed_or_foreign_is_refused_and_never_replaced(void **state)
{
	const struct place *place = *state;
	struct buf bytes = {0};
	struct keys *keys;
	size_t i;

	assert_int_equal(keys_create(place->dir), OK);
	assert_int_equal(file_read(&bytes, place->path, 4096), OK);
	quiet(true);
	for (i = 0; i < 2 * bytes.len; i++) {
		size_t at = i / 2;
		struct buf bad = {0};

		buf_add(&bad, bytes.data, i % 2 ? at : bytes.len);
		if (i % 2 == 0)
			bad.data[at] = (char)(bad.data[at] ^ 1 << at % 8);
		int fd = open(place->path, O_WRONLY | O_TRUNC);
		assert_int_equal(write(fd, bad.data, bad.len), bad.len);
		close(fd);
		assert_int_equal(keys_open(&keys, place->dir), ERR_FORMAT);
		assert_null(keys);
		assert_int_equal(keys_create(place->dir), ERR_FORMAT);
		buf_free(&bad);
	}
	assert_true(write_text(place->path, "a file of somebody else\n"));
	assert_int_equal(keys_open(&keys, place->dir), ERR_FORMAT);
	assert_int_equal(keys_create(place->dir), ERR_FORMAT);
	for (i = 0; i < 4096; i++)
		buf_puts(&bytes, "\n");
	assert_true(write_text(place->path, bytes.data));
	assert_int_equal(keys_open(&keys, place->dir), ERR_FORMAT);
	quiet(false);
	buf_free(&bytes);
}

/* Another boot, as the lab pretends it too. */
static void
boot_pretend(const struct place *place, const char *id)
{
	char path[80];

	snprintf(path, sizeof path, "%s/boot_id", place->dir);
	assert_true(write_text(path, id));
	assert_int_equal(mount(path, BOOT_ID, NULL, MS_BIND, NULL), 0);
}

static void
boot_pretend_end(const struct place *place)
{
	char path[80];

	assert_int_equal(umount2(BOOT_ID, MNT_DETACH), 0);
	snprintf(path, sizeof path, "%s/boot_id", place->dir);
	assert_int_equal(unlink(path), 0);
}

static void
a_boot_is_counted_once_and_starts_its_own_scale(void **state)
{
	const struct place *place = *state;
	int64_t before_us = clock_boot_us(), origin_us, raw_us;
	struct keys *keys;

	if (!place->mounts)
		skip();
	assert_int_equal(keys_create(place->dir), OK);
	assert_int_equal(keys_open(&keys, place->dir), OK);
	assert_int_equal(keys_boot(keys), 0);
	origin_us = keys_boot_origin_us(keys);
	raw_us = keys_raw_origin_us(keys);
	assert_in_range(origin_us, before_us, clock_boot_us());
	assert_true(raw_us > 0 && raw_us <= clock_raw_us());
	keys = reopened(keys, place);
	assert_int_equal(keys_boot_origin_us(keys), origin_us);
	assert_int_equal(keys_raw_origin_us(keys), raw_us);

	boot_pretend(place, "11111111-2222-4333-8444-555555555555\n");
	keys = reopened(keys, place);
	assert_int_equal(keys_boot(keys), 1);
	assert_true(keys_boot_origin_us(keys) > origin_us);
	assert_true(keys_raw_origin_us(keys) > raw_us);
	origin_us = keys_boot_origin_us(keys);
	keys = reopened(keys, place);
	assert_int_equal(keys_boot(keys), 1);
	assert_int_equal(keys_boot_origin_us(keys), origin_us);
	boot_pretend_end(place);

	keys = reopened(keys, place);
	assert_int_equal(keys_boot(keys), 2);
	keys_close(keys);
}

static void
a_boot_id_that_is_none_is_refused(void **state)
{
	const struct place *place = *state;
	struct keys *keys;

	if (!place->mounts)
		skip();
	assert_int_equal(keys_create(place->dir), OK);
	boot_pretend(place, "short\n");
	quiet(true);
	assert_int_equal(keys_open(&keys, place->dir), ERR_IO);
	quiet(false);
	boot_pretend_end(place);
	assert_int_equal(keys_open(&keys, place->dir), OK);
	keys_close(keys);
}

static void
on_a_full_disk_no_number_is_given_out_and_none_is_lost(void **state)
{
	const struct place *place = *state;
	char dir[80], filler[96];
	struct keys *keys;
	uint64_t seq;
	char block[4096] = {0};
	int fd;

	if (!place->mounts)
		skip();
	snprintf(dir, sizeof dir, "%s/disk", place->dir);
	snprintf(filler, sizeof filler, "%s/filler", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(mount("none", dir, "tmpfs", 0, "size=64k"), 0);
	assert_int_equal(keys_create(dir), OK);
	assert_int_equal(keys_open(&keys, dir), OK);
	assert_int_equal(keys_take_seq(keys, &seq), OK);
	fd = open(filler, O_WRONLY | O_CREAT, 0600);
	while (write(fd, block, sizeof block) > 0)
		;
	close(fd);
	quiet(true);
	assert_int_equal(keys_take_seq(keys, &seq), ERR_FULL);
	assert_int_equal(keys_take_seq(keys, &seq), ERR_FULL);
	quiet(false);
	assert_int_equal(seq, 1);
	assert_int_equal(unlink(filler), 0);
	assert_int_equal(keys_take_seq(keys, &seq), OK);
	assert_int_equal(seq, 2);
	keys_close(keys);
	assert_int_equal(umount(dir), 0);
	assert_int_equal(rmdir(dir), 0);
}

#define TEST(name)                                                                     \
	{                                                                              \
#name, name, place_make, place_clear, &place                           \
	}

int
main(void)
{
	struct place place = {.mounts = enter_mounts()};
	const struct CMUnitTest tests[] = {
		TEST(an_identity_is_made_once),
		TEST(the_folder_is_made_when_it_is_not_there),
		TEST(numbers_run_from_one_across_reopening_and_the_previous_id_is_kept),
		TEST(a_number_is_never_given_out_twice_however_often_the_program_is_killed),
		TEST(a_head_file_cut_changed_or_foreign_is_refused_and_never_replaced),
		TEST(a_boot_is_counted_once_and_starts_its_own_scale),
		TEST(a_boot_id_that_is_none_is_refused),
		TEST(on_a_full_disk_no_number_is_given_out_and_none_is_lost),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
