#include "analyzer/store/store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

#define APPLICATION_ID 0x464c544c /* "FLTL", as file(1) would look for it */
#define SCHEMA_VERSION 1
/* How long a command waits for the server's write to end, or the server for a command's. */
#define BUSY_MS 10000

struct store {
	sqlite3 *db;
	char path[FILE_PATH_BYTES];
	bool begun;
};

/* Segments keep a rowid: rows of 10 kB would make a clustered key slow to walk. One other
 * segment of the same number is enough to prove that the key's holder lied, and keeps a
 * liar from filling the disk with proofs. */
static const char schema[] =
	"CREATE TABLE invite(code_hash BLOB PRIMARY KEY, role TEXT NOT NULL,"
	" cohort TEXT NOT NULL, epoch TEXT) WITHOUT ROWID;"
	"CREATE TABLE probe(epoch TEXT PRIMARY KEY, role TEXT NOT NULL,"
	" cohort TEXT NOT NULL, state TEXT NOT NULL, token_hash BLOB NOT NULL UNIQUE,"
	" enrolled_utc_us INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE segment(n INTEGER PRIMARY KEY AUTOINCREMENT, epoch TEXT NOT NULL,"
	" seq INTEGER NOT NULL, id BLOB NOT NULL UNIQUE,"
	" received_utc_us INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE(epoch, seq));"
	"CREATE INDEX segment_received ON segment(epoch, received_utc_us);"
	"CREATE TABLE equivocation(epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
	" id BLOB NOT NULL, received_utc_us INTEGER NOT NULL, bytes BLOB NOT NULL,"
	" UNIQUE(epoch, seq));"
	"CREATE TABLE targets(sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL);"
	"CREATE TABLE event(id TEXT PRIMARY KEY, country TEXT NOT NULL,"
	" class TEXT NOT NULL, cause TEXT NOT NULL, start_utc_us INTEGER NOT NULL,"
	" end_utc_us INTEGER NOT NULL, probability_ppm INTEGER NOT NULL,"
	" asns TEXT NOT NULL, networks TEXT NOT NULL, json TEXT NOT NULL);";

/* What SQLite said, once, with errno where the system said one. */
static enum err
failed(struct store *store, const char *what)
{
	int code = sqlite3_errcode(store->db);
	int number = sqlite3_system_errno(store->db);
	enum err err = ERR_IO;

	if (code == SQLITE_FULL || number == ENOSPC || number == EDQUOT)
		err = ERR_FULL;
	else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		err = ERR_FORMAT;
	else if (code == SQLITE_READONLY || code == SQLITE_PERM || number == EACCES)
		err = ERR_PERMISSION;
	log_error("%s: cannot %s: %s%s%s", store->path, what, sqlite3_errmsg(store->db),
		number ? ": " : "", number ? strerror(number) : "");
	return err;
}

static enum err
run(struct store *store, const char *sql, const char *what)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return failed(store, what);
	return OK;
}

static enum err
prepare(sqlite3_stmt **st, struct store *store, const char *sql)
{
	if (sqlite3_prepare_v2(store->db, sql, -1, st, NULL) != SQLITE_OK)
		return failed(store, "read its tables");
	return OK;
}

static void
bind_text(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

static void
bind_span_text(sqlite3_stmt *st, int i, struct span text)
{
	sqlite3_bind_text(st, i, text.at ? text.at : "", (int)text.len, SQLITE_STATIC);
}

static void
bind_bytes(sqlite3_stmt *st, int i, const void *bytes, size_t n)
{
	sqlite3_bind_blob(st, i, bytes, (int)n, SQLITE_STATIC);
}

/* Runs a statement that gives no rows, and ends it. */
static enum err
finish(struct store *store, sqlite3_stmt *st, const char *what)
{
	int code = sqlite3_step(st);
	enum err err = OK;

	if (code == SQLITE_CONSTRAINT)
		err = ERR_EXISTS;
	else if (code != SQLITE_DONE && code != SQLITE_ROW)
		err = failed(store, what);
	sqlite3_finalize(st);
	return err;
}

/* The next row: OK, or ERR_NOT_FOUND when there is none. */
static enum err
next(struct store *store, sqlite3_stmt *st)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW)
		return OK;
	return code == SQLITE_DONE ? ERR_NOT_FOUND : failed(store, "read");
}

static void
column_text(char *out, size_t room, sqlite3_stmt *st, int i)
{
	const unsigned char *text = sqlite3_column_text(st, i);
	size_t n = text ? strnlen((const char *)text, room - 1) : 0;

	if (n)
		memcpy(out, text, n);
	out[n] = '\0';
}

static struct span
column_span(sqlite3_stmt *st, int i)
{
	const char *at = sqlite3_column_blob(st, i);

	return (struct span){at ? at : "", (size_t)sqlite3_column_bytes(st, i)};
}

/* A hash of another length, in a damaged store, reads as zeroes and matches nothing. */
static void
column_hash(uint8_t out[static HASH_BYTES], sqlite3_stmt *st, int i)
{
	struct span hash = column_span(st, i);

	memset(out, 0, HASH_BYTES);
	if (hash.len == HASH_BYTES)
		memcpy(out, hash.at, HASH_BYTES);
}

static enum err
count(int64_t *n, struct store *store, sqlite3_stmt *st)
{
	enum err err = next(store, st);

	if (err == OK)
		*n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return err;
}

static enum err
pragma(int64_t *value, struct store *store, const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &st, NULL) != SQLITE_OK ||
		sqlite3_step(st) != SQLITE_ROW) {
		sqlite3_finalize(st);
		return ERR_FORMAT;
	}
	*value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return OK;
}

static enum err
open_file(struct store **out, const char *dir, int flags)
{
	struct store *store = calloc(1, sizeof *store);
	enum err err;

	if (!store)
		bug("no memory");
	err = file_path(store->path, dir, "store.sqlite");
	if (err == OK && sqlite3_open_v2(store->path, &store->db,
				 flags | SQLITE_OPEN_FULLMUTEX, NULL) != SQLITE_OK)
		err = failed(store, "open it");
	if (err != OK) {
		store_close(store);
		return err;
	}
	sqlite3_extended_result_codes(store->db, 0);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	*out = store;
	return OK;
}

enum err
store_create(const char *dir)
{
	struct store *store = NULL;
	char path[FILE_PATH_BYTES], head[128];
	enum err err = file_path(path, dir, "store.sqlite");

	if (err != OK)
		return err;
	if (access(path, F_OK) == 0) {
		log_error("%s: there is a store already; it was left as it is", path);
		return ERR_EXISTS;
	}
	err = open_file(&store, dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (err != OK)
		return err;
	snprintf(head, sizeof head,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;"
		"PRAGMA application_id=%d; PRAGMA user_version=%d;",
		APPLICATION_ID, SCHEMA_VERSION);
	err = run(store, head, "make it");
	if (err == OK)
		err = run(store, schema, "make its tables");
	if (err == OK)
		err = run(store, "COMMIT", "make its tables");
	store_close(store);
	return err;
}

/* Is it ours, and of a version that this program knows? */
static enum err
recognise(struct store *store)
{
	int64_t id = 0, version = 0;

	if (pragma(&id, store, "PRAGMA application_id") != OK || id != APPLICATION_ID) {
		log_error(
			"%s: this file is not a store of faultline-analyzer; name the "
			"folder that init made with --dir",
			store->path);
		return ERR_FORMAT;
	}
	if (pragma(&version, store, "PRAGMA user_version") != OK ||
		version != SCHEMA_VERSION) {
		log_error("%s: this store has version %lld, this program knows %d",
			store->path, (long long)version, SCHEMA_VERSION);
		return ERR_FORMAT;
	}
	return OK;
}

enum err
store_open(struct store **out, const char *dir)
{
	struct store *store = NULL;
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, dir, "store.sqlite");

	if (err != OK)
		return err;
	if (access(path, F_OK) != 0) {
		log_error(
			"%s: there is no store; make one with: faultline-analyzer init "
			"%s",
			path, dir);
		return ERR_NOT_FOUND;
	}
	err = open_file(&store, dir, SQLITE_OPEN_READWRITE);
	if (err == OK)
		err = recognise(store);
	if (err == OK)
		err = run(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
			"make it durable");
	if (err != OK) {
		store_close(store);
		return err;
	}
	*out = store;
	return OK;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store);
}

enum err
store_begin(struct store *store)
{
	enum err err;

	if (store->begun)
		bug("a transaction inside a transaction");
	err = run(store, "BEGIN IMMEDIATE", "begin to write");
	store->begun = err == OK;
	return err;
}

enum err
store_commit(struct store *store)
{
	enum err err = run(store, "COMMIT", "write");

	if (err != OK)
		store_rollback(store);
	store->begun = false;
	return err;
}

/* SQLite itself rolls back after some errors: then nothing is left to do. */
void
store_rollback(struct store *store)
{
	store->begun = false;
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

enum err
store_add_invite(struct store *store, const uint8_t code_hash[static HASH_BYTES],
	const char *role, const char *cohort)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store,
		"INSERT INTO invite(code_hash, role, cohort) VALUES(?,?,?)");

	if (err != OK)
		return err;
	bind_bytes(st, 1, code_hash, HASH_BYTES);
	bind_text(st, 2, role);
	bind_text(st, 3, cohort);
	return finish(store, st, "keep an invite");
}

static enum err
add_probe(struct store *store, const struct store_probe *probe, const char *cohort)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store,
		"INSERT INTO probe(epoch, role, cohort, state, token_hash,"
		" enrolled_utc_us) VALUES(?,?,?,?,?,?)");

	if (err != OK)
		return err;
	bind_text(st, 1, probe->epoch);
	bind_text(st, 2, probe->role);
	bind_text(st, 3, cohort);
	bind_text(st, 4, probe->state);
	bind_bytes(st, 5, probe->token_hash, HASH_BYTES);
	sqlite3_bind_int64(st, 6, probe->enrolled_utc_us);
	return finish(store, st, "keep a probe");
}

static enum err
set_token(struct store *store, const struct store_probe *probe)
{
	sqlite3_stmt *st = NULL;
	enum err err =
		prepare(&st, store, "UPDATE probe SET token_hash = ? WHERE epoch = ?");

	if (err != OK)
		return err;
	bind_bytes(st, 1, probe->token_hash, HASH_BYTES);
	bind_text(st, 2, probe->epoch);
	return finish(store, st, "renew a token");
}

static enum err
mark_used(struct store *store, const uint8_t *code_hash, const char *epoch)
{
	sqlite3_stmt *st = NULL;
	enum err err =
		prepare(&st, store, "UPDATE invite SET epoch = ? WHERE code_hash = ?");

	if (err != OK)
		return err;
	bind_text(st, 1, epoch);
	bind_bytes(st, 2, code_hash, HASH_BYTES);
	return finish(store, st, "use an invite");
}

enum err
store_use_invite(struct store *store, const uint8_t code_hash[static HASH_BYTES],
	const struct store_probe *probe)
{
	sqlite3_stmt *st = NULL;
	char role[8], cohort[33], epoch[65];
	enum err err = prepare(&st, store,
		"SELECT role, cohort, epoch FROM invite WHERE code_hash = ?");

	if (err != OK)
		return err;
	bind_bytes(st, 1, code_hash, HASH_BYTES);
	err = next(store, st);
	if (err == OK) {
		column_text(role, sizeof role, st, 0);
		column_text(cohort, sizeof cohort, st, 1);
		column_text(epoch, sizeof epoch, st, 2);
	}
	sqlite3_finalize(st);
	if (err != OK)
		return err;
	if (strcmp(role, probe->role) != 0)
		return ERR_PERMISSION;
	if (strcmp(epoch, probe->epoch) == 0)
		return set_token(store, probe);
	if (epoch[0] != '\0')
		return ERR_EXISTS;
	err = add_probe(store, probe, cohort);
	return err == OK ? mark_used(store, code_hash, probe->epoch) : err;
}

#define PROBE_COLUMNS                                                                  \
	"SELECT epoch, role, cohort, state, token_hash, enrolled_utc_us,"              \
	" (SELECT COUNT(*) FROM segment WHERE segment.epoch = probe.epoch) FROM "      \
	"probe "

static void
read_probe(struct store_probe *probe, sqlite3_stmt *st)
{
	column_text(probe->epoch, sizeof probe->epoch, st, 0);
	column_text(probe->role, sizeof probe->role, st, 1);
	column_text(probe->cohort, sizeof probe->cohort, st, 2);
	column_text(probe->state, sizeof probe->state, st, 3);
	column_hash(probe->token_hash, st, 4);
	probe->enrolled_utc_us = sqlite3_column_int64(st, 5);
	probe->segments = sqlite3_column_int64(st, 6);
}

static enum err
one_probe(struct store_probe *probe, struct store *store, sqlite3_stmt *st)
{
	enum err err = next(store, st);

	if (err == OK)
		read_probe(probe, st);
	sqlite3_finalize(st);
	return err;
}

enum err
store_probe_by_token(struct store_probe *probe, struct store *store,
	const uint8_t token_hash[static HASH_BYTES])
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store, PROBE_COLUMNS "WHERE token_hash = ?");

	if (err != OK)
		return err;
	bind_bytes(st, 1, token_hash, HASH_BYTES);
	return one_probe(probe, store, st);
}

enum err
store_probe_by_epoch(struct store_probe *probe, struct store *store, const char *epoch)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store, PROBE_COLUMNS "WHERE epoch = ?");

	if (err != OK)
		return err;
	bind_text(st, 1, epoch);
	return one_probe(probe, store, st);
}

enum err
store_set_probe_state(struct store *store, const char *epoch, const char *state)
{
	sqlite3_stmt *st = NULL;
	enum err err =
		prepare(&st, store, "UPDATE probe SET state = ? WHERE epoch = ?");

	if (err != OK)
		return err;
	bind_text(st, 1, state);
	bind_text(st, 2, epoch);
	err = finish(store, st, "change a probe's state");
	if (err == OK && sqlite3_changes(store->db) == 0)
		return ERR_NOT_FOUND;
	return err;
}

enum err
store_each_probe(struct store *store, store_probe_fn *fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	struct store_probe probe;
	enum err err = prepare(&st, store, PROBE_COLUMNS "ORDER BY epoch");

	if (err != OK)
		return err;
	while ((err = next(store, st)) == OK) {
		read_probe(&probe, st);
		fn(arg, &probe);
	}
	sqlite3_finalize(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

static enum err
insert_segment(struct store *store, const struct store_segment *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store, sql);

	if (err != OK)
		return err;
	bind_text(st, 1, s->epoch);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)s->seq);
	bind_bytes(st, 3, s->id, HASH_BYTES);
	sqlite3_bind_int64(st, 4, s->received_utc_us);
	bind_bytes(st, 5, s->bytes.at, s->bytes.len);
	return finish(store, st, "keep a segment");
}

static enum err
segment_is_here(struct store *store, const uint8_t *id)
{
	sqlite3_stmt *st = NULL;
	int64_t n = 0;
	enum err err = prepare(&st, store, "SELECT COUNT(*) FROM segment WHERE id = ?");

	if (err != OK)
		return err;
	bind_bytes(st, 1, id, HASH_BYTES);
	err = count(&n, store, st);
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

enum err
store_each_segment(struct store *store, store_segment_fn *fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	struct store_segment s;
	enum err err = prepare(&st, store,
		"SELECT epoch, seq, id, received_utc_us, bytes FROM segment"
		" ORDER BY epoch, seq");

	if (err != OK)
		return err;
	while ((err = next(store, st)) == OK) {
		column_text(s.epoch, sizeof s.epoch, st, 0);
		s.seq = (uint64_t)sqlite3_column_int64(st, 1);
		column_hash(s.id, st, 2);
		s.received_utc_us = sqlite3_column_int64(st, 3);
		s.bytes = column_span(st, 4);
		if (!fn(arg, &s))
			break;
	}
	sqlite3_finalize(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

/* Segments are never taken out, so the newest number is their count. */
enum err
store_segment_count(int64_t *n, struct store *store)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store, "SELECT COALESCE(MAX(n), 0) FROM segment");

	return err == OK ? count(n, store, st) : err;
}

enum err
store_segments_since(
	int64_t *n, struct store *store, const char *epoch, int64_t since_utc_us)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store,
		"SELECT COUNT(*) FROM segment WHERE epoch = ? AND received_utc_us >= "
		"?");

	if (err != OK)
		return err;
	bind_text(st, 1, epoch);
	sqlite3_bind_int64(st, 2, since_utc_us);
	return count(n, store, st);
}

enum err
store_put_targets(
	struct store *store, const uint8_t sha256[static HASH_BYTES], struct span bytes)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(
		&st, store, "INSERT OR IGNORE INTO targets(sha256, bytes) VALUES(?,?)");

	if (err != OK)
		return err;
	bind_bytes(st, 1, sha256, HASH_BYTES);
	bind_bytes(st, 2, bytes.at, bytes.len);
	return finish(store, st, "keep a target list");
}

enum err
store_each_targets(struct store *store, store_targets_fn *fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	uint8_t sha256[HASH_BYTES];
	enum err err = prepare(
		&st, store, "SELECT sha256, bytes FROM targets ORDER BY sha256");

	if (err != OK)
		return err;
	while ((err = next(store, st)) == OK) {
		column_hash(sha256, st, 0);
		fn(arg, sha256, column_span(st, 1));
	}
	sqlite3_finalize(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

static enum err
add_event(struct store *store, const struct store_event *event)
{
	sqlite3_stmt *st = NULL;
	enum err err = prepare(&st, store,
		"INSERT INTO event(id, country, class, cause, start_utc_us, end_utc_us,"
		" probability_ppm, asns, networks, json) VALUES(?,?,?,?,?,?,?,?,?,?)");

	if (err != OK)
		return err;
	bind_text(st, 1, event->id);
	bind_text(st, 2, event->country);
	bind_text(st, 3, event->class_name);
	bind_text(st, 4, event->cause);
	sqlite3_bind_int64(st, 5, event->start_utc_us);
	sqlite3_bind_int64(st, 6, event->end_utc_us);
	sqlite3_bind_int64(st, 7, event->probability_ppm);
	bind_span_text(st, 8, event->asns);
	bind_span_text(st, 9, event->networks);
	bind_span_text(st, 10, event->json);
	return finish(store, st, "keep an event");
}

enum err
store_replace_events(struct store *store, const struct store_event *events, size_t n)
{
	bool own = !store->begun;
	enum err err = own ? store_begin(store) : OK;

	if (err != OK)
		return err;
	err = run(store, "DELETE FROM event", "replace the events");
	for (size_t i = 0; err == OK && i < n; i++)
		err = add_event(store, &events[i]);
	if (!own)
		return err;
	if (err == OK)
		return store_commit(store);
	store_rollback(store);
	return err;
}

enum err
store_each_event(struct store *store, store_event_fn *fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	struct store_event event;
	enum err err = prepare(&st, store,
		"SELECT id, country, class, cause, start_utc_us, end_utc_us,"
		" probability_ppm, asns, networks, json FROM event"
		" ORDER BY start_utc_us, id");

	if (err != OK)
		return err;
	while ((err = next(store, st)) == OK) {
		column_text(event.id, sizeof event.id, st, 0);
		column_text(event.country, sizeof event.country, st, 1);
		column_text(event.class_name, sizeof event.class_name, st, 2);
		column_text(event.cause, sizeof event.cause, st, 3);
		event.start_utc_us = sqlite3_column_int64(st, 4);
		event.end_utc_us = sqlite3_column_int64(st, 5);
		event.probability_ppm = sqlite3_column_int64(st, 6);
		event.asns = column_span(st, 7);
		event.networks = column_span(st, 8);
		event.json = column_span(st, 9);
		fn(arg, &event);
	}
	sqlite3_finalize(st);
	return err == ERR_NOT_FOUND ? OK : err;
}
