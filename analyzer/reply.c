#include "analyzer/reply.h"

#include <microhttpd.h>
#include <string.h>

#include "common/crypto.h"

#define RETRY_AFTER "300" /* seconds */
/* A page has its style inside it, and its form asks nobody but us. */
#define PAGE_POLICY                                                                    \
	"default-src 'none'; style-src 'unsafe-inline'; img-src data:; "               \
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
#define OTHER_POLICY "default-src 'none'; frame-ancestors 'none'"

/* Takes no notice of a header that does not fit: the answer matters more. */
static struct MHD_Response *
response_of(const struct buf *body, const char *type)
{
	static const char *const headers[][2] = {
		{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
	};
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body->len, body->data, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return NULL;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, "Content-Security-Policy",
		strncmp(type, "text/html", 9) ? OTHER_POLICY : PAGE_POLICY);
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

/* Whether a list of tags, or "*", holds this one; it is never weak. */
static bool
names_tag(const char *list, const char *tag)
{
	size_t n = strlen(tag);

	if (!list)
		return false;
	for (list += strspn(list, " ,"); *list; list += strspn(list, " ,")) {
		size_t here = strcspn(list, " ,");

		if ((here == 1 && *list == '*') || (here == n && !memcmp(list, tag, n)))
			return true;
		/* What a proxy made weak still names the same body. */
		if (here == n + 2 && !memcmp(list, "W/", 2) &&
			!memcmp(list + 2, tag, n))
			return true;
		list += here;
	}
	return false;
}

int
reply_tagged(struct MHD_Connection *connection, const struct buf *body,
	const char *type, const char *link)
{
	struct MHD_Response *response;
	struct buf nothing = {0};
	uint8_t hash[HASH_BYTES];
	char tag[HASH_HEX_BYTES + 2] = "\"";
	bool known;

	crypto_sha256(hash, body->data, body->len);
	crypto_hex(tag + 1, hash, HASH_BYTES / 2);
	strcat(tag, "\"");
	known = names_tag(MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
				  MHD_HTTP_HEADER_IF_NONE_MATCH),
		tag);
	response = response_of(known ? &nothing : body, type);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	if (link)
		MHD_add_response_header(response, MHD_HTTP_HEADER_LINK, link);
	return queue(connection, known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

const char *
reply_title(unsigned status)
{
	return MHD_get_reason_phrase_for(status);
}

/* The headers that an answer other than 200 owes. */
static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned status,
	struct MHD_Response *response, const char *allow)
{
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

int
reply_problem_page(struct MHD_Connection *connection, unsigned status,
	const struct buf *page, const char *allow)
{
	return refuse(connection, status, response_of(page, "text/html; charset=utf-8"),
		allow);
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
	return refuse(connection, status, response, allow);
}
