#include "analyzer/steps.h"

#include <poll.h>
#include <time.h>

#include "analyzer/ingest/http.h"
#include "analyzer/serve/pages.h"
#include "analyzer/store/store.h"
#include "common/clock.h"
#include "common/log.h"

/* Each server has a view of the store of its own: an analysis that reads for seconds
 * keeps nobody waiting (WAL). */
struct serving {
	struct identity identity;
	struct where_db *where;
	struct store *opener_store, *pages_store;
	struct opener *opener;
	struct http *http;
	struct pages *pages;
};

static enum err
start(struct serving *s, const struct context *context, const char *ingest,
	const char *pages)
{
	const struct settings *settings = &context->settings;
	struct http_parts parts;
	enum err err = identity_open(&s->identity, context->dir);

	if (err == OK)
		err = where_open(&s->where, settings->asn_db, settings->country_db);
	if (err == OK)
		err = store_open(&s->opener_store, context->dir);
	if (err == OK)
		err = store_open(&s->pages_store, context->dir);
	if (err == OK)
		err = opener_open(&s->opener, s->opener_store, &s->identity, settings);
	if (err == OK)
		err = pages_open(&s->pages, s->pages_store, settings, pages);
	if (err != OK)
		return err;
	parts = (struct http_parts){
		s->opener, s->where, &s->identity, context->dir, settings->request_us};
	return http_open(&s->http, &parts, ingest);
}

static void
stop_all(struct serving *s)
{
	http_close(s->http);
	pages_close(s->pages);
	opener_close(s->opener);
	store_close(s->pages_store);
	store_close(s->opener_store);
	where_close(s->where);
	identity_close(&s->identity);
}

/* A failed analysis is tried again at the next turn: what is stored stays. */
static void
analyze_if_new(struct analysis *analysis, struct context *context, int64_t *seen)
{
	int64_t n = 0, now_utc_us = clock_utc_us();

	if (store_segment_count(&n, context->store) != OK || n == *seen)
		return;
	if (analyze_more(analysis, context->store, 0, now_utc_us) == OK)
		*seen = n;
}

/* The signals are open only while it waits: none is missed between look and sleep. */
static void
wait_us(int64_t us, const sigset_t *open)
{
	struct timespec span = {us / 1000000, us % 1000000 * 1000};

	ppoll(NULL, 0, &span, open);
}

enum err
serve_run(struct context *context, const char *ingest, const char *pages,
	const volatile sig_atomic_t *stop)
{
	struct serving s = {0};
	struct analysis *analysis = NULL;
	sigset_t ends, before;
	int64_t seen = -1;
	enum err err;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, &before);
	err = start(&s, context, ingest, pages);
	if (err == OK)
		analyze_open(&analysis, &context->settings, NULL);
	while (err == OK && !*stop) {
		analyze_if_new(analysis, context, &seen);
		wait_us(context->settings.analyze_us, &before);
	}
	analyze_close(analysis);
	stop_all(&s);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (err == OK)
		log_note("stopped");
	return err;
}
