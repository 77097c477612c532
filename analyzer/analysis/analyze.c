#include "analyzer/analysis/analyze.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/judge.h"
#include "analyzer/analysis/keep.h"
#include "analyzer/report/history.h"
#include "analyzer/steps.h"
#include "common/log.h"

/* Calls the steps in order over what is stored, and passes on to the next analysis what
 * this one found. */

void *
analyze_room(size_t n, size_t size)
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

static void
forget_before(struct analysis *a)
{
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
	a->before = judge_findings(a);
	a->judged_before = a->judged;
	a->anomalies = NULL;
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
	*analysis = analyze_room(1, sizeof(**analysis));
	(*analysis)->settings = settings;
	(*analysis)->weights = weights ? weights : evidence_weights();
	evidence_version((*analysis)->version, (*analysis)->weights);
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
	if (!err)
		err = history_recall(&a->earlier, store);
	if (err)
		goto done;
	judge_all(a);
	err = judge_fetch_lines(a, store);
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
		err = keep_all(a, store, since_utc_us);
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
