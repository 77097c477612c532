/*
 * feed STORE_DIR WORLD_DIR [--until UTC_US] [--bare]
 *
 * Puts what a world folder holds into an analyzer's store, past the network: its target
 * list, the probes that were enrolled by then, and the segments that had arrived by then,
 * in the order of their arrival and with its time. Called again with a later time it adds
 * what arrived since. --bare leaves the segments out, for whoever sends them. All of it is
 * one transaction: what is not a world folder leaves nothing behind. Prints how many
 * probes, segments and lines it put in.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/store/store.h"
#include "common/file.h"
#include "common/log.h"
#include "common/segment.h"
#include "common/targets.h"

#define PROBES_HEADER "epoch,role,cohort,token,enrolled_utc_us"
#define PROBES_BYTES_MAX (1 << 20)
#define UTC_US_MAX INT64_C(9007199254740991)

struct feed {
	const char *world;
	struct store *store;
	int64_t until_utc_us;
	bool bare;
	size_t probes, segments, lines;
};

static enum err
world_path(char path[static FILE_PATH_BYTES], const struct feed *feed, const char *name)
{
	return file_path(path, feed->world, name);
}

static enum err
is_no_world(const char *path, uint64_t place, const char *why)
{
	log_error("%s:%" PRIu64 ": %s; make the folder anew with the world program",
		path, place, why);
	return ERR_FORMAT;
}

static enum err
read_file(struct buf *out, const char *path, size_t max)
{
	enum err err = file_read(out, path, max);

	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file, so this is no folder of a world",
			path);
	return err;
}

static enum err
feed_targets(struct feed *feed)
{
	char path[FILE_PATH_BYTES];
	struct targets *targets = malloc(sizeof *targets);
	struct buf bytes = {0};
	const char *why = NULL;
	uint32_t line = 0;
	enum err err = world_path(path, feed, "targets.csv");

	if (!targets)
		bug("no memory for a target list");
	if (err == OK)
		err = read_file(&bytes, path, TARGETS_BYTES_MAX);
	if (err == OK && targets_read(targets, buf_span(&bytes), &line, &why) != OK)
		err = is_no_world(path, line, why);
	if (err == OK)
		err = store_put_targets(feed->store, targets->sha256, buf_span(&bytes));
	buf_free(&bytes);
	free(targets);
	return err;
}

/* ---- probes ---- */

static bool
next_cell(char *cell, size_t room, struct span *rest)
{
	const char *comma = rest->len ? memchr(rest->at, ',', rest->len) : NULL;
	size_t n = comma ? (size_t)(comma - rest->at) : rest->len;

	if (n == 0 || n >= room)
		return false;
	memcpy(cell, rest->at, n);
	cell[n] = '\0';
	rest->at += n + (comma != NULL);
	rest->len -= n + (comma != NULL);
	return true;
}

static const char *
read_probe(struct store_probe *probe, struct span line)
{
	uint8_t key[PUBLIC_KEY_BYTES];
	char token[129], enrolled[24];
	uint64_t utc_us;

	memset(probe, 0, sizeof *probe);
	strcpy(probe->state, "active");
	if (!next_cell(probe->epoch, sizeof probe->epoch, &line) ||
		!crypto_unhex(key, sizeof key,
			(struct span){probe->epoch, strlen(probe->epoch)}))
		return "an epoch has 64 hex digits";
	if (!next_cell(probe->role, sizeof probe->role, &line) ||
		(strcmp(probe->role, "field") != 0 &&
			strcmp(probe->role, "control") != 0))
		return "a role is field or control";
	if (!next_cell(probe->cohort, sizeof probe->cohort, &line))
		return "a cohort has 1 to 32 characters";
	if (!next_cell(token, sizeof token, &line))
		return "a token has 1 to 128 characters";
	crypto_sha256(probe->token_hash, token, strlen(token));
	if (!next_cell(enrolled, sizeof enrolled, &line) || line.len ||
		!span_number(
			&utc_us, (struct span){enrolled, strlen(enrolled)}, UTC_US_MAX))
		return "the time of an enrolment is a number of microseconds, and the "
		       "last column";
	probe->enrolled_utc_us = (int64_t)utc_us;
	return NULL;
}

/* A probe enters by an invite; this one's code is its own epoch. */
static enum err
add_probe(struct feed *feed, const struct store_probe *probe)
{
	uint8_t code[HASH_BYTES];
	enum err err;

	crypto_sha256(code, probe->epoch, strlen(probe->epoch));
	err = store_add_invite(feed->store, code, probe->role, probe->cohort);
	if (err == ERR_EXISTS) /* from an earlier call */
		return OK;
	if (err == OK)
		err = store_use_invite(feed->store, code, probe);
	feed->probes += err == OK;
	return err;
}

static enum err
feed_probes(struct feed *feed)
{
	char path[FILE_PATH_BYTES];
	struct buf bytes = {0};
	struct span rest, line;
	struct store_probe probe;
	uint64_t number = 1;
	const char *why = NULL;
	enum err err = world_path(path, feed, "probes.csv");

	if (err == OK)
		err = read_file(&bytes, path, PROBES_BYTES_MAX);
	rest = buf_span(&bytes);
	if (err == OK &&
		(!span_written_line(&line, &rest) || !span_is(line, PROBES_HEADER)))
		why = "the first line must be '" PROBES_HEADER "'";
	while (err == OK && !why && span_written_line(&line, &rest)) {
		number++;
		why = read_probe(&probe, line);
		if (!why && probe.enrolled_utc_us <= feed->until_utc_us)
			err = add_probe(feed, &probe);
	}
	if (why)
		err = is_no_world(path, number, why);
	buf_free(&bytes);
	return err;
}

/* ---- segments ---- */

struct arrival {
	int64_t received_utc_us;
	uint32_t n;
	char bytes[SEGMENT_FILE_MAX];
};

/* The next of segments.bin: ERR_NOT_FOUND at its end. */
static enum err
read_arrival(struct arrival *a, FILE *in, const char **why)
{
	unsigned char head[12];
	uint64_t utc_us;
	size_t n = fread(head, 1, sizeof head, in);

	*why = NULL;
	if (n == 0 && feof(in))
		return ERR_NOT_FOUND;
	if (n == sizeof head) {
		memcpy(&utc_us, head, sizeof utc_us);
		memcpy(&a->n, head + sizeof utc_us, sizeof a->n);
		a->received_utc_us = (int64_t)le64toh(utc_us);
		a->n = le32toh(a->n);
		if (a->received_utc_us < 0 || a->n > sizeof a->bytes) {
			*why = "no segment is so long, or came then";
			return ERR_FORMAT;
		}
		if (fread(a->bytes, 1, a->n, in) == a->n)
			return OK;
	}
	*why = "this is cut off";
	return ERR_FORMAT;
}

static enum err
add_segment(struct feed *feed, struct segment *segment, const struct arrival *a,
	const char **why)
{
	struct store_segment row = {
		.received_utc_us = a->received_utc_us, .bytes = {a->bytes, a->n}};
	enum err err = segment_read(segment, row.bytes, why);

	if (err != OK)
		return err;
	row.seq = segment->seq;
	memcpy(row.epoch, segment->epoch, sizeof row.epoch);
	memcpy(row.id, segment->id, sizeof row.id);
	err = store_add_segment(feed->store, &row);
	if (err == ERR_EXISTS) /* delivered twice */
		return OK;
	if (err == ERR_LIMIT)
		*why = "this probe has another segment of this number";
	feed->segments++;
	feed->lines += segment->n;
	return err;
}

/* The first ${known} are in the store from an earlier call. */
static enum err
add_arrivals(struct feed *feed, FILE *in, const char *path, int64_t known)
{
	struct arrival *a = malloc(sizeof *a);
	struct segment *segment = malloc(sizeof *segment);
	const char *why = NULL;
	int64_t last_utc_us = 0;
	uint64_t number = 0;
	enum err err;

	if (!a || !segment)
		bug("no memory for a segment");
	for (;;) {
		number++;
		err = read_arrival(a, in, &why);
		if (err != OK || a->received_utc_us > feed->until_utc_us)
			break;
		if (a->received_utc_us < last_utc_us)
			why = "this came before the one that stands before it";
		last_utc_us = a->received_utc_us;
		if (!why && (int64_t)number > known)
			err = add_segment(feed, segment, a, &why);
		if (why || err != OK)
			break;
	}
	if (why)
		err = is_no_world(path, number, why);
	free(segment);
	free(a);
	return err == ERR_NOT_FOUND ? OK : err;
}

static enum err
feed_segments(struct feed *feed)
{
	char path[FILE_PATH_BYTES];
	int64_t known = 0;
	FILE *in = NULL;
	enum err err = world_path(path, feed, "segments.bin");

	if (err == OK)
		err = store_segment_count(&known, feed->store);
	if (err != OK)
		return err;
	in = fopen(path, "rbe");
	if (!in) {
		log_error("%s: %s, so this is no folder of a world", path,
			strerror(errno));
		return ERR_IO;
	}
	err = add_arrivals(feed, in, path, known);
	fclose(in);
	return err;
}

/* ---- the program ---- */

static enum err
feed_world(struct feed *feed)
{
	enum err err = store_begin(feed->store);

	if (err != OK)
		return err;
	err = feed_targets(feed);
	if (err == OK)
		err = feed_probes(feed);
	if (err == OK && !feed->bare)
		err = feed_segments(feed);
	if (err == OK)
		return store_commit(feed->store);
	store_rollback(feed->store);
	return err;
}

static bool
read_options(struct feed *feed, int argc, char **argv)
{
	uint64_t until;

	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--bare") == 0) {
			feed->bare = true;
		} else if (strcmp(argv[i], "--until") == 0 && i + 1 < argc &&
			   span_number(&until,
				   (struct span){argv[i + 1], strlen(argv[i + 1])},
				   UTC_US_MAX)) {
			feed->until_utc_us = (int64_t)until;
			i++;
		} else {
			return false;
		}
	}
	return argc >= 3;
}

int
main(int argc, char **argv)
{
	struct feed feed = {.until_utc_us = UTC_US_MAX};
	enum err err;

	if (!read_options(&feed, argc, argv)) {
		fputs("usage: feed STORE_DIR WORLD_DIR [--until UTC_US] [--bare]\n",
			stderr);
		return 2;
	}
	feed.world = argv[2];
	err = store_open(&feed.store, argv[1]);
	if (err == OK)
		err = feed_world(&feed);
	store_close(feed.store);
	if (err != OK)
		return 1;
	printf("%zu probes, %zu segments, %zu lines\n", feed.probes, feed.segments,
		feed.lines);
	return 0;
}
