#pragma once

#include "common/buf.h"

/*
 * How both addresses answer a request. Nothing is cached, framed, sniffed or referred
 * from. Returns MHD_YES, or MHD_NO (the connection is then closed).
 */
struct MHD_Connection;

int reply_send(struct MHD_Connection *connection, unsigned status,
	const struct buf *body, const char *type);
/* An RFC 9457 problem document. ${detail} is a sentence of our own, without '"' and '\'.
 * ${allow} (may be NULL) names the methods that would do (RFC 9110 section 15.5.6). */
int reply_problem(struct MHD_Connection *connection, unsigned status,
	const char *detail, const char *allow);
