#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define READ_BYTES 4096

static enum err
from_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_PERMISSION;
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	default:
		return ERR_IO;
	}
}

static enum err
failed(const char *what, const char *path)
{
	int error = errno;

	log_error("%s: cannot %s: %s", path, what, strerror(error));
	return from_errno(error);
}

static enum err
read_all(struct buf *out, int fd, const char *path, size_t max, char *bytes)
{
	size_t start = out->len;

	for (;;) {
		ssize_t n = read(fd, bytes, READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("read", path);
		if (n == 0)
			return OK;
		if ((size_t)n > max - (out->len - start)) {
			log_error("%s: longer than %zu bytes, refused", path, max);
			return ERR_LIMIT;
		}
		buf_add(out, bytes, (size_t)n);
	}
}

enum err
file_read(struct buf *out, const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t start = out->len;
	char bytes[READ_BYTES];
	enum err err;

	if (fd < 0 && from_errno(errno) == ERR_NOT_FOUND)
		return ERR_NOT_FOUND;
	if (fd < 0)
		return failed("open", path);
	err = read_all(out, fd, path, max, bytes);
	/* The key file passes here, and a forked child inherits this stack. */
	explicit_bzero(bytes, sizeof bytes);
	if (err != OK && out->data) {
		out->len = start;
		out->data[start] = '\0';
	}
	close(fd);
	return err;
}

static enum err
write_all(int fd, const char *path, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, bytes, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return failed("write", path);
		bytes += wrote;
		n -= (size_t)wrote;
	}
	/* A file that fsync(2) refused once is not to be trusted, a second call may lie. */
	return fsync(fd) == 0 ? OK : failed("fsync", path);
}

static void
folder_of(char dir[static FILE_PATH_BYTES], const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (!slash)
		strcpy(dir, ".");
	else if (n == 0)
		strcpy(dir, "/");
	else
		snprintf(dir, FILE_PATH_BYTES, "%.*s", (int)n, path);
}

/* What root leaves in somebody's folder is theirs, or they could not use it. */
static enum err
give_to_owner(int fd, const char *path)
{
	char dir[FILE_PATH_BYTES];
	struct stat st;

	if (geteuid() != 0)
		return OK;
	folder_of(dir, path);
	if (stat(dir, &st) != 0)
		return failed("look at", dir);
	if (st.st_uid == 0 || fchown(fd, st.st_uid, st.st_gid) == 0)
		return OK;
	return failed("give to the owner of its folder", path);
}

/* A rename is durable only when the folder is. */
static enum err
sync_folder(const char *path)
{
	char dir[FILE_PATH_BYTES];
	enum err err = OK;
	int fd;

	folder_of(dir, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", dir);
	if (fsync(fd) != 0)
		err = failed("fsync", dir);
	close(fd);
	return err;
}

enum err
file_write(const char *path, const void *bytes, size_t n)
{
	char part[FILE_PATH_BYTES];
	int fd = -1;
	enum err err;

	if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) {
		log_error("a path of more than %d bytes, refused", FILE_PATH_BYTES - 6);
		return ERR_LIMIT;
	}
	/* Always the same name: what a crash leaves here is gone with the next write. */
	unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed("create", part);
	err = give_to_owner(fd, part);
	if (err == OK)
		err = write_all(fd, part, bytes, n);
	if (close(fd) != 0 && err == OK)
		err = failed("close", part);
	if (err == OK && rename(part, path) != 0)
		err = failed("replace", path);
	if (err != OK) {
		unlink(part);
		return err;
	}
	return sync_folder(path);
}

enum err
file_mkdir(const char *path)
{
	struct stat st;
	enum err err;
	int fd;

	if (mkdir(path, 0700) == 0) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return failed("open", path);
		err = give_to_owner(fd, path);
		close(fd);
		return err;
	}
	if (errno != EEXIST)
		return failed("make the folder", path);
	if (stat(path, &st) != 0)
		return failed("look at", path);
	if (!S_ISDIR(st.st_mode)) {
		log_error("%s: is there and is no folder", path);
		return ERR_EXISTS;
	}
	return OK;
}

enum err
file_path(char out[static FILE_PATH_BYTES], const char *dir, const char *name)
{
	int n = snprintf(out, FILE_PATH_BYTES, "%s/%s", dir, name);

	if (n >= 0 && n < FILE_PATH_BYTES)
		return OK;
	out[0] = '\0';
	log_error("a path of more than %d bytes, refused", FILE_PATH_BYTES - 1);
	return ERR_LIMIT;
}
