#include "analyzer/store/sqlite.h"

/* What probes sent, byte for byte, and the target lists they were given. */

static enum err
insert_segment(struct store *store, const struct store_segment *s, const char *sql)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store, sql);

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, s->epoch);
	sqlite_bind_int(st, 2, (int64_t)s->seq);
	sqlite_bind_bytes(st, 3, s->id, HASH_BYTES);
	sqlite_bind_int(st, 4, s->received_utc_us);
	sqlite_bind_bytes(st, 5, s->bytes.at, s->bytes.len);
	return sqlite_finish(store, st, "keep a segment");
}

static enum err
segment_is_here(struct store *store, const uint8_t *id)
{
	struct sqlite3_stmt *st = NULL;
	int64_t n = 0;
	enum err err =
		sqlite_prepare(&st, store, "SELECT COUNT(*) FROM segment WHERE id = ?");

	if (err != OK)
		return err;
	sqlite_bind_bytes(st, 1, id, HASH_BYTES);
	err = sqlite_count(&n, store, st);
	if (err != OK)
		return err;
	return n ? OK : ERR_NOT_FOUND;
}

enum err
store_add_segment(struct store *store, const struct store_segment *s)
{
	enum err err = segment_is_here(store, s->id);

	if (err == OK)
		return ERR_EXISTS;
	if (err != ERR_NOT_FOUND)
		return err;
	err = insert_segment(store, s,
		"INSERT INTO segment(epoch, seq, id, received_utc_us, bytes)"
		" VALUES(?,?,?,?,?)");
	if (err != ERR_EXISTS)
		return err;
	err = insert_segment(store, s,
		"INSERT OR IGNORE INTO equivocation(epoch, seq, id, received_utc_us,"
		" bytes) VALUES(?,?,?,?,?)");
	return err == OK ? ERR_LIMIT : err;
}

#define SEGMENT_COLUMNS "SELECT n, epoch, seq, id, received_utc_us, bytes FROM segment "

/* Ends the statement. */
static enum err
each_segment(
	struct store *store, struct sqlite3_stmt *st, store_segment_fn *fn, void *arg)
{
	struct store_segment s;
	enum err err;

	while ((err = sqlite_next(store, st)) == OK) {
		s.n = sqlite_int(st, 0);
		sqlite_text(s.epoch, sizeof s.epoch, st, 1);
		s.seq = (uint64_t)sqlite_int(st, 2);
		sqlite_hash(s.id, st, 3);
		s.received_utc_us = sqlite_int(st, 4);
		s.bytes = sqlite_span(st, 5);
		if (!fn(arg, &s))
			break;
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err
store_each_segment(struct store *store, store_segment_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	enum err err =
		sqlite_prepare(&st, store, SEGMENT_COLUMNS "ORDER BY epoch, seq");

	return err == OK ? each_segment(store, st, fn, arg) : err;
}

enum err
store_each_segment_of(
	struct store *store, const char *epoch, store_segment_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, SEGMENT_COLUMNS "WHERE epoch = ? ORDER BY seq");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, epoch);
	return each_segment(store, st, fn, arg);
}

enum err
store_each_segment_behind(
	struct store *store, int64_t n, store_segment_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	/* By no index: that of epoch and seq would find all that there ever were. */
	enum err err = sqlite_prepare(
		&st, store, SEGMENT_COLUMNS "WHERE n > ? ORDER BY +epoch, +seq");

	if (err != OK)
		return err;
	sqlite_bind_int(st, 1, n);
	return each_segment(store, st, fn, arg);
}

enum err
store_one_segment(struct store *store, const char *epoch, uint64_t seq,
	store_segment_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, SEGMENT_COLUMNS "WHERE epoch = ? AND seq = ?");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, epoch);
	sqlite_bind_int(st, 2, (int64_t)seq);
	return each_segment(store, st, fn, arg);
}

/* Segments are never taken out, so the newest number is their count. */
enum err
store_segment_count(int64_t *n, struct store *store)
{
	struct sqlite3_stmt *st = NULL;
	enum err err =
		sqlite_prepare(&st, store, "SELECT COALESCE(MAX(n), 0) FROM segment");

	return err == OK ? sqlite_count(n, store, st) : err;
}

enum err
store_segments_since(
	int64_t *n, struct store *store, const char *epoch, int64_t since_utc_us)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"SELECT COUNT(*) FROM segment WHERE epoch = ? AND received_utc_us >= "
		"?");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, epoch);
	sqlite_bind_int(st, 2, since_utc_us);
	return sqlite_count(n, store, st);
}

enum err
store_put_targets(
	struct store *store, const uint8_t sha256[static HASH_BYTES], struct span bytes)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, "INSERT OR IGNORE INTO targets(sha256, bytes) VALUES(?,?)");

	if (err != OK)
		return err;
	sqlite_bind_bytes(st, 1, sha256, HASH_BYTES);
	sqlite_bind_bytes(st, 2, bytes.at, bytes.len);
	return sqlite_finish(store, st, "keep a target list");
}

enum err
store_each_targets(struct store *store, store_targets_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	uint8_t sha256[HASH_BYTES];
	enum err err = sqlite_prepare(
		&st, store, "SELECT sha256, bytes FROM targets ORDER BY rowid");

	if (err != OK)
		return err;
	while ((err = sqlite_next(store, st)) == OK) {
		sqlite_hash(sha256, st, 0);
		fn(arg, sha256, sqlite_span(st, 1));
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err
store_add_mandate(struct store *store, const struct store_mandate *mandate)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT INTO mandate(serial, country, sha256, note) VALUES(?,?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_int(st, 1, (int64_t)mandate->serial);
	sqlite_bind_text(st, 2, mandate->country);
	sqlite_bind_bytes(st, 3, mandate->sha256, HASH_BYTES);
	sqlite_bind_bytes(st, 4, mandate->note.at, mandate->note.len);
	return sqlite_finish(store, st, "keep a signed list");
}

enum err
store_newest_mandate(struct buf *note, uint64_t *serial, struct store *store)
{
	struct sqlite3_stmt *st = NULL;
	struct span bytes;
	enum err err = sqlite_prepare(&st, store,
		"SELECT serial, note FROM mandate ORDER BY serial DESC LIMIT 1");

	if (err != OK)
		return err;
	err = sqlite_next(store, st);
	if (err == OK) {
		if (serial)
			*serial = (uint64_t)sqlite_int(st, 0);
		bytes = sqlite_span(st, 1);
		buf_add(note, bytes.at, bytes.len);
	}
	sqlite_end(st);
	return err;
}
