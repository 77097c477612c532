#include "analyzer/reply.h"

#include <microhttpd.h>

#define RETRY_AFTER "300" /* seconds */

/* Takes no notice of a header that does not fit: the answer matters more. */
static struct MHD_Response *
response_of(const struct buf *body, const char *type)
{
	static const char *const headers[][2] = {
		{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
		{"Content-Security-Policy",
			"default-src 'none'; frame-ancestors 'none'"},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
	};
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body->len, body->data, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return NULL;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	return response;
}

static enum MHD_Result
queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return result;
}

int
reply_send(struct MHD_Connection *connection, unsigned status, const struct buf *body,
	const char *type)
{
	struct MHD_Response *response = response_of(body, type);

	return response ? queue(connection, status, response) : MHD_NO;
}

int
reply_problem(struct MHD_Connection *connection, unsigned status, const char *detail,
	const char *allow)
{
	struct buf body = {0};
	struct MHD_Response *response;

	buf_printf(&body,
		"{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,"
		"\"detail\":\"%s\"}\n",
		MHD_get_reason_phrase_for(status), status, detail);
	response = response_of(&body, "application/problem+json");
	buf_free(&body);
	if (!response)
		return MHD_NO;
	if (allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE ||
		status == MHD_HTTP_TOO_MANY_REQUESTS)
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER);
	return queue(connection, status, response);
}
