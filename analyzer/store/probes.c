#include "analyzer/store/sqlite.h"

#include <string.h>

/* Invites, and the probes that they let in. */

enum err
store_add_invite(struct store *store, const uint8_t code_hash[static HASH_BYTES],
	const char *role, const char *cohort)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT INTO invite(code_hash, role, cohort) VALUES(?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_bytes(st, 1, code_hash, HASH_BYTES);
	sqlite_bind_text(st, 2, role);
	sqlite_bind_text(st, 3, cohort);
	return sqlite_finish(store, st, "keep an invite");
}

static enum err
add_probe(struct store *store, const struct store_probe *probe, const char *cohort)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT INTO probe(epoch, role, cohort, state, token_hash,"
		" enrolled_utc_us) VALUES(?,?,?,?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, probe->epoch);
	sqlite_bind_text(st, 2, probe->role);
	sqlite_bind_text(st, 3, cohort);
	sqlite_bind_text(st, 4, probe->state);
	sqlite_bind_bytes(st, 5, probe->token_hash, HASH_BYTES);
	sqlite_bind_int(st, 6, probe->enrolled_utc_us);
	return sqlite_finish(store, st, "keep a probe");
}

static enum err
set_token(struct store *store, const struct store_probe *probe)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, "UPDATE probe SET token_hash = ? WHERE epoch = ?");

	if (err != OK)
		return err;
	sqlite_bind_bytes(st, 1, probe->token_hash, HASH_BYTES);
	sqlite_bind_text(st, 2, probe->epoch);
	return sqlite_finish(store, st, "renew a token");
}

static enum err
mark_used(struct store *store, const uint8_t *code_hash, const char *epoch)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, "UPDATE invite SET epoch = ? WHERE code_hash = ?");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, epoch);
	sqlite_bind_bytes(st, 2, code_hash, HASH_BYTES);
	return sqlite_finish(store, st, "use an invite");
}

enum err
store_use_invite(struct store *store, const uint8_t code_hash[static HASH_BYTES],
	const struct store_probe *probe)
{
	struct sqlite3_stmt *st = NULL;
	char role[8], cohort[33], epoch[65];
	enum err err = sqlite_prepare(&st, store,
		"SELECT role, cohort, epoch FROM invite WHERE code_hash = ?");

	if (err != OK)
		return err;
	sqlite_bind_bytes(st, 1, code_hash, HASH_BYTES);
	err = sqlite_next(store, st);
	if (err == OK) {
		sqlite_text(role, sizeof role, st, 0);
		sqlite_text(cohort, sizeof cohort, st, 1);
		sqlite_text(epoch, sizeof epoch, st, 2);
	}
	sqlite_end(st);
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

#define NAME_COLUMNS "SELECT epoch, role, cohort, state, token_hash, enrolled_utc_us,"
#define PROBE_COLUMNS                                                                  \
	NAME_COLUMNS                                                                   \
	" (SELECT COUNT(*) FROM segment WHERE segment.epoch = probe.epoch) FROM "      \
	"probe "

static void
read_probe(struct store_probe *probe, struct sqlite3_stmt *st)
{
	sqlite_text(probe->epoch, sizeof probe->epoch, st, 0);
	sqlite_text(probe->role, sizeof probe->role, st, 1);
	sqlite_text(probe->cohort, sizeof probe->cohort, st, 2);
	sqlite_text(probe->state, sizeof probe->state, st, 3);
	sqlite_hash(probe->token_hash, st, 4);
	probe->enrolled_utc_us = sqlite_int(st, 5);
	probe->segments = sqlite_int(st, 6);
}

static enum err
one_probe(struct store_probe *probe, struct store *store, struct sqlite3_stmt *st)
{
	enum err err = sqlite_next(store, st);

	if (err == OK)
		read_probe(probe, st);
	sqlite_end(st);
	return err;
}

enum err
store_probe_by_token(struct store_probe *probe, struct store *store,
	const uint8_t token_hash[static HASH_BYTES])
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store, PROBE_COLUMNS "WHERE token_hash = ?");

	if (err != OK)
		return err;
	sqlite_bind_bytes(st, 1, token_hash, HASH_BYTES);
	return one_probe(probe, store, st);
}

enum err
store_probe_by_epoch(struct store_probe *probe, struct store *store, const char *epoch)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store, PROBE_COLUMNS "WHERE epoch = ?");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, epoch);
	return one_probe(probe, store, st);
}

enum err
store_set_probe_state(struct store *store, const char *epoch, const char *state)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, "UPDATE probe SET state = ? WHERE epoch = ?");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, state);
	sqlite_bind_text(st, 2, epoch);
	err = sqlite_finish(store, st, "change a probe's state");
	if (err == OK && sqlite_changes(store) == 0)
		return ERR_NOT_FOUND;
	return err;
}

static enum err
each_probe(struct store *store, const char *sql, store_probe_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	struct store_probe probe;
	enum err err = sqlite_prepare(&st, store, sql);

	if (err != OK)
		return err;
	while ((err = sqlite_next(store, st)) == OK) {
		read_probe(&probe, st);
		fn(arg, &probe);
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err
store_each_probe(struct store *store, store_probe_fn *fn, void *arg)
{
	return each_probe(store, PROBE_COLUMNS "ORDER BY epoch", fn, arg);
}

enum err
store_each_name(struct store *store, store_probe_fn *fn, void *arg)
{
	return each_probe(store, NAME_COLUMNS " 0 FROM probe ORDER BY epoch", fn, arg);
}
