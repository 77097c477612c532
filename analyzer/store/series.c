#include "analyzer/store/sqlite.h"

/* What others measured of the same networks, imported point by point. */

enum err
store_put_point(struct store *store, const struct store_point *point)
{
	struct sqlite3_stmt *st = NULL;
	enum err err = sqlite_prepare(&st, store,
		"INSERT OR REPLACE INTO series(country, asn, metric, source, utc_us,"
		" value_micro) VALUES(?,?,?,?,?,?)");

	if (err != OK)
		return err;
	sqlite_bind_text(st, 1, point->country);
	sqlite_bind_int(st, 2, point->asn);
	sqlite_bind_text(st, 3, point->metric);
	sqlite_bind_text(st, 4, point->source);
	sqlite_bind_int(st, 5, point->utc_us);
	sqlite_bind_int(st, 6, point->value_micro);
	return sqlite_finish(store, st, "keep a point of a series");
}

enum err
store_each_point(struct store *store, store_point_fn *fn, void *arg)
{
	struct sqlite3_stmt *st = NULL;
	struct store_point point;
	enum err err = sqlite_prepare(&st, store,
		"SELECT country, asn, metric, source, utc_us, value_micro FROM series"
		" ORDER BY country, asn, metric, source, utc_us");

	if (err != OK)
		return err;
	while ((err = sqlite_next(store, st)) == OK) {
		sqlite_text(point.country, sizeof point.country, st, 0);
		point.asn = (uint32_t)sqlite_int(st, 1);
		sqlite_text(point.metric, sizeof point.metric, st, 2);
		sqlite_text(point.source, sizeof point.source, st, 3);
		point.utc_us = sqlite_int(st, 4);
		point.value_micro = sqlite_int(st, 5);
		fn(arg, &point);
	}
	sqlite_end(st);
	return err == ERR_NOT_FOUND ? OK : err;
}
