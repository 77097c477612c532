#include "analyzer/store/sqlite.h"

/* Outages, levels of regions and context, imported row by row. */

enum err
store_put_outage(struct store *store, const struct store_outage *outage)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT OR REPLACE INTO outage(id, country, place, scope, asn,"
		" begin_utc_us, end_utc_us, has_clock, offset_s, signals, fell)"
		" VALUES(?,?,?,?,?,?,?,?,?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, outage->id);
	sqlite_bind_text(st, 2, outage->country);
	sqlite_bind_text(st, 3, outage->place);
	sqlite_bind_text(st, 4, outage->scope);
	sqlite_bind_int(st, 5, outage->asn);
	sqlite_bind_int(st, 6, outage->begin_utc_us);
	sqlite_bind_int(st, 7, outage->end_utc_us);
	sqlite_bind_int(st, 8, outage->has_clock);
	sqlite_bind_int(st, 9, outage->offset_s);
	sqlite_bind_int(st, 10, outage->signals);
	sqlite_bind_int(st, 11, outage->fell);
	return sqlite_finish(store, st, "keep an outage");
}

enum err
store_each_outage(struct store *store, store_outage_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	struct store_outage outage;
	enum err err = sqlite_prepare(&st, store,
		"SELECT id, country, place, scope, asn, begin_utc_us, end_utc_us,"
		" has_clock, offset_s, signals, fell FROM outage"
		" ORDER BY country, place, scope, begin_utc_us, id");

	if (err != OK)
		return err;
	while ((err = sqlite_next(store, st)) == OK) {
		sqlite_text(outage.id, sizeof outage.id, st, 0);
		sqlite_text(outage.country, sizeof outage.country, st, 1);
		sqlite_text(outage.place, sizeof outage.place, st, 2);
		sqlite_text(outage.scope, sizeof outage.scope, st, 3);
		outage.asn = (uint32_t)sqlite_int(st, 4);
		outage.begin_utc_us = sqlite_int(st, 5);
		outage.end_utc_us = sqlite_int(st, 6);
		outage.has_clock = sqlite_int(st, 7) != 0;
		outage.offset_s = (int32_t)sqlite_int(st, 8);
		outage.signals = (uint8_t)sqlite_int(st, 9);
		outage.fell = (uint8_t)sqlite_int(st, 10);
		fn(arg, &outage);
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err
store_put_level(struct store *store, const struct store_level *level)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT OR REPLACE INTO level(country, source, region, utc_us,"
		" value_micro) VALUES(?,?,?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, level->country);
	sqlite_bind_text(st, 2, level->source);
	sqlite_bind_text(st, 3, level->region);
	sqlite_bind_int(st, 4, level->utc_us);
	sqlite_bind_int(st, 5, level->value_micro);
	return sqlite_finish(store, st, "keep a region's level");
}

enum err
store_each_level(struct store *store, store_level_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	struct store_level level;
	enum err err = sqlite_prepare(&st, store,
		"SELECT country, source, region, utc_us, value_micro FROM level"
		" ORDER BY country, source, region, utc_us");

	if (err != OK)
		return err;
	while ((err = sqlite_next(store, st)) == OK) {
		sqlite_text(level.country, sizeof level.country, st, 0);
		sqlite_text(level.source, sizeof level.source, st, 1);
		sqlite_text(level.region, sizeof level.region, st, 2);
		level.utc_us = sqlite_int(st, 3);
		level.value_micro = sqlite_int(st, 4);
		fn(arg, &level);
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err
store_put_context(struct store *store, const struct store_context *context)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT OR REPLACE INTO context(country, begin_utc_us, kind, source,"
		" says, end_utc_us) VALUES(?,?,?,?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, context->country);
	sqlite_bind_int(st, 2, context->begin_utc_us);
	sqlite_bind_text(st, 3, context->kind);
	sqlite_bind_text(st, 4, context->source);
	sqlite_bind_text(st, 5, context->says);
	sqlite_bind_int(st, 6, context->end_utc_us);
	return sqlite_finish(store, st, "keep a line of context");
}

enum err
store_each_context(struct store *store, store_context_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	struct store_context context;
	enum err err = sqlite_prepare(&st, store,
		"SELECT country, begin_utc_us, kind, source, says, end_utc_us"
		" FROM context ORDER BY country, begin_utc_us, kind, source, says");

	if (err != OK)
		return err;
	while ((err = sqlite_next(store, st)) == OK) {
		sqlite_text(context.country, sizeof context.country, st, 0);
		context.begin_utc_us = sqlite_int(st, 1);
		sqlite_text(context.kind, sizeof context.kind, st, 2);
		sqlite_text(context.source, sizeof context.source, st, 3);
		sqlite_text(context.says, sizeof context.says, st, 4);
		context.end_utc_us = sqlite_int(st, 5);
		fn(arg, &context);
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}
