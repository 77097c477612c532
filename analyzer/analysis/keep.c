#include "analyzer/analysis/keep.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/describe.h"
#include "analyzer/analysis/naming.h"
#include "analyzer/report/history.h"

/* Had it ended by then when it was stored? Then it stays as it is. */
static bool
ended_before(const struct analysis *a, const char *id, int64_t since_utc_us)
{
	for (size_t i = 0; i < a->earlier.n; i++)
		if (!strcmp(a->earlier.earlier[i].id, id))
			return a->earlier.earlier[i].end_us < since_utc_us;
	return false;
}

/* Those that this analysis did not find, though it looked. */
static enum err
lose_earlier(const struct analysis *a, const struct history *history,
	const struct store_event *events, size_t n, int64_t since_utc_us)
{
	enum err err = OK;

	for (size_t i = 0; err == OK && i < a->earlier.n; i++) {
		const struct ids_earlier *e = &a->earlier.earlier[i];
		const char *part_of = NULL;
		bool again = e->taken;

		if ((e->withdrawn && !e->revived) || e->end_us < since_utc_us)
			continue;
		for (size_t k = 0; k < n && !again; k++)
			again = !strcmp(e->id, events[k].id);
		for (size_t k = 0; k < n && !again && !part_of; k++)
			if (ids_alike(e, events[k].start_utc_us, events[k].end_utc_us,
				    events[k].networks.at, IDS_ANY_KIND))
				part_of = events[k].id;
		if (!again)
			err = history_lose(history, e->id, part_of);
	}
	return err;
}

/* What the next analysis goes by: what is said now, what had ended before and stays as it
 * is, and what was withdrawn. */
static void
list_ids(struct ids *ids, const struct analysis *a, const struct store_event *events,
	size_t n, int64_t since_utc_us)
{
	for (size_t i = 0; i < n; i++)
		(void)ids_remember(ids, events[i].id, events[i].start_utc_us,
			events[i].end_utc_us, events[i].networks);
	for (size_t i = 0; i < a->earlier.n; i++) {
		const struct ids_earlier *e = &a->earlier.earlier[i];
		struct ids_earlier *kept;

		if (e->aside || ids_have(ids, e->id))
			continue;
		kept = ids_remember(ids, e->id, e->start_us, 0, buf_span(&e->networks));
		kept->end_us = e->end_us;
		kept->withdrawn = e->withdrawn || e->end_us >= since_utc_us;
	}
}

/* All or nothing: what is said, and what of it is said otherwise than before. */
static enum err
write_all(const struct analysis *a, struct store *store,
	const struct store_event *events, size_t n, int64_t since_utc_us)
{
	struct history history;
	struct ids ids = {0};
	enum err err = store_begin(store);

	if (err != OK)
		return err;
	err = history_begin(&history, store, &a->loaded, a->weights);
	for (size_t i = 0; err == OK && i < a->events_n; i++)
		if (a->judged[i].state.len)
			err = history_note(&history, a->judged[i].id,
				buf_span(&a->judged[i].state));
	for (size_t i = 0; err == OK && i < a->imported.n; i++)
		err = history_note(&history, a->imported.events[i].id,
			buf_span(&a->imported.texts[i].state));
	if (err == OK)
		err = lose_earlier(a, &history, events, n, since_utc_us);
	if (err == OK)
		err = store_replace_events(store, events, n, since_utc_us);
	list_ids(&ids, a, events, n, since_utc_us);
	if (err == OK)
		err = history_end(&history, &ids);
	ids_free(&ids);
	if (err == OK)
		return store_commit(store);
	store_rollback(store);
	return err;
}

/* All that are said, beside one another, whenever they ended. */
static void
look_around(struct analysis *a)
{
	a->neighbours = analyze_room(a->events_n, sizeof(*a->neighbours));
	for (size_t i = 0; i < a->events_n; i++)
		a->neighbours[i] = (struct neighbour){
			.id = a->judged[i].id,
			.event = &a->events[i],
			.verdict = a->judged[i].observations_n ? &a->judged[i].verdict
							       : NULL,
		};
	surroundings_open(&a->surroundings, a->neighbours, a->events_n, a->anomalies,
		&a->loaded.record);
}

enum err
keep_all(struct analysis *a, struct store *store, int64_t since_utc_us)
{
	struct store_event *events =
		analyze_room(a->events_n + a->imported.n, sizeof(*events));
	size_t n = 0;
	enum err err;

	naming_give(a);
	look_around(a);
	for (size_t i = 0; i < a->events_n; i++) {
		if (!a->judged[i].observations_n)
			continue;
		/* What had ended by then stays as it is. */
		if (a->judged[i].ended_us < since_utc_us)
			continue;
		describe_event(&a->judged[i], a, &a->events[i]);
		events[n++] = a->judged[i].stored;
	}
	for (size_t i = 0; i < a->imported.n; i++)
		if (!since_utc_us ||
			!ended_before(a, a->imported.events[i].id, since_utc_us))
			events[n++] = a->imported.events[i];
	surroundings_close(&a->surroundings);
	free(a->neighbours);
	a->neighbours = NULL;
	err = write_all(a, store, events, n, since_utc_us);
	free(events);
	return err;
}
