#include "analyzer/ingest/answer.h"

#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "analyzer/ingest/arrivals.h"
#include "analyzer/ingest/notes.h"
#include "analyzer/reply.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mandate.h"
#include "common/squeeze.h"

static unsigned
status_of(enum opened opened)
{
	switch (opened) {
	case OPENED_STORED:
	case OPENED_AGAIN:
		return MHD_HTTP_OK;
	case OPENED_MALFORMED:
		return MHD_HTTP_BAD_REQUEST;
	case OPENED_UNSIGNED:
		return MHD_HTTP_UNPROCESSABLE_CONTENT;
	case OPENED_STRANGER:
		return MHD_HTTP_UNAUTHORIZED;
	case OPENED_FORBIDDEN:
		return MHD_HTTP_FORBIDDEN;
	case OPENED_CONFLICT:
		return MHD_HTTP_CONFLICT;
	case OPENED_OVER_QUOTA:
		return MHD_HTTP_TOO_MANY_REQUESTS;
	case OPENED_FULL:
		break;
	}
	return MHD_HTTP_SERVICE_UNAVAILABLE;
}

const char *
answer_bearer(struct MHD_Connection *connection)
{
	const char *value = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

	if (!value || strncmp(value, "Bearer ", 7) != 0)
		return NULL;
	return value + 7;
}

/* In place of the body what it holds, where it came packed: 0 to go on. */
static unsigned
unpack(const char **why, struct buf *body, struct MHD_Connection *connection)
{
	const char *coding = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_ENCODING);
	struct buf open = {0};

	if (!coding)
		return 0;
	*why = "the body may be packed with gzip, and in no other way";
	if (strcmp(coding, "gzip") != 0)
		return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	*why = "the body is not one member of gzip, or holds more than a segment may";
	if (!squeeze_open(&open, buf_span(body), SUBMIT_SEGMENT_MAX))
		return MHD_HTTP_BAD_REQUEST;
	buf_free(body);
	*body = open;
	return 0;
}

int
answer_submission(struct MHD_Connection *connection, const struct http_parts *parts,
	struct buf *body, const char *id)
{
	struct submission s = {
		.kind = id ? SUBMIT_SEGMENT : SUBMIT_ENROLMENT,
		.token = "",
		.now_utc_us = clock_utc_us(),
	};
	struct buf receipt = {0};
	const char *why = "";
	unsigned refused = unpack(&why, body, connection);
	enum opened opened;
	int result;

	if (refused != 0)
		return reply_problem(connection, refused, why, NULL);
	s.body = buf_span(body);
	if (id) {
		s.id = id;
		s.token = answer_bearer(connection);
	}
	opened = opener_submit(&receipt, &why, parts->opener, &s);
	log_detail("ingest: %s", opened_name(opened));
	if (status_of(opened) == MHD_HTTP_OK)
		result = reply_send(connection, MHD_HTTP_OK, &receipt, "text/plain");
	else
		result = reply_problem(connection, status_of(opened), why, NULL);
	buf_free(&receipt);
	return result;
}

int
answer_where(struct MHD_Connection *connection, const struct http_parts *parts)
{
	const char *nonce =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "nonce");
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *from = info ? info->client_addr : NULL;
	struct buf note = {0};
	struct place place;
	char address[64];
	int result;

	if (!from ||
		getnameinfo(from,
			from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						    : sizeof(struct sockaddr_in),
			address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0 ||
		!where_find(&place, parts->where, address))
		return reply_problem(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			"the address this came from cannot be read", NULL);
	if (!nonce || notes_write_where(&note, parts->identity, &place, nonce,
			      clock_utc_us()) != OK)
		return reply_problem(connection, MHD_HTTP_BAD_REQUEST,
			"nonce must be 32 lower-case hex digits", NULL);
	result = reply_send(connection, MHD_HTTP_OK, &note, "text/plain");
	buf_free(&note);
	return result;
}

/* Every byte of an unchanged list's answer is one of a metered line's. */
static int
send_targets(struct MHD_Connection *connection, const struct buf *note)
{
	const char *known = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	uint8_t hash[HASH_BYTES];
	char tag[MANDATE_TAG_BYTES + 2], hex[HASH_HEX_BYTES];
	struct MHD_Response *response;
	bool same;
	int result;

	crypto_sha256(hash, note->data, note->len);
	crypto_hex(hex, hash, sizeof hash);
	snprintf(tag, sizeof tag, "\"%.*s\"", MANDATE_TAG_BYTES - 1, hex);
	same = known && strcmp(known, tag) == 0;
	response = MHD_create_response_from_buffer(
		same ? 0 : note->len, note->data, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	if (!same)
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	result = MHD_queue_response(
		connection, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

int
answer_targets(struct MHD_Connection *connection, const struct http_parts *parts)
{
	struct buf note = {0};
	enum err err = opener_mandate(&note, parts->opener);
	int result;

	if (err == OK)
		result = send_targets(connection, &note);
	else if (err == ERR_NOT_FOUND)
		result = reply_problem(connection, MHD_HTTP_NOT_FOUND,
			"no target list is in force yet", NULL);
	else
		result = reply_problem(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			"the store cannot be read", NULL);
	buf_free(&note);
	return result;
}

int
answer_oneway(struct MHD_Connection *connection, const struct http_parts *parts,
	struct arrivals *arrivals)
{
	const char *batches = MHD_lookup_connection_value(
			   connection, MHD_GET_ARGUMENT_KIND, "batches"),
		   *token = answer_bearer(connection);
	uint8_t hash[HASH_BYTES];
	struct buf said = {0};
	int result;

	crypto_sha256(hash, token, strlen(token));
	if (!opener_knows(parts->opener, hash))
		result = reply_problem(connection, MHD_HTTP_UNAUTHORIZED,
			"no probe that may send has this token", NULL);
	else if (!batches || !arrivals_tell(&said, arrivals, hash,
				     (struct span){batches, strlen(batches)}))
		result = reply_problem(connection, MHD_HTTP_BAD_REQUEST,
			"batches must be 1 to 16 times 32 lower-case hex digits, a "
			"comma between two",
			NULL);
	else
		result = reply_send(connection, MHD_HTTP_OK, &said, "text/plain");
	buf_free(&said);
	return result;
}
