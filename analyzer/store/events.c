#include "analyzer/store/sqlite.h"

/* What the last analysis found. */

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
		"INSERT INTO event(id, country, class, cause, start_utc_us, "
		"end_utc_us,"
		" probability_ppm, asns, networks, json, unofficial, state)"
		" VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");

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

enum err
store_replace_events(struct store *store, const struct store_event *events, size_t n,
	int64_t since_utc_us)
{
	struct sqlite3_stmt *st = NULL;
	bool own = !sqlite_begun(store);
	enum err err = own ? store_begin(store) : OK;

	if (err != OK)
		return err;
	err = sqlite_prepare(&st, store,
		"DELETE FROM event WHERE state = 0 AND"
		" (end_utc_us = 0 OR end_utc_us >= ?)");
	if (err == OK) {
		sqlite_bind_int(st, 1, since_utc_us);
		err = sqlite_finish(store, st, "replace the events");
	}
	for (size_t i = 0; err == OK && i < n; i++) {
		err = drop_gone(store, events[i].id);
		if (err == OK)
			err = add_event(store, &events[i]);
	}
	if (!own)
		return err;
	if (err == OK)
		return store_commit(store);
	store_rollback(store);
	return err;
}

static enum err
each_event(struct store *store, bool ever, store_event_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	struct store_event event;
	enum err err = sqlite_prepare(&st, store,
		"SELECT id, country, class, cause, start_utc_us, end_utc_us,"
		" probability_ppm, asns, networks, json, unofficial, state FROM event"
		" WHERE state = 0 OR ? ORDER BY start_utc_us, id");

	if (err != OK)
		return err;
	sqlite_bind_int(st, 1, ever);
	while ((err = sqlite_next(store, st)) == OK) {
		sqlite_text(event.id, sizeof event.id, st, 0);
		sqlite_text(event.country, sizeof event.country, st, 1);
		sqlite_text(event.class_name, sizeof event.class_name, st, 2);
		sqlite_text(event.cause, sizeof event.cause, st, 3);
		event.start_utc_us = sqlite_int(st, 4);
		event.end_utc_us = sqlite_int(st, 5);
		event.probability_ppm = sqlite_int(st, 6);
		event.asns = sqlite_span(st, 7);
		event.networks = sqlite_span(st, 8);
		event.json = sqlite_span(st, 9);
		event.unofficial = sqlite_int(st, 10) != 0;
		event.state = (enum store_state)sqlite_int(st, 11);
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
