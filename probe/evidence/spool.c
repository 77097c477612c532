#include "probe/steps.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

/*
 * One file a segment, "<number>-<id>.seg"; numbers grow, so that names sort by age
 * without any time in them. Nothing but a count and the next number is kept in memory:
 * a probe that was cut off for a year has a large folder, and still a small process.
 */
#define NUMBER_DIGITS 12
#define NAME_BYTES (NUMBER_DIGITS + 1 + 2 * HASH_BYTES + 4 + 1)

struct spool {
	char dir[FILE_PATH_BYTES];
	uint64_t next;
	size_t count;
};

struct entry {
	uint64_t number;
	uint8_t id[HASH_BYTES];
};

/* Is it exactly a name that we would write? */
static bool
parse_name(struct entry *entry, const char *name)
{
	char again[NAME_BYTES], hex[HASH_HEX_BYTES];

	if (strlen(name) != NAME_BYTES - 1 ||
		!crypto_unhex(entry->id, HASH_BYTES,
			(struct span){name + NUMBER_DIGITS + 1, 2 * HASH_BYTES}))
		return false;
	entry->number = strtoull(name, NULL, 10);
	if (entry->number > UINT64_C(999999999999))
		return false;
	crypto_hex(hex, entry->id, HASH_BYTES);
	snprintf(again, sizeof(again), "%012" PRIu64 "-%s.seg", entry->number, hex);
	return strcmp(again, name) == 0;
}

/* Calls fn for every segment's file; returns how many other files lie there, or -1. */
typedef void each_fn(void *arg, const struct entry *entry);
static int64_t
each(const struct spool *spool, each_fn *fn, void *arg)
{
	DIR *dir = opendir(spool->dir);
	struct entry entry;
	struct dirent *file;
	int64_t others = 0;

	if (dir == NULL) {
		log_error("%s: %s", spool->dir, strerror(errno));
		return -1;
	}
	while ((file = readdir(dir)) != NULL)
		if (parse_name(&entry, file->d_name))
			fn(arg, &entry);
		else if (file->d_name[0] != '.')
			others++;
	closedir(dir);
	return others;
}

static void
count_one(void *arg, const struct entry *entry)
{
	struct spool *spool = arg;

	spool->count++;
	if (entry->number >= spool->next)
		spool->next = entry->number + 1;
}

enum err
spool_open(struct spool **spool, const char *state_dir)
{
	struct spool *s = calloc(1, sizeof(*s));
	enum err err;
	int64_t others;

	if (s == NULL)
		bug("out of memory");
	s->next = 1;
	err = file_path(s->dir, state_dir, "spool");
	if (err == OK)
		err = file_mkdir(s->dir);
	if (err == OK) {
		others = each(s, count_one, s);
		if (others < 0)
			err = ERR_IO;
		else if (others > 0)
			log_note("%s: %" PRId64 " files are no segments: left alone",
				s->dir, others);
	}
	if (err != OK) {
		spool_close(s);
		s = NULL;
	}
	*spool = s;
	return err;
}

void
spool_close(struct spool *spool)
{
	free(spool);
}

static enum err
entry_path(char path[static FILE_PATH_BYTES], const struct spool *spool,
	const struct entry *entry)
{
	char name[NAME_BYTES], hex[HASH_HEX_BYTES];

	crypto_hex(hex, entry->id, HASH_BYTES);
	snprintf(name, sizeof(name), "%012" PRIu64 "-%s.seg", entry->number, hex);
	return file_path(path, spool->dir, name);
}

enum err
spool_put(struct spool *spool, const uint8_t id[static HASH_BYTES], struct span segment)
{
	char path[FILE_PATH_BYTES];
	struct entry entry = {spool->next, {0}};
	enum err err;

	memcpy(entry.id, id, HASH_BYTES);
	err = entry_path(path, spool, &entry);
	if (err == OK)
		err = file_write(path, segment.at, segment.len);
	if (err != OK)
		return err;
	spool->next++;
	spool->count++;
	return OK;
}

/* The newest, and the oldest in order of age. */
struct listing {
	struct entry newest;
	struct entry *oldest;
	size_t n, max;
};

static void
list_one(void *arg, const struct entry *entry)
{
	struct listing *list = arg;
	size_t at = list->n;

	if (entry->number >= list->newest.number)
		list->newest = *entry;
	if (list->n == list->max && entry->number > list->oldest[at - 1].number)
		return;
	if (list->n < list->max)
		list->n++;
	else
		at--;
	for (; at > 0 && list->oldest[at - 1].number > entry->number; at--)
		list->oldest[at] = list->oldest[at - 1];
	list->oldest[at] = *entry;
}

size_t
spool_list(uint8_t (*ids)[HASH_BYTES], size_t max, struct spool *spool)
{
	struct listing list = {.max = max};
	size_t n = 0;

	if (max == 0)
		return 0;
	list.oldest = calloc(max, sizeof(*list.oldest));
	if (list.oldest == NULL)
		bug("out of memory");
	if (each(spool, list_one, &list) >= 0 && list.n > 0) {
		memcpy(ids[n++], list.newest.id, HASH_BYTES);
		for (size_t i = 0; i < list.n && n < max; i++)
			if (list.oldest[i].number != list.newest.number)
				memcpy(ids[n++], list.oldest[i].id, HASH_BYTES);
	}
	free(list.oldest);
	return n;
}

struct search {
	struct entry wanted;
	bool found;
};

static void
search_one(void *arg, const struct entry *entry)
{
	struct search *search = arg;

	if (memcmp(entry->id, search->wanted.id, HASH_BYTES) != 0)
		return;
	search->wanted = *entry;
	search->found = true;
}

static enum err
find_path(char path[static FILE_PATH_BYTES], const struct spool *spool,
	const uint8_t id[static HASH_BYTES])
{
	struct search search = {0};

	memcpy(search.wanted.id, id, HASH_BYTES);
	if (each(spool, search_one, &search) < 0)
		return ERR_IO;
	return search.found ? entry_path(path, spool, &search.wanted) : ERR_NOT_FOUND;
}

enum err
spool_get(struct buf *segment, struct spool *spool, const uint8_t id[static HASH_BYTES])
{
	char path[FILE_PATH_BYTES];
	enum err err = find_path(path, spool, id);

	return err != OK ? err : file_read(segment, path, SEGMENT_FILE_MAX);
}

enum err
spool_free(struct spool *spool, const uint8_t id[static HASH_BYTES])
{
	char path[FILE_PATH_BYTES];
	enum err err = find_path(path, spool, id);

	if (err != OK)
		return err;
	/* Not made durable: a file that comes back after a crash is sent once more and
	 * answered with its receipt once more. */
	if (unlink(path) != 0) {
		log_error("%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	spool->count--;
	return OK;
}

void
spool_defer(struct spool *spool, const uint8_t id[static HASH_BYTES])
{
	char from[FILE_PATH_BYTES], to[FILE_PATH_BYTES];
	struct entry entry = {spool->next, {0}};

	memcpy(entry.id, id, HASH_BYTES);
	if (find_path(from, spool, id) != OK || entry_path(to, spool, &entry) != OK)
		return;
	if (rename(from, to) != 0)
		log_error("%s: %s", from, strerror(errno));
	else
		spool->next++;
}

size_t
spool_count(struct spool *spool)
{
	return spool->count;
}
