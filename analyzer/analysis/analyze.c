#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/ids.h"
#include "analyzer/analysis/imported.h"
#include "analyzer/analysis/leaves.h"
#include "analyzer/analysis/load.h"
#include "analyzer/analysis/stand.h"
#include "analyzer/analysis/steps.h"
#include "analyzer/analysis/watch.h"
#include "analyzer/report/history.h"
#include "analyzer/report/verdict.h"
#include "analyzer/steps.h"
#include "analyzer/store/store.h"
#include "common/log.h"

/* Calls the pure steps in order over what is stored, and stores what they say. */

/* After so many events the samples that they looked at are given back. */
#define REST_EVENTS 16

static const char *const families[] = {
	"loss", "protocol", "target", "name", "whole", "slow", IDS_SILENT};

/* What one event became, with its texts. */
struct judged {
	struct witness witness;
	struct verdict verdict;
	struct observation observations[ROW_COUNT];
	size_t observations_n;
	char lines[ROW_COUNT][OBSERVATION_LINES][HASH_HEX_BYTES];
	char id[ID_BYTES];
	int64_t ended_us; /* when the stored event of that id had; INT64_MAX: it had not */
	struct buf asns, networks, json, state;
	struct store_event stored;
	bool stands; /* its verdict is that of the analysis before */
};

struct analysis {
	const struct weights *weights;
	const struct settings *settings;
	struct loaded loaded;
	struct watch watch;
	struct anomaly *detected, *anomalies; /* before and after join() */
	struct event *events;
	struct judged *judged;
	struct ids earlier;
	struct imported imported;
	struct store_context *context;
	size_t context_n;
	size_t anomalies_n, events_n;
	struct findings before; /* what the analysis before found; owns its arrays */
	struct judged *judged_before;
};

static void *
room(size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		bug("no memory for %zu records of %zu bytes", n, size);
	return memory;
}

static void
remember_context(void *arg, const struct store_context *context)
{
	struct analysis *a = arg;

	a->context = realloc(a->context, (a->context_n + 1) * sizeof(*a->context));
	if (!a->context)
		bug("no memory for what else happened");
	a->context[a->context_n++] = *context;
}

static void
remember(void *arg, const struct store_event *event)
{
	struct ids *earlier = arg;
	struct ids_earlier *e = ids_remember(earlier, event->id, event->start_utc_us,
		event->end_utc_us, event->networks);

	e->gone = event->state != EVENT_STANDS;
	e->withdrawn = event->state == EVENT_WITHDRAWN;
}

/* Between commas the family, what alone was missed, and each network: what an id goes
 * by. */
static void
name_networks(struct judged *j, const struct analysis *a, const struct event *event)
{
	const struct record *r = &a->loaded.record;

	uint32_t *order = room(r->networks_n, sizeof(*order));

	record_networks(order, r);
	buf_puts(&j->asns, ",");
	buf_puts(&j->networks, ",");
	for (size_t k = 0; k < r->networks_n; k++) {
		size_t n = order[k];
		const struct network *network = &r->networks[n];
		const char *target = event->target == NO_TARGET
					     ? ""
					     : a->loaded.targets[event->target].id;
		bool affected = false;
		struct buf asn = {0};

		for (uint32_t i = 0; i < event->n && !affected; i++)
			affected = a->anomalies[event->first + i].network == n;
		if (!affected)
			continue;
		buf_printf(&j->networks, "%s%s%s/%s/%s/%u/%s,", families[event->family],
			*target ? ":" : "", target, network->country, network->region,
			network->asn, medium_name((enum medium)network->medium));
		buf_printf(&asn, ",%u,", network->asn);
		if (!strstr(j->asns.data, asn.data))
			buf_printf(&j->asns, "%u,", network->asn);
		buf_free(&asn);
	}
	free(order);
}

/* An event whose edges moved may keep the id that another would now be given. */
static bool
is_in_use(const char *id, const struct analysis *a)
{
	if (ids_have(&a->earlier, id))
		return true;
	for (size_t i = 0; i < a->events_n; i++)
		if (!strcmp(a->judged[i].id, id))
			return true;
	return false;
}

/* An event keeps its id while late data moves its edges. */
static void
keep_id(struct judged *j, struct analysis *a, const struct event *event,
	enum ids_like like)
{
	const struct ids_earlier *earlier;
	int64_t error_us, start_us, end_us = 0;

	if (j->id[0])
		return;
	start_us = verdict_instant(&error_us, event->start_lo_us, event->start_hi_us);
	if (event->end_hi_us)
		end_us = verdict_instant(&error_us, event->end_lo_us, event->end_hi_us);
	earlier = ids_take(&a->earlier, start_us, end_us, j->networks.data, like);
	if (!earlier)
		return;
	memcpy(j->id, earlier->id, sizeof(j->id));
	j->ended_us = earlier->end_us;
}

/* A new one is named by what it is: country, family, networks and the window in which it
 * began. */
static void
name_event(struct judged *j, struct analysis *a, const struct event *event)
{
	struct buf text = {0};
	uint8_t hash[HASH_BYTES];
	char id[sizeof(j->id)];

	buf_printf(&text, "%s\n%s\n%lld\n", event->country, j->networks.data,
		(long long)(event->start_hi_us / a->loaded.record.window_us));
	if (event->target != NO_TARGET)
		buf_puts(&text, a->loaded.targets[event->target].id);
	do {
		crypto_sha256(hash, text.data, text.len);
		crypto_hex(id, hash, (sizeof(id) - 1) / 2);
		buf_puts(&text, "\n");
	} while (is_in_use(id, a));
	memcpy(j->id, id, sizeof(j->id));
	j->ended_us = INT64_MAX;
	buf_free(&text);
}

/* First all that are what an earlier one was; then those of which there was only silence
 * before what was written down meanwhile came. */
static void
name_all(struct analysis *a)
{
	for (size_t i = 0; i < a->events_n; i++) {
		if (!a->judged[i].observations_n)
			continue;
		name_networks(&a->judged[i], a, &a->events[i]);
		keep_id(&a->judged[i], a, &a->events[i], IDS_SAME_KIND);
	}
	for (size_t i = 0; i < a->events_n; i++) {
		if (!a->judged[i].observations_n)
			continue;
		keep_id(&a->judged[i], a, &a->events[i], IDS_SILENCE);
		if (!a->judged[i].id[0])
			name_event(&a->judged[i], a, &a->events[i]);
	}
}

/* The segment that first shows an edge, and so what is proved of its time. */
static void
prove(int64_t *not_before_us, int64_t *not_after_us, const struct analysis *a,
	uint32_t probe, int64_t edge_us)
{
	const struct record *r = &a->loaded.record;
	size_t first;

	*not_before_us = *not_after_us = 0;
	if (record_find(&first, r, probe, edge_us, edge_us + 1)) {
		const struct loaded_segment *s =
			&a->loaded.probes[probe].segments[r->samples[first].segment];

		*not_before_us = s->anchor_utc_us;
		*not_after_us = s->received_utc_us;
	}
}

static void
prove_edges(struct described *d, const struct analysis *a, const struct event *event)
{
	for (uint32_t i = 0; i < event->n; i++) {
		const struct anomaly *x = &a->anomalies[event->first + i];

		if (x->start_hi_us == event->start_hi_us)
			prove(&d->start_not_before_us, &d->start_not_after_us, a,
				x->probe, x->start_hi_us);
		if (x->end_hi_us && x->end_hi_us == event->end_hi_us)
			prove(&d->end_not_before_us, &d->end_not_after_us, a, x->probe,
				x->end_hi_us);
	}
}

/* Of one probe's segments that reach into the time: where they begin, and the chain up to
 * the last of them. */
static void
hash_chain(struct buf *out, const struct loaded_probe *p, int64_t from, int64_t to)
{
	const struct loaded_segment *s = p->segments;
	size_t first = 0, end = p->segments_n;

	while (end > 0 && (!s[end - 1].first_utc_us || s[end - 1].first_utc_us > to))
		end--;
	while (first < end && (!s[first].first_utc_us || s[first].last_utc_us < from))
		first++;
	if (first == end)
		return;
	buf_printf(out, "%zu\n", first);
	buf_add(out, s[end - 1].chain, sizeof(s[end - 1].chain));
}

/* Hash over every segment, and the points of every imported series, that the verdict could
 * have looked at. */
static void
hash_inputs(struct described *d, const struct analysis *a, const struct event *event)
{
	int64_t from = event->start_lo_us - a->loaded.record.reference_us;
	int64_t to = event->end_hi_us ? event->end_hi_us : INT64_MAX;
	struct buf ids = {0};
	uint8_t hash[HASH_BYTES];

	for (size_t i = 0; i < a->loaded.record.probes_n; i++)
		hash_chain(&ids, &a->loaded.probes[i], from, to);
	for (size_t i = 0; i < a->loaded.record.points_n; i++) {
		const struct point *p = &a->loaded.points[i];

		if (p->utc_us <= to && p->utc_us >= from &&
			!strcmp(p->country, event->country))
			buf_printf(&ids, "%u,%u,%lld,%lld\n", p->metric, p->asn,
				(long long)p->utc_us, (long long)p->value_micro);
	}
	crypto_sha256(hash, ids.data, ids.len);
	crypto_hex(d->baseline_hash, hash, sizeof(hash));
	memcpy(d->targets_hash, a->loaded.targets_hash, sizeof(d->targets_hash));
	buf_free(&ids);
}

static void
describe(struct judged *j, const struct analysis *a, const struct event *event)
{
	struct described d = {
		.record = &a->loaded.record,
		.event = event,
		.anomalies = a->anomalies,
		.witness = &j->witness,
		.verdict = &j->verdict,
		.weights = a->weights,
		.observations = j->observations,
		.observations_n = j->observations_n,
		.lines = j->lines,
		.context = a->context,
		.context_n = a->context_n,
	};
	int64_t error_us;

	memcpy(d.id, j->id, sizeof(d.id));
	prove_edges(&d, a, event);
	hash_inputs(&d, a, event);
	verdict_json(&j->json, &d);
	history_state(&j->state, &d);
	memcpy(j->stored.id, j->id, sizeof(j->stored.id));
	memcpy(j->stored.country, event->country, sizeof(j->stored.country));
	strncpy(j->stored.class_name, verdict_class(&j->verdict),
		sizeof(j->stored.class_name) - 1);
	strncpy(j->stored.cause, verdict_cause(&j->verdict),
		sizeof(j->stored.cause) - 1);
	j->stored.start_utc_us =
		verdict_instant(&error_us, event->start_lo_us, event->start_hi_us);
	if (event->end_hi_us)
		j->stored.end_utc_us =
			verdict_instant(&error_us, event->end_lo_us, event->end_hi_us);
	j->stored.probability_ppm = j->verdict.class_ppm[j->verdict.class];
	j->stored.unofficial = !evidence_official(a->weights);
	j->stored.asns = buf_span(&j->asns);
	j->stored.networks = buf_span(&j->networks);
	j->stored.json = buf_span(&j->json);
}

/* Fetches the leaf hashes of all lines that any event points at, in one pass. */
static enum err
fetch_lines(struct analysis *a, struct store *store)
{
	size_t most = a->events_n * ROW_COUNT * OBSERVATION_LINES, n = 0;
	uint32_t *samples = room(most, sizeof(*samples));
	char(*leaves)[HASH_HEX_BYTES];
	enum err err;

	for (size_t e = 0; e < a->events_n; e++)
		for (size_t o = 0;
			!a->judged[e].stands && o < a->judged[e].observations_n; o++)
			for (uint32_t l = 0; l < a->judged[e].observations[o].lines_n;
				l++)
				samples[n++] = a->judged[e].observations[o].lines[l];
	leaves = room(n, sizeof(*leaves));
	err = leaves_find(leaves, store, &a->loaded, samples, n);
	n = 0;
	for (size_t e = 0; e < a->events_n; e++)
		for (size_t o = 0;
			!a->judged[e].stands && o < a->judged[e].observations_n; o++)
			for (uint32_t l = 0; l < a->judged[e].observations[o].lines_n;
				l++)
				memcpy(a->judged[e].lines[o][l], leaves[n++],
					sizeof(*leaves));
	free(leaves);
	free(samples);
	return err;
}

static struct findings
findings_of(const struct analysis *a)
{
	return (struct findings){
		a->detected, a->anomalies_n, a->anomalies, a->events, a->events_n};
}

/* The verdicts of the analysis before that nothing new can have changed. */
static void
keep_standing(struct analysis *a)
{
	struct findings now = findings_of(a);
	struct stand_until until;
	size_t hint = 0;

	if (!a->judged_before)
		return;
	until = stand_until(&a->before, &now, a->loaded.changed_utc_us);
	for (size_t i = 0; i < a->events_n; i++) {
		size_t was = stand_find(&a->before, &now, i, &until, hint);
		struct judged *j = &a->judged[i];
		const struct judged *from;

		if (was == STAND_NONE)
			continue;
		hint = was + 1;
		from = &a->judged_before[was];
		j->stands = true;
		j->witness = from->witness;
		j->verdict = from->verdict;
		j->observations_n = from->observations_n;
		memcpy(j->observations, from->observations, sizeof(j->observations));
		memcpy(j->lines, from->lines, sizeof(j->lines));
	}
}

/* The pure steps, in the order the data flows. */
static void
compute(struct analysis *a)
{
	const struct record *r = &a->loaded.record;
	struct joined joined;

	watch_take(&a->watch, &a->loaded.changed_utc_us, r, a->loaded.fresh);
	a->loaded.record.answers = &a->watch.answers;
	a->anomalies_n = watch_end(&a->detected, &a->watch, r);
	a->anomalies = room(a->anomalies_n, sizeof(*a->anomalies));
	memcpy(a->anomalies, a->detected, a->anomalies_n * sizeof(*a->anomalies));
	a->events = room(a->anomalies_n, sizeof(*a->events));
	a->events_n = join(a->events, a->anomalies, a->anomalies_n, r);
	a->judged = room(a->events_n, sizeof(*a->judged));
	joined = (struct joined){.anomalies = a->anomalies,
		.anomalies_n = a->anomalies_n,
		.events = a->events,
		.events_n = a->events_n};
	keep_standing(a);
	for (size_t i = 0, n = 0; i < a->events_n; i++) {
		struct judged *j = &a->judged[i];

		if (j->stands)
			continue;
		j->observations_n = observe(
			j->observations, &j->witness, &a->events[i], &joined, r);
		classify(&j->verdict, j->observations, j->observations_n, a->weights);
		if (++n % REST_EVENTS == 0)
			load_rest(&a->loaded);
	}
}

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

		if (e->withdrawn || e->end_us < since_utc_us)
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

/* All or nothing: what is said, and what of it is said otherwise than before. */
static enum err
write_all(const struct analysis *a, struct store *store,
	const struct store_event *events, size_t n, int64_t since_utc_us)
{
	struct history history;
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
	if (err == OK)
		err = history_end(&history);
	if (err == OK)
		return store_commit(store);
	store_rollback(store);
	return err;
}

static enum err
keep(struct analysis *a, struct store *store, int64_t since_utc_us)
{
	struct store_event *events = room(a->events_n + a->imported.n, sizeof(*events));
	size_t n = 0;
	enum err err;

	name_all(a);
	for (size_t i = 0; i < a->events_n; i++) {
		if (!a->judged[i].observations_n)
			continue;
		/* What had ended by then stays as it is. */
		if (a->judged[i].ended_us < since_utc_us)
			continue;
		describe(&a->judged[i], a, &a->events[i]);
		events[n++] = a->judged[i].stored;
	}
	for (size_t i = 0; i < a->imported.n; i++)
		if (!since_utc_us ||
			!ended_before(a, a->imported.events[i].id, since_utc_us))
			events[n++] = a->imported.events[i];
	err = write_all(a, store, events, n, since_utc_us);
	free(events);
	return err;
}

static void
forget_before(struct analysis *a)
{
	free((void *)(uintptr_t)a->before.detected);
	free((void *)(uintptr_t)a->before.anomalies);
	free((void *)(uintptr_t)a->before.events);
	free(a->judged_before);
	a->before = (struct findings){0};
	a->judged_before = NULL;
}

/* What was found now is what the next analysis builds on. */
static void
step_back(struct analysis *a)
{
	forget_before(a);
	for (size_t i = 0; i < a->events_n; i++) {
		buf_free(&a->judged[i].asns);
		buf_free(&a->judged[i].networks);
		buf_free(&a->judged[i].json);
		buf_free(&a->judged[i].state);
	}
	a->before = findings_of(a);
	a->judged_before = a->judged;
	a->detected = a->anomalies = NULL;
	a->events = NULL;
	a->judged = NULL;
	a->anomalies_n = a->events_n = 0;
	ids_free(&a->earlier);
	imported_free(&a->imported);
	free(a->context);
	a->context = NULL;
	a->context_n = 0;
	load_rest(&a->loaded);
}

void
analyze_open(struct analysis **analysis, const struct settings *settings,
	const struct weights *weights)
{
	*analysis = room(1, sizeof(**analysis));
	(*analysis)->settings = settings;
	(*analysis)->weights = weights ? weights : evidence_weights();
}

void
analyze_close(struct analysis *a)
{
	if (!a)
		return;
	forget_before(a);
	watch_forget(&a->watch);
	load_free(&a->loaded);
	free(a);
}

enum err
analyze_more(struct analysis *a, struct store *store, int64_t since_utc_us,
	int64_t until_utc_us)
{
	enum err err;

	err = load_update(&a->loaded, store, a->settings, until_utc_us);
	if (!err)
		err = store_each_event_ever(store, remember, &a->earlier);
	if (err)
		goto done;
	compute(a);
	err = fetch_lines(a, store);
	if (!err)
		err = store_each_context(store, remember_context, a);
	if (!err)
		err = imported_read(&a->imported, store,
			&(struct imported_how){.earlier = &a->earlier,
				.weights = a->weights,
				.context = a->context,
				.context_n = a->context_n,
				.reference_us = a->settings->reference_us,
				.until_utc_us = until_utc_us});
	if (!err)
		err = keep(a, store, since_utc_us);
done:
	step_back(a);
	if (!err)
		return OK;
	/* The next one begins from nothing. */
	forget_before(a);
	watch_forget(&a->watch);
	load_free(&a->loaded);
	return err;
}

enum err
analyze_run(struct store *store, const struct settings *settings, int64_t since_utc_us,
	int64_t until_utc_us, const struct weights *weights)
{
	struct analysis *a = NULL;
	enum err err;

	analyze_open(&a, settings, weights);
	err = analyze_more(a, store, since_utc_us, until_utc_us);
	analyze_close(a);
	return err;
}
