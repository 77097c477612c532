#include "analyzer/store/sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

#define APPLICATION_ID 0x464c544c /* "FLTL", as file(1) would look for it */
#define SCHEMA_VERSION 7
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

/* What brings a store of version i + 1 to the next one. A new store takes all of them. */
static const char *const upgrades[SCHEMA_VERSION - 1] = {
	("CREATE TABLE series(country TEXT NOT NULL, asn INTEGER NOT NULL,"
	 " metric TEXT NOT NULL, source TEXT NOT NULL, utc_us INTEGER NOT NULL,"
	 " value_micro INTEGER NOT NULL,"
	 " PRIMARY KEY(country, asn, metric, source, utc_us)) WITHOUT ROWID;"),
	("CREATE TABLE mandate(serial INTEGER PRIMARY KEY, country TEXT NOT NULL,"
	 " sha256 BLOB NOT NULL, note BLOB NOT NULL);"),
	"ALTER TABLE event ADD COLUMN unofficial INTEGER NOT NULL DEFAULT 0;",
	("CREATE TABLE outage(id TEXT PRIMARY KEY, country TEXT NOT NULL,"
	 " place TEXT NOT NULL, scope TEXT NOT NULL, asn INTEGER NOT NULL,"
	 " begin_utc_us INTEGER NOT NULL, end_utc_us INTEGER NOT NULL,"
	 " has_clock INTEGER NOT NULL, offset_s INTEGER NOT NULL,"
	 " signals INTEGER NOT NULL, fell INTEGER NOT NULL) WITHOUT ROWID;"
	 "CREATE TABLE level(country TEXT NOT NULL, source TEXT NOT NULL,"
	 " region TEXT NOT NULL, utc_us INTEGER NOT NULL,"
	 " value_micro INTEGER NOT NULL,"
	 " PRIMARY KEY(country, source, region, utc_us)) WITHOUT ROWID;"),
	("CREATE TABLE context(country TEXT NOT NULL, begin_utc_us INTEGER NOT NULL,"
	 " kind TEXT NOT NULL, source TEXT NOT NULL, says TEXT NOT NULL,"
	 " end_utc_us INTEGER NOT NULL,"
	 " PRIMARY KEY(country, begin_utc_us, kind, source, says)) WITHOUT ROWID;"),
	("ALTER TABLE event ADD COLUMN state INTEGER NOT NULL DEFAULT 0;"
	 "CREATE TABLE history(event TEXT NOT NULL, n INTEGER NOT NULL,"
	 " json TEXT NOT NULL, PRIMARY KEY(event, n)) WITHOUT ROWID;"),
};

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

enum err
sqlite_run(struct store *store, const char *sql, const char *what)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return failed(store, what);
	return OK;
}

enum err
sqlite_prepare(sqlite3_stmt **st, struct store *store, const char *sql)
{
	if (sqlite3_prepare_v2(store->db, sql, -1, st, NULL) != SQLITE_OK)
		return failed(store, "read its tables");
	return OK;
}

/* A parameter that is not there is our mistake; the rest is memory. */
static void
bound(int code)
{
	if (code != SQLITE_OK)
		bug("sqlite: cannot bind: %s", sqlite3_errstr(code));
}

void
sqlite_bind_text(sqlite3_stmt *st, int i, const char *text)
{
	bound(sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC));
}

void
sqlite_bind_span(sqlite3_stmt *st, int i, struct span text)
{
	bound(sqlite3_bind_text64(
		st, i, text.at ? text.at : "", text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void
sqlite_bind_bytes(sqlite3_stmt *st, int i, const void *bytes, size_t n)
{
	bound(sqlite3_bind_blob64(st, i, bytes, n, SQLITE_STATIC));
}

void
sqlite_bind_int(sqlite3_stmt *st, int i, int64_t value)
{
	bound(sqlite3_bind_int64(st, i, value));
}

enum err
sqlite_finish(struct store *store, sqlite3_stmt *st, const char *what)
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

enum err
sqlite_next(struct store *store, sqlite3_stmt *st)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW)
		return OK;
	return code == SQLITE_DONE ? ERR_NOT_FOUND : failed(store, "read");
}

void
sqlite_text(char *out, size_t room, sqlite3_stmt *st, int i)
{
	const unsigned char *text = sqlite3_column_text(st, i);
	size_t n = text ? strnlen((const char *)text, room - 1) : 0;

	if (n)
		memcpy(out, text, n);
	out[n] = '\0';
}

struct span
sqlite_span(sqlite3_stmt *st, int i)
{
	const char *at = sqlite3_column_blob(st, i);

	return (struct span){at ? at : "", (size_t)sqlite3_column_bytes(st, i)};
}

void
sqlite_hash(uint8_t out[static HASH_BYTES], sqlite3_stmt *st, int i)
{
	struct span hash = sqlite_span(st, i);

	memset(out, 0, HASH_BYTES);
	if (hash.len == HASH_BYTES)
		memcpy(out, hash.at, HASH_BYTES);
}

enum err
sqlite_count(int64_t *n, struct store *store, sqlite3_stmt *st)
{
	enum err err = sqlite_next(store, st);

	if (err == OK)
		*n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return err;
}

void
sqlite_end(sqlite3_stmt *st)
{
	sqlite3_finalize(st);
}

int64_t
sqlite_int(sqlite3_stmt *st, int i)
{
	return sqlite3_column_int64(st, i);
}

int
sqlite_changes(struct store *store)
{
	return sqlite3_changes(store->db);
}

bool
sqlite_begun(const struct store *store)
{
	return store->begun;
}

static enum err
pragma(int64_t *value, struct store *store, const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &st, NULL) != SQLITE_OK ||
		sqlite3_step(st) != SQLITE_ROW) {
		int code = sqlite3_errcode(store->db);

		sqlite3_finalize(st);
		return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? ERR_FORMAT
								       : ERR_IO;
	}
	*value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return OK;
}

/* From ${version} to what this program knows, in the transaction that is open. */
static enum err
upgrade(struct store *store, int64_t version)
{
	char mark[64];
	enum err err = OK;

	for (; err == OK && version < SCHEMA_VERSION; version++)
		err = sqlite_run(store, upgrades[version - 1], "make its tables");
	snprintf(mark, sizeof mark, "PRAGMA user_version=%d", SCHEMA_VERSION);
	return err == OK ? sqlite_run(store, mark, "make its tables") : err;
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
		"PRAGMA application_id=%d;",
		APPLICATION_ID);
	err = sqlite_run(store, head, "make it");
	if (err == OK)
		err = sqlite_run(store, schema, "make its tables");
	if (err == OK)
		err = upgrade(store, 1);
	if (err == OK)
		err = sqlite_run(store, "COMMIT", "make its tables");
	store_close(store);
	/* Half a store would stand in the way of the next try. */
	if (err != OK && unlink(path) != 0)
		log_error(
			"%s: cannot remove what was begun: %s", path, strerror(errno));
	return err;
}

/* Is it ours, and of a version that this program knows? */
static enum err
recognise(struct store *store)
{
	int64_t id = 0, version = 0;
	enum err err = pragma(&id, store, "PRAGMA application_id");

	if (err == ERR_IO)
		return failed(store, "read it");
	if (err != OK || id != APPLICATION_ID) {
		log_error(
			"%s: this file is not a store of faultline-analyzer; name the "
			"folder that init made with --dir",
			store->path);
		return ERR_FORMAT;
	}
	if (pragma(&version, store, "PRAGMA user_version") != OK || version < 1 ||
		version > SCHEMA_VERSION) {
		log_error("%s: this store has version %lld, this program knows %d: use "
			  "the program that wrote it",
			store->path, (long long)version, SCHEMA_VERSION);
		return ERR_FORMAT;
	}
	if (version == SCHEMA_VERSION)
		return OK;
	err = store_begin(store);
	/* Another program may have done it while this one waited for its turn. */
	if (err == OK)
		err = pragma(&version, store, "PRAGMA user_version");
	if (err == OK)
		err = upgrade(store, version);
	if (err == OK)
		return store_commit(store);
	store_rollback(store);
	return err;
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
	/* SQLite keeps its journal beside the store, and would speak of that file. */
	if (access(path, R_OK | W_OK) != 0 || access(dir, W_OK | X_OK) != 0) {
		log_error("%s: %s: a store and its folder must be writable; copy the "
			  "folder to where they are",
			path, strerror(errno));
		return ERR_PERMISSION;
	}
	err = open_file(&store, dir, SQLITE_OPEN_READWRITE);
	if (err == OK)
		err = recognise(store);
	if (err == OK)
		err = sqlite_run(store,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
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
store_folder(char folder[static FILE_PATH_BYTES], const struct store *store)
{
	const char *slash = strrchr(store->path, '/');
	int n = slash ? (int)(slash - store->path) : 0;

	snprintf(folder, FILE_PATH_BYTES, "%.*s", n, store->path);
	return slash ? OK : ERR_NOT_FOUND;
}

enum err
store_begin(struct store *store)
{
	enum err err;

	if (store->begun)
		bug("a transaction inside a transaction");
	err = sqlite_run(store, "BEGIN IMMEDIATE", "begin to write");
	store->begun = err == OK;
	return err;
}

enum err
store_commit(struct store *store)
{
	enum err err = sqlite_run(store, "COMMIT", "write");

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
