#pragma once

#include "analyzer/ingest/http.h"

/*
 * What a probe is answered at each address of FORMAT.md, "Ingest", once its request is here
 * as a whole; the answers are libmicrohttpd's enum MHD_Result. Nothing of a body is read here
 * but whether it is packed.
 */
struct MHD_Connection;
struct arrivals;

/* The token that a request bears; NULL: none. */
const char *answer_bearer(struct MHD_Connection *connection);

/* A receipt, after opener_submit() has returned. id NULL: an enrolment; else a segment of
 * that name, whose request bears a token. A packed ${body} becomes what it holds. */
int answer_submission(struct MHD_Connection *connection, const struct http_parts *parts,
	struct buf *body, const char *id);
/* A where note for the address that asks. */
int answer_where(struct MHD_Connection *connection, const struct http_parts *parts);
/* The target list in force. */
int answer_targets(struct MHD_Connection *connection, const struct http_parts *parts);
/* What arrived of datagrams; the request bears a token. */
int answer_oneway(struct MHD_Connection *connection, const struct http_parts *parts,
	struct arrivals *arrivals);
