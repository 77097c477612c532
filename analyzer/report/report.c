#include "analyzer/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/load.h"
#include "analyzer/commands.h"
#include "analyzer/report/options.h"
#include "analyzer/report/page.h"
#include "analyzer/store/store.h"
#include "common/file.h"
#include "common/log.h"

/* ---- a page from the store ---- */

struct search {
	const char *id;
	struct buf *out;
};

static void
look(void *arg, const struct store_event *event)
{
	const struct search *search = arg;

	if (search->out->len || event->state == EVENT_HIDDEN ||
		strcmp(event->id, search->id) != 0)
		return;
	buf_add(search->out, event->json.at, event->json.len);
	buf_puts(search->out, "\n");
}

enum err
report_json(struct buf *out, struct store *store, const char *event)
{
	struct search search = {event, out};
	enum err err = store_each_event_ever(store, look, &search);

	if (err == OK && !out->len)
		return ERR_NOT_FOUND;
	return err;
}

static void
ask_for(struct timeline_ask *ask, const struct told *told)
{
	*ask = (struct timeline_ask){
		.start_lo_us = told->start.utc_us - told->start.error_us,
		.start_hi_us = told->start.utc_us + told->start.error_us,
		.by_region = !strcmp(told->level, "region"),
		.asns = told->asns,
		.asns_n = told->asns_n,
		.regions = told->regions,
		.regions_n = told->regions_n,
	};
	if (!told->open) {
		ask->end_lo_us = told->end.utc_us - told->end.error_us;
		ask->end_hi_us = told->end.utc_us + told->end.error_us;
	}
	strncpy(ask->country, told->country, sizeof ask->country - 1);
}

enum err
report_page(struct buf *out, struct store *store, const struct settings *settings,
	struct span json, bool served)
{
	struct told told;
	struct loaded loaded;
	struct timeline timeline;
	struct timeline_ask ask;
	struct page page = {.told = &told, .json = json, .served = served};
	enum err err;

	if (!told_read(&told, json))
		return ERR_NOT_FOUND;
	err = load_read(&loaded, store, settings, 0);
	if (err == OK && told.start.utc_us) {
		ask_for(&ask, &told);
		timeline_make(&timeline, &loaded.record, &ask);
		page.timeline = &timeline;
	}
	if (err == OK)
		page_write(out, &page);
	if (page.timeline)
		timeline_free(&timeline);
	load_free(&loaded);
	told_free(&told);
	return err;
}

/* ---- the command ---- */

struct ordered {
	const char *event, *out;
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct ordered *ordered = state->input;

	switch (key) {
	case 'o':
		ordered->out = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (ordered->event)
			argp_error(state, "%s: one event at a time", arg);
		ordered->event = arg;
		return 0;
	case ARGP_KEY_END:
		if (!ordered->event)
			argp_error(state, "which event? 'events' lists them");
		if (!ordered->out)
			argp_error(state, "say where: --out DIR");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum err
write_file(const char *dir, const char *name, const struct buf *bytes)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, dir, name);

	if (err == OK)
		err = file_write(path, bytes->data, bytes->len);
	if (err == OK)
		printf("%s\n", path);
	return err;
}

int
report_event(struct context *context, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"out", 'o', "DIR", 0, "the folder to write to; made if need be", 0},
		{0}};
	static const struct argp argp = {.options = options,
		.parser = parse,
		.args_doc = "EVENT",
		.doc = "Writes DIR/report.html, one page for people that needs nothing "
		       "else, and DIR/report.json, the verdict for programs.\v"
		       "For example:\n  faultline-analyzer report b558a2e4092cb7a6 "
		       "--out report"};
	struct ordered ordered = {0};
	struct buf json = {0}, page = {0};
	enum err err;

	options_parse(&argp, argc, argv, &ordered);
	err = report_json(&json, context->store, ordered.event);
	if (err == ERR_NOT_FOUND)
		log_error("there is no event %s; 'events' lists them", ordered.event);
	if (err == OK)
		err = report_page(&page, context->store, &context->settings,
			buf_span(&json), false);
	if (err == OK)
		err = file_mkdir(ordered.out);
	if (err == OK)
		err = write_file(ordered.out, "report.html", &page);
	if (err == OK)
		err = write_file(ordered.out, "report.json", &json);
	buf_free(&page);
	buf_free(&json);
	return err == OK ? 0 : 1;
}
