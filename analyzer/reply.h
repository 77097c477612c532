#pragma once

#include "common/buf.h"

/*
 * How both addresses answer a request. Nothing is cached, framed, sniffed or referred
 * from. Returns MHD_YES, or MHD_NO (the connection is then closed).
 */
struct MHD_Connection;

int reply_send(struct MHD_Connection *connection, unsigned status,
	const struct buf *body, const char *type);
/* 200, or 304 without a body to who names this very body in If-None-Match (RFC 9110
 * section 13.1.2). ${link} (may be NULL) is the value of Link (RFC 8288). */
int reply_tagged(struct MHD_Connection *connection, const struct buf *body,
	const char *type, const char *link);
/* An RFC 9457 problem document. ${detail} is a sentence of our own, without '"' and '\'.
 * ${allow} (may be NULL) names the methods that would do (RFC 9110 section 15.5.6). */
int reply_problem(struct MHD_Connection *connection, unsigned status,
	const char *detail, const char *allow);
/* The same for a person: ${page} says it. */
int reply_problem_page(struct MHD_Connection *connection, unsigned status,
	const struct buf *page, const char *allow);
/* "Not Found" */
const char *reply_title(unsigned status);
