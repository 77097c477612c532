#include "analyzer/report/history.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/store/store.h"
#include "common/log.h"
#include "common/utc.h"

#define SECOND_US INT64_C(1000000)
/* The history of no event: how far all of them reach. */
#define ALL ""
/* Number 0 of an event is the state that its newest change left. */
#define NEWEST 0
/* Number 1 of no event: an analysis that made no history came last. */
#define LOOKED 1

static json_t *
must(json_t *json)
{
	if (!json)
		bug("no memory for a history");
	return json;
}

static void
put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)))
		bug("no memory for a history");
}

/* Null where a damaged store has nothing. */
static json_t *
copy_of(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return must(value ? json_deep_copy(value) : json_null());
}

static int64_t
number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static enum err
write_json(const struct history *h, const char *event, int64_t n, const json_t *json)
{
	char *line = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
	enum err err;

	if (!line)
		bug("no memory for a history");
	err = store_put_history(h->store, event, n, (struct span){line, strlen(line)});
	free(line);
	return err;
}

static void
parse(void *arg, int64_t n, struct span json)
{
	json_t **out = arg;

	(void)n;
	json_decref(*out);
	*out = json_loadb(json.at, json.len, 0, NULL);
}

/* NULL: there is none, or it is damaged. */
static enum err
read_newest(json_t **out, const struct history *h, const char *event)
{
	*out = NULL;
	return store_each_history(h->store, event, NEWEST, NEWEST, parse, out);
}

/* ---- the state ---- */

static json_t *
text_or_null(int64_t utc_us)
{
	char text[UTC_TEXT_BYTES];

	if (!utc_us)
		return json_null();
	utc_text(text, utc_us);
	return json_string(text);
}

static json_t *
rows(const struct described *d)
{
	json_t *out = must(json_object());

	for (size_t i = 0; i < d->observations_n; i++) {
		struct buf says = {0};

		evidence_sentence(&says, &d->observations[i]);
		put(out, evidence_row(d->observations[i].row)->id,
			json_string(says.data));
		buf_free(&says);
	}
	return out;
}

void
history_state(struct buf *out, const struct described *d)
{
	const struct event *e = d->event;
	json_t *json = must(json_object()), *ppm = must(json_object());
	char *line;
	int64_t error_us;

	for (size_t c = 0; c < CLASS_COUNT; c++)
		put(ppm, evidence_class_name((enum class)c),
			json_real((double)d->verdict->class_ppm[c] / 1e6));
	put(json, "class", json_string(verdict_class(d->verdict)));
	put(json, "cause", json_string(verdict_named_cause(d)));
	put(json, "standing", json_string(verdict_standing(d)));
	put(json, "version", json_string(d->version));
	put(json, "start",
		json_integer(
			verdict_instant(&error_us, e->start_lo_us, e->start_hi_us)));
	put(json, "end",
		json_integer(e->end_hi_us ? verdict_instant(&error_us, e->end_lo_us,
						    e->end_hi_us)
					  : 0));
	put(json, "class_probability", ppm);
	put(json, "rows", rows(d));
	line = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
	if (!line)
		bug("no memory for a history");
	buf_puts(out, line);
	free(line);
	json_decref(json);
}

/* ---- a change ---- */

static const char *const words[] = {"class", "cause", "standing", "version"};
static const char *const edges[] = {"start", "end"};

static bool
edge_moved(const json_t *before, const json_t *now, const char *edge)
{
	int64_t from = number_of(before, edge), to = number_of(now, edge);

	return !from != !to || llabs(from - to) >= SECOND_US;
}

/* Puts what differs into from and to; false: nothing does. before NULL: everything. */
static bool
compare(json_t *from, json_t *to, const json_t *before, const json_t *now)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (json_equal(json_object_get(before, words[i]),
			    json_object_get(now, words[i])))
			continue;
		put(from, words[i], copy_of(before, words[i]));
		put(to, words[i], copy_of(now, words[i]));
		n++;
	}
	for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
		if (before && !edge_moved(before, now, edges[i]))
			continue;
		put(from, edges[i], text_or_null(number_of(before, edges[i])));
		put(to, edges[i], text_or_null(number_of(now, edges[i])));
		n++;
	}
	return n > 0;
}

/* The rows of one that are not among those of the other. */
static json_t *
rows_without(const json_t *rows_of, const json_t *without)
{
	json_t *out = must(json_array()), *says;
	const char *row;

	json_object_foreach((json_t *)(uintptr_t)rows_of, row, says)
	{
		json_t *one;

		if (json_object_get(without, row))
			continue;
		one = must(json_object());
		put(one, "row", json_string(row));
		put(one, "says", json_deep_copy(says));
		if (json_array_append_new(out, one))
			bug("no memory for a history");
	}
	return out;
}

/* In (from, to], by the time they were received. */
static json_t *
arrived(const struct loaded *loaded, int64_t from_us, int64_t to_us)
{
	json_t *out = must(json_object());
	json_int_t segments = 0, probes = 0;

	for (size_t p = 0; p < loaded->record.probes_n; p++) {
		const struct loaded_probe *probe = &loaded->probes[p];
		json_int_t before = segments;

		for (size_t i = 0; i < probe->segments_n; i++)
			segments += probe->segments[i].received_utc_us > from_us &&
				    probe->segments[i].received_utc_us <= to_us;
		probes += segments > before;
	}
	put(out, "segments", json_integer(segments));
	put(out, "probes", json_integer(probes));
	return out;
}

static void
put_probabilities(json_t *side, const json_t *state)
{
	put(side, "class_probability", copy_of(state, "class_probability"));
}

/* What the state of an event is now, beside what it was: ${newest}, NULL at first. NULL:
 * nothing is said otherwise. Takes over nothing. */
static json_t *
change(const struct history *h, const char *event, const json_t *newest,
	const json_t *now, const char *part_of)
{
	const json_t *before = newest ? json_object_get(newest, "said") : NULL;
	const json_t *now_rows = json_object_get(now, "rows");
	const json_t *rows_before = json_object_get(before, "rows");
	json_t *out = must(json_object());
	json_t *from = must(json_object()), *to = must(json_object());
	json_t *came = rows_without(now_rows, rows_before);
	json_t *went = rows_without(rows_before, now_rows);
	bool differs = compare(from, to, before, now);
	int64_t since_us = number_of(newest, "horizon_us");

	/* Before anything is counted: most events are as they were. */
	if (!differs && !json_array_size(came) && !json_array_size(went)) {
		json_decref(went);
		json_decref(came);
		json_decref(to);
		json_decref(from);
		json_decref(out);
		return NULL;
	}
	put_probabilities(to, now);
	if (before)
		put_probabilities(from, before);
	put(out, "event", json_string(event));
	put(out, "n", json_integer(number_of(newest, "n") + 1));
	put(out, "horizon", text_or_null(h->loaded->record.horizon_us));
	put(out, "arrived", arrived(h->loaded, since_us, h->loaded->record.horizon_us));
	put(out, "from", before ? json_incref(from) : json_null());
	put(out, "to", to);
	put(out, "came", came);
	put(out, "went", went);
	put(out, "part_of", part_of ? json_string(part_of) : json_null());
	json_decref(from);
	return out;
}

static enum err
keep(const struct history *h, const char *event, const json_t *one, json_t *now)
{
	int64_t n = number_of(one, "n");
	json_t *newest = must(json_object());
	enum err err;

	put(newest, "n", json_integer(n));
	put(newest, "horizon_us", json_integer(h->loaded->record.horizon_us));
	put(newest, "said", json_incref(now));
	err = write_json(h, event, n, one);
	if (err == OK)
		err = write_json(h, event, NEWEST, newest);
	if (err == OK && n > HISTORY_MOST)
		err = store_drop_history(h->store, event, n - HISTORY_MOST + 1);
	json_decref(newest);
	return err;
}

static enum err
note(const struct history *h, const char *event, const json_t *newest, json_t *now,
	const char *part_of)
{
	json_t *one = change(h, event, newest, now, part_of);
	enum err err = one ? keep(h, event, one, now) : OK;

	json_decref(one);
	return err;
}

/* ---- one analysis ---- */

/* Does this analysis know of all that any before it knew of? Where no segment ever came,
 * what was imported is all there is, and only --until can leave something of it out. */
static bool
knows_all(const struct loaded *loaded, const json_t *newest)
{
	if (loaded->record.horizon_us)
		return loaded->record.horizon_us >= number_of(newest, "horizon_us");
	return loaded->until_utc_us >= number_of(newest, "until_us") ||
	       !loaded->until_utc_us;
}

enum err
history_begin(struct history *h, struct store *store, const struct loaded *loaded,
	const struct weights *weights)
{
	json_t *newest;
	enum err err;

	*h = (struct history){store, loaded, false};
	err = read_newest(&newest, h, ALL);
	h->notes = evidence_official(weights) && knows_all(loaded, newest);
	json_decref(newest);
	return err;
}

enum err
history_note(const struct history *h, const char *event, struct span state)
{
	json_t *newest = NULL, *now;
	enum err err;

	if (!h->notes)
		return OK;
	now = must(json_loadb(state.at, state.len, 0, NULL));
	err = read_newest(&newest, h, event);
	if (err == OK)
		err = note(h, event, newest, now, NULL);
	json_decref(newest);
	json_decref(now);
	return err;
}

struct search {
	const char *id;
	json_t *verdict;
};

static void
look(void *arg, const struct store_event *event)
{
	struct search *search = arg;

	if (!strcmp(event->id, search->id))
		parse(&search->verdict, 0, event->json);
}

enum err
history_lose(const struct history *h, const char *event, const char *part_of)
{
	struct search search = {event, NULL};
	json_t *newest = NULL, *now = NULL;
	char *line = NULL;
	enum err err = store_each_event_ever(h->store, look, &search);

	if (err == OK && h->notes)
		err = read_newest(&newest, h, event);
	if (err == OK && h->notes && !newest) {
		json_decref(search.verdict);
		return store_drop_event(h->store, event);
	}
	if (err == OK && json_is_object(json_object_get(newest, "said"))) {
		now = copy_of(newest, "said");
		put(now, "standing", json_string("withdrawn"));
		err = note(h, event, newest, now, part_of);
	}
	if (err == OK && search.verdict) {
		if (h->notes)
			put(search.verdict, "standing", json_string("withdrawn"));
		line = json_dumps(
			search.verdict, JSON_COMPACT | JSON_REAL_PRECISION(6));
		if (!line)
			bug("no memory for a verdict");
		err = store_set_event_state(h->store, event,
			h->notes ? EVENT_WITHDRAWN : EVENT_HIDDEN,
			(struct span){line, strlen(line)});
	}
	free(line);
	json_decref(now);
	json_decref(newest);
	json_decref(search.verdict);
	return err;
}

static json_t *
ids_json(const struct ids *ids)
{
	json_t *out = must(json_array());

	for (size_t i = 0; i < ids->n; i++) {
		const struct ids_earlier *e = &ids->earlier[i];
		json_t *one = must(json_object());

		put(one, "id", json_string(e->id));
		put(one, "start_us", json_integer(e->start_us));
		put(one, "end_us", json_integer(e->end_us));
		put(one, "networks", json_string(e->networks.data));
		put(one, "withdrawn", json_boolean(e->withdrawn));
		if (json_array_append_new(out, one))
			bug("no memory for a history");
	}
	return out;
}

/* Nothing where a damaged store has nothing. */
static void
bring_back(struct ids *ids, const json_t *one)
{
	const char *id = json_string_value(json_object_get(one, "id"));
	const char *networks = json_string_value(json_object_get(one, "networks"));
	struct ids_earlier e = {.start_us = number_of(one, "start_us"),
		.end_us = number_of(one, "end_us"),
		.withdrawn = json_is_true(json_object_get(one, "withdrawn"))};

	if (!id || !networks || strlen(id) >= sizeof(e.id))
		return;
	strcpy(e.id, id);
	buf_puts(&e.networks, networks);
	ids_bring_back(ids, &e);
	buf_free(&e.networks);
}

enum err
history_recall(struct ids *ids, struct store *store)
{
	struct history h = {.store = store};
	json_t *newest = NULL, *looked = NULL, *all;
	enum err err = store_each_history(store, ALL, LOOKED, LOOKED, parse, &looked);

	if (err == OK && looked)
		err = read_newest(&newest, &h, ALL);
	json_decref(looked);
	all = json_object_get(newest, "ids");
	if (err == OK && json_is_array(all)) {
		ids_put_aside(ids);
		for (size_t i = 0; i < json_array_size(all); i++)
			bring_back(ids, json_array_get(all, i));
	}
	json_decref(newest);
	return err;
}

enum err
history_end(const struct history *h, const struct ids *ids)
{
	json_t *json;
	enum err err;

	/* What stands in the store now is not what the next one goes by. */
	if (!h->notes)
		return store_put_history(h->store, ALL, LOOKED, (struct span){"{}", 2});
	err = store_drop_history(h->store, ALL, LOOKED);
	if (err != OK)
		return err;
	json = must(json_object());
	put(json, "horizon_us", json_integer(h->loaded->record.horizon_us));
	put(json, "until_us", json_integer(h->loaded->until_utc_us));
	put(json, "ids", ids_json(ids));
	err = write_json(h, ALL, NEWEST, json);
	json_decref(json);
	return err;
}
