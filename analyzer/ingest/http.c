#include "analyzer/ingest/http.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/ingest/address.h"
#include "analyzer/ingest/answer.h"
#include "analyzer/ingest/arrivals.h"
#include "analyzer/ingest/deadlines.h"
#include "analyzer/ingest/transfer.h"
#include "analyzer/reply.h"
#include "common/log.h"

#define THREADS 2
#define CONNECTIONS 512
#define CONNECTIONS_PER_ADDRESS 64 /* a carrier's NAT is one address */
#define HEADER_BYTES (16 * 1024)

struct http {
	struct http_parts parts;
	struct MHD_Daemon *daemon;
	struct deadlines *deadlines;
	struct arrivals *arrivals;
	struct buf tls_key, tls_cert;
	uint8_t *noise;
	int fd;
};

enum route {
	ROUTE_ENROLMENT,
	ROUTE_SEGMENT,
	ROUTE_WHERE,
	ROUTE_SPEED,
	ROUTE_UPLOAD,
	ROUTE_TARGETS,
	ROUTE_ONEWAY,
};

struct request {
	enum route route;
	struct buf body;
	char id[HASH_HEX_BYTES];
	struct transfer_upload upload;
};

static bool
find_route(struct request *r, const char **allowed, const char *method, const char *url)
{
	static const struct {
		const char *method, *path;
		enum route route;
		const char *allowed;
	} routes[] = {
		{"POST", "/v1/enroll", ROUTE_ENROLMENT, "POST"},
		{"GET", "/v1/where", ROUTE_WHERE, "GET"},
		{"GET", "/v1/speed", ROUTE_SPEED, "GET, POST"},
		{"POST", "/v1/speed", ROUTE_UPLOAD, "GET, POST"},
		{"GET", "/v1/targets", ROUTE_TARGETS, "GET"},
		{"GET", "/v1/oneway", ROUTE_ONEWAY, "GET"},
	};
	struct span path = {url, strlen(url)};
	uint8_t id[HASH_BYTES];

	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		if (strcmp(url, routes[i].path) != 0)
			continue;
		*allowed = routes[i].allowed;
		r->route = routes[i].route;
		if (strcmp(method, routes[i].method) == 0)
			return true;
	}
	if (*allowed)
		return false;
	if (!span_skip(&path, "/v1/segments/") || !crypto_unhex(id, sizeof id, path))
		return false;
	*allowed = "PUT";
	r->route = ROUTE_SEGMENT;
	crypto_hex(r->id, id, sizeof id);
	return strcmp(method, *allowed) == 0;
}

/* By the headers alone, before a byte of the body is taken: 0 to go on. */
static unsigned
refuse_early(
	const char **why, const struct request *r, struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t most = 0, n;

	if (r->route == ROUTE_ENROLMENT)
		most = SUBMIT_ENROLMENT_MAX;
	if (r->route == ROUTE_SEGMENT)
		most = SUBMIT_SEGMENT_MAX;
	if (r->route == ROUTE_UPLOAD)
		most = TRANSFER_BYTES_MAX;
	if ((r->route == ROUTE_SEGMENT || r->route == ROUTE_ONEWAY) &&
		!answer_bearer(connection)) {
		*why = "the token is missing: Authorization: Bearer <token>";
		return MHD_HTTP_UNAUTHORIZED;
	}
	if (!length &&
		(most > 0 || MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
				     MHD_HTTP_HEADER_TRANSFER_ENCODING))) {
		*why = "the length of the body must be said before it";
		return MHD_HTTP_LENGTH_REQUIRED;
	}
	if (length && !span_number(&n, (struct span){length, strlen(length)}, most)) {
		*why = r->route == ROUTE_UPLOAD
			       ? "an upload has at most 2097152 bytes"
			       : "this is longer than any segment may be";
		return MHD_HTTP_CONTENT_TOO_LARGE;
	}
	return 0;
}

static int
begin(struct request **out, struct MHD_Connection *connection, const char *method,
	const char *url)
{
	struct request *r = calloc(1, sizeof *r);
	const char *allowed = NULL, *why = "there is nothing at this address";
	unsigned status = MHD_HTTP_NOT_FOUND;
	bool found;

	if (!r)
		bug("no memory");
	found = find_route(r, &allowed, method, url);
	if (found)
		status = refuse_early(&why, r, connection);
	if (status == 0) {
		*out = r;
		return MHD_YES;
	}
	free(r);
	if (allowed && !found)
		return reply_problem(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			"this address takes another method", allowed);
	return reply_problem(connection, status, why, NULL);
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_n,
	void **state)
{
	struct http *http = arg;
	struct request *r = *state;

	(void)version;
	if (!r)
		return begin((struct request **)state, connection, method, url);
	if (*upload_n > 0 && r->route == ROUTE_UPLOAD) {
		transfer_count(&r->upload, *upload_n);
		*upload_n = 0;
		return MHD_YES;
	}
	if (*upload_n > 0) {
		buf_add(&r->body, upload, *upload_n);
		*upload_n = 0;
		return MHD_YES;
	}
	switch (r->route) {
	case ROUTE_ENROLMENT:
		return answer_submission(connection, &http->parts, &r->body, NULL);
	case ROUTE_SEGMENT:
		return answer_submission(connection, &http->parts, &r->body, r->id);
	case ROUTE_WHERE:
		return answer_where(connection, &http->parts);
	case ROUTE_SPEED:
		return transfer_send(connection, http->noise);
	case ROUTE_TARGETS:
		return answer_targets(connection, &http->parts);
	case ROUTE_ONEWAY:
		return answer_oneway(connection, &http->parts, http->arrivals);
	case ROUTE_UPLOAD:
		return transfer_answer(connection, &r->upload);
	}
	return MHD_NO;
}

static void
connection_changed(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_ConnectionNotificationCode what)
{
	struct http *http = arg;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*state)
			deadlines_leave(http->deadlines, *state);
		*state = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info)
		*state = deadlines_enter(http->deadlines, info->connect_fd);
}

static void
request_ended(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	struct http *http = arg;
	struct request *r = *state;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	if (info && info->socket_context && why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		deadlines_renew(http->deadlines, info->socket_context);
	if (!r)
		return;
	if (r->body.data)
		crypto_wipe(r->body.data, r->body.len); /* an enrolment's code */
	buf_free(&r->body);
	free(r);
	*state = NULL;
}

/* What strangers provoke is no news to the operator. */
__attribute__((format(printf, 2, 0))) static void
library_says(void *arg, const char *format, va_list values)
{
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof text, format, values);
	text[strcspn(text, "\n")] = '\0';
	log_detail("libmicrohttpd: %s", text);
}

static enum err
start(struct http *http, const char *address)
{
	char name[64];
	/* By poll(2): its epoll loop spins for as long as a TLS handshake waits for the rest
	 * of itself (0.9.75), a processor for each network that is cut or each idle hello. */
	unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_TLS;

	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, http,
		MHD_OPTION_EXTERNAL_LOGGER, library_says, NULL,
		MHD_OPTION_LISTEN_SOCKET, http->fd, MHD_OPTION_HTTPS_MEM_KEY,
		http->tls_key.data, MHD_OPTION_HTTPS_MEM_CERT, http->tls_cert.data,
		MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3",
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_ADDRESS,
		MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)(http->parts.request_us / 1000000 + 1),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
		request_ended, http, MHD_OPTION_NOTIFY_CONNECTION, connection_changed,
		http, MHD_OPTION_END);
	if (!http->daemon) {
		log_error(
			"cannot serve on %s: libmicrohttpd refused to start", address);
		return ERR_IO;
	}
	address_name(name, http->fd);
	log_note("ingest listens on %s", name);
	http->fd = -1; /* the library closes it */
	return OK;
}

enum err
http_open(struct http **out, const struct http_parts *parts, const char *address)
{
	struct http *http = calloc(1, sizeof *http);
	char name[64];
	enum err err;

	if (!http)
		bug("no memory");
	http->parts = *parts;
	http->fd = -1;
	http->noise = malloc(TRANSFER_BYTES_MAX);
	if (!http->noise)
		bug("no memory");
	crypto_random(http->noise, TRANSFER_BYTES_MAX);
	err = identity_tls(&http->tls_key, &http->tls_cert, parts->dir);
	if (err == OK)
		err = address_listen(&http->fd, address);
	/* The port may have been the system's to choose. */
	if (err == OK) {
		address_name(name, http->fd);
		err = arrivals_open(
			&http->arrivals, parts->opener, parts->identity, name);
	}
	if (err == OK)
		err = deadlines_open(&http->deadlines, parts->request_us);
	if (err == OK)
		err = start(http, address);
	if (err != OK) {
		http_close(http);
		return err;
	}
	*out = http;
	return OK;
}

void
http_close(struct http *http)
{
	if (!http)
		return;
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	arrivals_close(http->arrivals);
	deadlines_close(http->deadlines);
	if (http->fd >= 0)
		close(http->fd);
	if (http->tls_key.data)
		crypto_wipe(http->tls_key.data, http->tls_key.len);
	buf_free(&http->tls_key);
	buf_free(&http->tls_cert);
	free(http->noise);
	free(http);
}
