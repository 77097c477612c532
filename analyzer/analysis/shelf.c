#include "analyzer/analysis/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

struct shelf {
	char folder[FILE_PATH_BYTES];
	int fd;
	size_t n; /* places given away */
	void *seen;
	size_t seen_bytes;
};

/* Not every file system knows files without a name. */
static int
open_unnamed(const char *folder)
{
	char path[FILE_PATH_BYTES];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if (file_path(path, folder, "samples.XXXXXX") != OK)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

enum err
shelf_open(struct shelf **out, const char *folder)
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));
	enum err err;

	if (!shelf)
		bug("no memory");
	shelf->fd = -1;
	*out = shelf;
	err = file_path(shelf->folder, folder, "");
	if (err)
		return err;
	shelf->fd = open_unnamed(folder);
	if (shelf->fd >= 0)
		return OK;
	log_error(
		"%s: cannot make a file for the samples: %s", folder, strerror(errno));
	return errno == EACCES ? ERR_PERMISSION : ERR_IO;
}

static void
look_away(struct shelf *shelf)
{
	if (shelf->seen)
		munmap(shelf->seen, shelf->seen_bytes);
	shelf->seen = NULL;
	shelf->seen_bytes = 0;
}

void
shelf_close(struct shelf *shelf)
{
	if (!shelf)
		return;
	look_away(shelf);
	if (shelf->fd >= 0)
		close(shelf->fd);
	free(shelf);
}

size_t
shelf_room(struct shelf *shelf, size_t n)
{
	size_t place = shelf->n;

	shelf->n += n;
	return place;
}

enum err
shelf_put(struct shelf *shelf, size_t place, const struct sample *samples, size_t n)
{
	const char *at = (const char *)samples;
	size_t left = n * sizeof(*samples);
	off_t to = (off_t)(place * sizeof(*samples));

	while (left > 0) {
		ssize_t done = pwrite(shelf->fd, at, left, to);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			log_error("%s: cannot keep the samples of an analysis: %s",
				shelf->folder, strerror(errno));
			return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
		}
		at += done;
		left -= (size_t)done;
		to += done;
	}
	return OK;
}

const struct sample *
shelf_look(struct shelf *shelf)
{
	size_t bytes = (shelf->n + 1) * sizeof(struct sample);

	if (shelf->seen && shelf->seen_bytes == bytes)
		return shelf->seen;
	look_away(shelf);
	/* What was given away and not filled is a hole to the file's very end. */
	if (ftruncate(shelf->fd, (off_t)bytes) == 0)
		shelf->seen = mmap(NULL, bytes, PROT_READ, MAP_SHARED, shelf->fd, 0);
	if (shelf->seen && shelf->seen != MAP_FAILED) {
		shelf->seen_bytes = bytes;
		return shelf->seen;
	}
	shelf->seen = NULL;
	log_error("%s: cannot look at the samples of an analysis: %s", shelf->folder,
		strerror(errno));
	return NULL;
}

void
shelf_rest(struct shelf *shelf)
{
	if (shelf->seen)
		madvise(shelf->seen, shelf->seen_bytes, MADV_DONTNEED);
}
