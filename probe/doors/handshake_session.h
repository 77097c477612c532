#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/handshake.h"
#include "probe/doors/stream.h"

/* A connection whose handshakes are done, as whoever talks over it has it in hand. */

/* Hands all of it to the network; false when it was not taken by then (CLOCK_BOOTTIME), or
 * the connection is broken, and how: generic_timeout_error, or as of handshake_read(). */
bool handshake_write(struct handshake_session *session, const void *bytes, size_t n,
	int64_t until_us, enum outcome *outcome, int *os_error);
/* What has come: so many bytes; 0 nothing yet; -1 the end, and how: eof_error where the
 * other end closed. os_error 0: the system said none. */
int handshake_read(struct handshake_session *session, void *bytes, size_t n,
	enum outcome *outcome, int *os_error);
/* Waits until something comes, until that time at the longest. */
void handshake_await(struct handshake_session *session, int64_t until_us);
bool handshake_counters(
	struct socket_tcp *tcp, const struct handshake_session *session);
/* The same as a stream, until that time. */
struct stream handshake_stream(struct handshake_session *session, int64_t until_us);
