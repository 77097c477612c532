#include "analyzer/serve/pages.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/ingest/address.h"
#include "analyzer/reply.h"
#include "analyzer/report/report.h"
#include "analyzer/serve/choice.h"
#include "analyzer/serve/list.h"
#include "analyzer/store/store.h"
#include "common/log.h"

#define CONNECTIONS 64
#define IDLE_SECONDS 30
#define HEADER_BYTES (16 * 1024)
#define HTML_TYPE "text/html; charset=utf-8"
#define JSON_TYPE "application/json"
/* Events of one answer, unless it is asked for more or fewer. */
#define PEOPLE_EVENTS 50
#define SCRIPT_EVENTS 500

struct pages {
	struct store *store;
	const struct settings *settings;
	struct MHD_Daemon *daemon;
	struct buf key, page; /* the last page drawn, and what it was drawn from */
};

/* ---- what is shown ---- */

/* What a request gets: a body of a type, with a Link or none; or ${why} there is none. */
struct answer {
	struct buf body, link;
	const char *type;
	unsigned status; /* 0: as err says */
	const char *why;
};

struct asked {
	struct MHD_Connection *connection;
	const char *path;
};

static const char *
argument(void *arg, const char *name)
{
	return MHD_lookup_connection_value(arg, MHD_GET_ARGUMENT_KIND, name);
}

static void
put_link(struct buf *out, const char *path, const struct choice *choice,
	const struct choice_filter *filter)
{
	struct choice_filter next = *filter;

	if (!choice->more)
		return;
	choice_next(&next, choice);
	buf_printf(out, "<%s", path);
	choice_query(out, &next, true);
	buf_puts(out, ">; rel=\"next\"");
}

static enum err
show_events(struct answer *answer, struct pages *pages, const struct asked *asked)
{
	bool people = !strcmp(asked->path, "/");
	struct choice_filter filter;
	struct choice choice;
	enum err err;

	answer->type = people ? HTML_TYPE : JSON_TYPE;
	answer->why = choice_read(&filter, argument, asked->connection,
		people ? PEOPLE_EVENTS : SCRIPT_EVENTS);
	if (answer->why) {
		answer->status = MHD_HTTP_BAD_REQUEST;
		return OK;
	}
	err = choice_make(&choice, pages->store, &filter);
	if (people)
		list_page(&answer->body, &choice, &filter);
	else
		list_json(&answer->body, &choice);
	put_link(&answer->link, asked->path, &choice, &filter);
	choice_free(&choice);
	return err;
}

/* The page is drawn from all samples of the store: the same one again, as when a reader
 * comes back to it, is not drawn again while nothing new came in. */
static enum err
draw_page(struct buf *out, struct pages *pages, const char *path,
	const struct buf *json, bool served)
{
	struct buf key = {0};
	int64_t n = 0;
	enum err err = store_segment_count(&n, pages->store);

	buf_printf(&key, "%s\n%lld\n%s", path, (long long)n, json->data);
	if (err == OK && (!pages->key.len || strcmp(pages->key.data, key.data) != 0)) {
		buf_clear(&pages->page);
		buf_clear(&pages->key);
		err = report_page(&pages->page, pages->store, pages->settings,
			buf_span(json), served);
		if (err == OK)
			buf_add(&pages->key, key.data, key.len);
	}
	if (err == OK)
		buf_add(out, pages->page.data, pages->page.len);
	buf_free(&key);
	return err;
}

/* "<prefix><id><suffix>" -> id; false: it is another path. */
static bool
cut_id(char id[static 17], const char *path, const char *prefix, const char *suffix)
{
	struct span rest = {path, strlen(path)};
	size_t tail = strlen(suffix);

	if (!span_skip(&rest, prefix) || rest.len <= tail || rest.len - tail > 16 ||
		memcmp(rest.at + rest.len - tail, suffix, tail) != 0)
		return false;
	memcpy(id, rest.at, rest.len - tail);
	id[rest.len - tail] = '\0';
	return true;
}

static enum err
show_event(struct answer *answer, struct pages *pages, const struct asked *asked)
{
	static const struct {
		const char *prefix, *suffix;
		bool page, served;
	} routes[] = {
		{"/events/", "", true, true},
		{"/v1/events/", "/report.html", true, false},
		{"/v1/events/", "/report.json", false, false},
		{"/v1/events/", "", false, false},
	};
	struct buf json = {0};
	enum err err = ERR_NOT_FOUND;
	char id[17];

	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (!cut_id(id, asked->path, routes[i].prefix, routes[i].suffix))
			continue;
		err = report_json(&json, pages->store, id);
		answer->type = routes[i].page ? HTML_TYPE : JSON_TYPE;
		if (err == OK && routes[i].page)
			err = draw_page(&answer->body, pages, asked->path, &json,
				routes[i].served);
		else if (err == OK)
			buf_add(&answer->body, json.data, json.len);
		break;
	}
	buf_free(&json);
	return err;
}

static enum err
show_health(struct answer *answer, struct pages *pages, const struct asked *asked)
{
	int64_t n = 0;

	(void)asked;
	answer->type = "text/plain";
	buf_puts(&answer->body, "ok\n");
	return store_segment_count(&n, pages->store);
}

static enum err
show(struct answer *answer, struct pages *pages, const struct asked *asked)
{
	static const struct {
		const char *path;
		enum err (*show)(struct answer *answer, struct pages *pages,
			const struct asked *asked);
	} routes[] = {
		{"/", show_events},
		{"/v1/events", show_events},
		{"/healthz", show_health},
	};

	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (!strcmp(asked->path, routes[i].path))
			return routes[i].show(answer, pages, asked);
	return show_event(answer, pages, asked);
}

/* ---- requests ---- */

/* A web site that points its own name at this address (DNS rebinding) is refused: its
 * pages' scripts would read the events of whoever runs this. A number is no such name. */
static bool
host_is_loopback(struct MHD_Connection *connection)
{
	const char *host = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	struct span rest;
	char numeric[80];

	if (!host)
		return false;
	rest = (struct span){host, strlen(host)};
	if (span_skip(&rest, "localhost") && (rest.len == 0 || rest.at[0] == ':'))
		return true;
	if (address_is_loopback(host))
		return true;
	snprintf(numeric, sizeof numeric, "%.64s:80", host);
	return address_is_loopback(numeric);
}

/* A script gets a problem document, a person a page. */
static int
refuse(const struct asked *asked, unsigned status, const char *why, const char *allow)
{
	struct buf page = {0};
	int result;

	if (!strncmp(asked->path, "/v1/", 4))
		return reply_problem(asked->connection, status, why, allow);
	list_problem(&page, reply_title(status), why);
	result = reply_problem_page(asked->connection, status, &page, allow);
	buf_free(&page);
	return result;
}

static int
answer_to(struct pages *pages, const struct asked *asked)
{
	struct answer answer = {0};
	enum err err = show(&answer, pages, asked);
	int result;

	if (err == ERR_NOT_FOUND)
		result = refuse(asked, MHD_HTTP_NOT_FOUND,
			"there is nothing at this address", NULL);
	else if (err != OK)
		result = refuse(asked, MHD_HTTP_SERVICE_UNAVAILABLE,
			"the store cannot be read", NULL);
	else if (answer.why)
		result = refuse(asked, answer.status, answer.why, NULL);
	else
		result = reply_tagged(asked->connection, &answer.body, answer.type,
			answer.link.len ? answer.link.data : NULL);
	buf_free(&answer.body);
	buf_free(&answer.link);
	return result;
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_n,
	void **state)
{
	const struct asked asked = {connection, url};

	(void)version;
	(void)upload;
	(void)upload_n;
	(void)state;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(&asked, MHD_HTTP_METHOD_NOT_ALLOWED,
			"these pages can only be read", "GET, HEAD");
	if (!host_is_loopback(connection))
		return refuse(&asked, MHD_HTTP_MISDIRECTED_REQUEST,
			"ask for localhost: these pages are for this machine", NULL);
	return answer_to(arg, &asked);
}

enum err
pages_open(struct pages **out, struct store *store, const struct settings *settings,
	const char *address)
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
	pages->settings = settings;
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
	buf_free(&pages->key);
	buf_free(&pages->page);
	free(pages);
}
