#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/store/store.h"

/*
 * What the files of the store need of SQLite, whose only door is sqlite.c: one statement at
 * a time. sqlite_prepare() begins it; sqlite_finish(), sqlite_count() or sqlite_end() ends
 * it, whatever came of it. Parameters count from 1, columns from 0. Errors were logged.
 */
struct sqlite3_stmt;

NODISCARD enum err sqlite_prepare(
	struct sqlite3_stmt **st, struct store *store, const char *sql);
/* Borrowed until the statement ends. */
void sqlite_bind_text(struct sqlite3_stmt *st, int i, const char *text);
void sqlite_bind_span(struct sqlite3_stmt *st, int i, struct span text);
void sqlite_bind_bytes(struct sqlite3_stmt *st, int i, const void *bytes, size_t n);
void sqlite_bind_int(struct sqlite3_stmt *st, int i, int64_t value);
/* Runs a statement that gives no rows. ${what} completes "cannot ...". ERR_EXISTS: such a
 * row is here already; not logged. */
NODISCARD enum err sqlite_finish(
	struct store *store, struct sqlite3_stmt *st, const char *what);
/* The next row; ERR_NOT_FOUND when there is none. */
NODISCARD enum err sqlite_next(struct store *store, struct sqlite3_stmt *st);
/* The only column of the only row. */
NODISCARD enum err sqlite_count(
	int64_t *n, struct store *store, struct sqlite3_stmt *st);
void sqlite_end(struct sqlite3_stmt *st);

/* Columns of the row: a text is cut to its room, a span lives until the next row. A hash
 * of another length, in a damaged store, reads as zeroes and matches nothing. */
int64_t sqlite_int(struct sqlite3_stmt *st, int i);
void sqlite_text(char *out, size_t room, struct sqlite3_stmt *st, int i);
struct span sqlite_span(struct sqlite3_stmt *st, int i);
void sqlite_hash(uint8_t out[static HASH_BYTES], struct sqlite3_stmt *st, int i);

/* Rows that the last statement changed. */
int sqlite_changes(struct store *store);
/* Is a store_begin() open? */
bool sqlite_begun(const struct store *store);
/* SQL without parameters or rows. */
NODISCARD enum err sqlite_run(struct store *store, const char *sql, const char *what);
