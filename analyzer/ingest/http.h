#pragma once

#include "analyzer/steps.h"

/*
 * The address that faces probes (FORMAT.md, "Ingest"): libmicrohttpd with TLS 1.3. Bodies
 * are handed to opener_submit() and nothing of them is read here; an answer leaves only
 * after that has returned, so after the commit.
 */
struct http;
struct http_parts {
	struct opener *opener;
	struct where_db *where;
	const struct identity *identity;
	const char *dir; /* of the TLS key */
	int64_t request_us; /* absolute deadline of one request */
};
NODISCARD enum err http_open(
	struct http **http, const struct http_parts *parts, const char *address);
/* Waits for the requests that are being answered. */
void http_close(struct http *http);
