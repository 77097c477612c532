#include <stdlib.h>
#include <string.h>

#include "analyzer/store/sqlite.h"
#include "common/log.h"

/* What the last analysis found. */

#define EVENT_COLUMNS                                                                  \
	"id, country, class, cause, start_utc_us, end_utc_us, probability_ppm, asns,"  \
	" networks, json, unofficial, state"

/* One that is found again. */
static enum err
drop_gone(struct store *store, const char *id)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, "DELETE FROM event WHERE id = ? AND state <> 0");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, id);
	return sqlite_finish(store, st, "replace an event");
}

static enum err
add_event(struct store *store, const struct store_event *event)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT INTO event(" EVENT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, event->id);
	sqlite_bind_text(st, 2, event->country);
	sqlite_bind_text(st, 3, event->class_name);
	sqlite_bind_text(st, 4, event->cause);
	sqlite_bind_int(st, 5, event->start_utc_us);
	sqlite_bind_int(st, 6, event->end_utc_us);
	sqlite_bind_int(st, 7, event->probability_ppm);
	sqlite_bind_span(st, 8, event->asns);
	sqlite_bind_span(st, 9, event->networks);
	sqlite_bind_span(st, 10, event->json);
	sqlite_bind_int(st, 11, event->unofficial);
	sqlite_bind_int(st, 12, event->state);
	return sqlite_finish(store, st, "keep an event");
}

/* Those that are to be stored, by id, and what the store has of them. */
struct replacing {
	const struct store_event *event;
	bool stored; /* just as it is */
};
/* What is stored and is to give way. */
struct giving_way {
	char (*ids)[sizeof((struct store_event){0}.id)];
	size_t n, cap;
};

static int
by_id(const void *left, const void *right)
{
	const struct replacing *a = left, *b = right;

	return strcmp(a->event->id, b->event->id);
}

static bool
same_span(struct span a, struct span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

static bool
same_event(const struct store_event *a, const struct store_event *b)
{
	return !strcmp(a->country, b->country) &&
	       !strcmp(a->class_name, b->class_name) && !strcmp(a->cause, b->cause) &&
	       a->start_utc_us == b->start_utc_us && a->end_utc_us == b->end_utc_us &&
	       a->probability_ppm == b->probability_ppm &&
	       a->unofficial == b->unofficial && a->state == b->state &&
	       same_span(a->asns, b->asns) && same_span(a->networks, b->networks) &&
	       same_span(a->json, b->json);
}

static void
give_way(struct giving_way *out, const char *id)
{
	if (out->n == out->cap) {
		out->cap = out->cap ? out->cap * 2 : 64;
		out->ids = realloc(out->ids, out->cap * sizeof(*out->ids));
		if (!out->ids)
			bug("no memory for %zu events", out->cap);
	}
	memcpy(out->ids[out->n++], id, strlen(id) + 1);
}

/* The columns of EVENT_COLUMNS. */
static void
read_event(struct store_event *event, struct sqlite3_stmt *st)
{
	sqlite_text(event->id, sizeof event->id, st, 0);
	sqlite_text(event->country, sizeof event->country, st, 1);
	sqlite_text(event->class_name, sizeof event->class_name, st, 2);
	sqlite_text(event->cause, sizeof event->cause, st, 3);
	event->start_utc_us = sqlite_int(st, 4);
	event->end_utc_us = sqlite_int(st, 5);
	event->probability_ppm = sqlite_int(st, 6);
	event->asns = sqlite_span(st, 7);
	event->networks = sqlite_span(st, 8);
	event->json = sqlite_span(st, 9);
	event->unofficial = sqlite_int(st, 10) != 0;
	event->state = (enum store_state)sqlite_int(st, 11);
}

/* Tells what is stored already, and what is stored and shall not be. */
static enum err
compare_stored(struct giving_way *out, struct store *store, struct replacing *replacing,
	size_t n, int64_t since_utc_us)
{
	struct sqlite3_stmt *st = NULL;
	struct store_event event;
	struct replacing key = {.event = &event}, *found;
	enum err err = sqlite_prepare(&st, store,
		"SELECT " EVENT_COLUMNS " FROM event WHERE state = 0 AND"
		" (end_utc_us = 0 OR end_utc_us >= ?)");

	if (err != OK)
		return err;
	sqlite_bind_int(st, 1, since_utc_us);
	while ((err = sqlite_next(store, st)) == OK) {
		read_event(&event, st);
		found = n ? bsearch(&key, replacing, n, sizeof(*replacing), by_id)
			  : NULL;
		if (found && same_event(found->event, &event))
			found->stored = true;
		else
			give_way(out, event.id);
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

/* A verdict is long, and most are as they were: only what is other is written. */
static enum err
change_events(struct store *store, struct replacing *replacing, size_t n,
	int64_t since_utc_us)
{
	struct giving_way old = {0};
	enum err err = compare_stored(&old, store, replacing, n, since_utc_us);

	for (size_t i = 0; err == OK && i < old.n; i++)
		err = store_drop_event(store, old.ids[i]);
	for (size_t i = 0; err == OK && i < n; i++) {
		bool twice = i > 0 && !by_id(&replacing[i - 1], &replacing[i]);

		if (replacing[i].stored && !twice)
			continue;
		err = drop_gone(store, replacing[i].event->id);
		if (err == OK)
			err = add_event(store, replacing[i].event);
	}
	free(old.ids);
	return err;
}

enum err
store_replace_events(struct store *store, const struct store_event *events, size_t n,
	int64_t since_utc_us)
{
	struct replacing *replacing = calloc(n + 1, sizeof(*replacing));
	bool own = !sqlite_begun(store);
	enum err err;

	if (!replacing)
		bug("no memory for %zu events", n);
	for (size_t i = 0; i < n; i++)
		replacing[i].event = &events[i];
	qsort(replacing, n, sizeof(*replacing), by_id);
	err = own ? store_begin(store) : OK;
	if (err == OK) {
		err = change_events(store, replacing, n, since_utc_us);
		if (own && err == OK)
			err = store_commit(store);
		else if (own)
			store_rollback(store);
	}
	free(replacing);
	return err;
}

static enum err
each_event(struct store *store, bool ever, store_event_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	struct store_event event;
	enum err err = sqlite_prepare(&st, store,
		"SELECT " EVENT_COLUMNS
		" FROM event WHERE state = 0 OR ? ORDER BY start_utc_us, id");

	if (err != OK)
		return err;
	sqlite_bind_int(st, 1, ever);
	while ((err = sqlite_next(store, st)) == OK) {
		read_event(&event, st);
		fn(arg, &event);
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err
store_each_event(struct store *store, store_event_fn *fn, void *arg)
{
	return each_event(store, false, fn, arg);
}

enum err
store_each_event_ever(struct store *store, store_event_fn *fn, void *arg)
{
	return each_event(store, true, fn, arg);
}

enum err
store_set_event_state(
	struct store *store, const char *id, enum store_state state, struct span json)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, "UPDATE event SET state = ?, json = ? WHERE id = ?");

	if (err != OK)
		return err;
	sqlite_bind_int(st, 1, state);
	sqlite_bind_span(st, 2, json);
	sqlite_bind_text(st, 3, id);
	return sqlite_finish(store, st, "keep what became of an event");
}

enum err
store_drop_event(struct store *store, const char *id)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store, "DELETE FROM event WHERE id = ?");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, id);
	return sqlite_finish(store, st, "forget an event");
}

/* ---- what was said of it before ---- */

enum err
store_put_history(struct store *store, const char *event, int64_t n, struct span json)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT OR REPLACE INTO history(event, n, json) VALUES(?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, event);
	sqlite_bind_int(st, 2, n);
	sqlite_bind_span(st, 3, json);
	return sqlite_finish(store, st, "keep an event's history");
}

enum err
store_drop_history(struct store *store, const char *event, int64_t n)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(
		&st, store, "DELETE FROM history WHERE event = ? AND n = ?");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, event);
	sqlite_bind_int(st, 2, n);
	return sqlite_finish(store, st, "shorten an event's history");
}

enum err
store_each_history(struct store *store, const char *event, int64_t from, int64_t to,
	store_history_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"SELECT n, json FROM history WHERE event = ? AND n BETWEEN ? AND ?"
		" ORDER BY n");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, event);
	sqlite_bind_int(st, 2, from);
	sqlite_bind_int(st, 3, to);
	while ((err = sqlite_next(store, st)) == OK)
		fn(arg, sqlite_int(st, 0), sqlite_span(st, 1));
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}
