#include "analyzer/serve/pages.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/ingest/address.h"
#include "analyzer/reply.h"
#include "analyzer/store/store.h"
#include "common/log.h"
#include "common/utc.h"

#define CONNECTIONS 64
#define IDLE_SECONDS 30
#define HEADER_BYTES (16 * 1024)
#define HTML_TYPE "text/html; charset=utf-8"

struct pages {
	struct store *store;
	struct MHD_Daemon *daemon;
	int fd;
};

/* ---- what is shown ---- */

static void
html(struct buf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		default:
			buf_add(out, text, 1);
		}
	}
}

static void
html_cell(struct buf *out, const char *text)
{
	buf_puts(out, "<td>");
	html(out, text);
	buf_puts(out, "</td>");
}

static void
html_event(void *arg, const struct store_event *e)
{
	struct buf *out = arg;
	char time[UTC_TEXT_BYTES], probability[32];

	buf_puts(out, "<tr><td><a href=\"/v1/events/");
	html(out, e->id);
	buf_puts(out, "\">");
	html(out, e->id);
	buf_puts(out, "</a></td>");
	html_cell(out, e->country);
	html_cell(out, e->class_name);
	html_cell(out, e->cause);
	snprintf(probability, sizeof probability, "%lld.%lld %%",
		(long long)(e->probability_ppm / 10000),
		(long long)(e->probability_ppm / 1000 % 10));
	html_cell(out, probability);
	utc_text(time, e->start_utc_us);
	html_cell(out, time);
	if (e->end_utc_us)
		utc_text(time, e->end_utc_us);
	html_cell(out, e->end_utc_us ? time : "still open");
	buf_puts(out, "</tr>\n");
}

static enum err
page_list(struct buf *out, struct store *store)
{
	enum err err;

	buf_puts(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>Faultline: events</title></head><body>\n<h1>Events</h1>\n"
		"<table><thead><tr><th>event</th><th>country</th><th>class</th>"
		"<th>cause</th><th>probability of the class</th><th>start (UTC)</th>"
		"<th>end (UTC)</th></tr></thead><tbody>\n");
	err = store_each_event(store, html_event, out);
	buf_puts(out, "</tbody></table>\n<p><a href=\"/v1/events\">The same as JSON</a>"
		      "</p></body></html>\n");
	return err;
}

static void
json_event(void *arg, const struct store_event *e)
{
	struct buf *out = arg;

	buf_puts(out, out->len > 2 ? ",\n" : "");
	buf_add(out, e->json.at, e->json.len);
}

static enum err
page_events(struct buf *out, struct store *store)
{
	enum err err;

	buf_puts(out, "[\n");
	err = store_each_event(store, json_event, out);
	buf_puts(out, "\n]\n");
	return err;
}

struct wanted {
	const char *id;
	struct buf *out;
};

static void
json_wanted(void *arg, const struct store_event *e)
{
	struct wanted *wanted = arg;

	if (strcmp(e->id, wanted->id) != 0)
		return;
	buf_add(wanted->out, e->json.at, e->json.len);
	buf_puts(wanted->out, "\n");
}

static enum err
page_health(struct buf *out, struct store *store)
{
	int64_t n = 0;
	enum err err = store_segment_count(&n, store);

	buf_puts(out, "ok\n");
	return err;
}

/* ---- requests ---- */

/* A web site that points its own name at this address (DNS rebinding) is refused: its
 * pages' scripts would read the events of whoever runs this. */
static bool
host_is_loopback(struct MHD_Connection *connection)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	struct span rest;

	if (!host)
		return false;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		rest = (struct span){host, strlen(host)};
		if (span_skip(&rest, names[i]) && (rest.len == 0 || rest.at[0] == ':'))
			return true;
	}
	return false;
}

static int
show(struct pages *pages, struct MHD_Connection *connection, const char *url)
{
	static const struct {
		const char *path, *type;
		enum err (*write)(struct buf *out, struct store *store);
	} routes[] = {
		{"/", HTML_TYPE, page_list},
		{"/v1/events", "application/json", page_events},
		{"/healthz", "text/plain", page_health},
	};
	struct buf body = {0};
	struct span path = {url, strlen(url)};
	struct wanted wanted = {NULL, &body};
	const char *type = NULL;
	enum err err = OK;
	int result;

	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (strcmp(url, routes[i].path) != 0)
			continue;
		type = routes[i].type;
		err = routes[i].write(&body, pages->store);
	}
	if (!type && span_skip(&path, "/v1/events/")) {
		wanted.id = path.at;
		err = store_each_event(pages->store, json_wanted, &wanted);
		if (body.len > 0)
			type = "application/json";
	}
	if (err != OK)
		result = reply_problem(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			"the store cannot be read", NULL);
	else if (!type)
		result = reply_problem(connection, MHD_HTTP_NOT_FOUND,
			"there is nothing at this address", NULL);
	else
		result = reply_send(connection, MHD_HTTP_OK, &body, type);
	buf_free(&body);
	return result;
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_n,
	void **state)
{
	(void)version;
	(void)upload;
	(void)upload_n;
	(void)state;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return reply_problem(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			"these pages can only be read", "GET, HEAD");
	if (!host_is_loopback(connection))
		return reply_problem(connection, MHD_HTTP_MISDIRECTED_REQUEST,
			"ask for localhost: these pages are for this machine", NULL);
	return show(arg, connection, url);
}

enum err
pages_open(struct pages **out, struct store *store, const char *address)
{
	struct pages *pages;
	char name[64];
	enum err err;
	int fd = -1;

	if (!address_is_loopback(address)) {
		log_error("%s: pages are served on a loopback address only, such as "
			  "127.0.0.1:8080; put a proxy in front to show them to others",
			address);
		return ERR_CONFIG;
	}
	err = address_listen(&fd, address);
	if (err != OK)
		return err;
	pages = calloc(1, sizeof *pages);
	if (!pages)
		bug("no memory");
	pages->store = store;
	address_name(name, fd);
	pages->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL,
		handle, pages, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!pages->daemon) {
		log_error(
			"cannot serve on %s: libmicrohttpd refused to start", address);
		close(fd);
		free(pages);
		return ERR_IO;
	}
	log_note("pages listen on http://%s/", name);
	*out = pages;
	return OK;
}

void
pages_close(struct pages *pages)
{
	if (!pages)
		return;
	MHD_stop_daemon(pages->daemon);
	free(pages);
}
