#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/socket.h"

/* A connection on which question and answer take turns, plain or inside something: each
 * call blocks until it is done, or until the stream's time is over. */
struct stream {
	/* All of it, or false. */
	bool (*send)(struct stream *stream, const void *bytes, size_t n);
	/* So many bytes that came, at most ${room}; 0: no more will. */
	size_t (*receive)(struct stream *stream, void *bytes, size_t room);
	void *arg; /* of whoever carries it */
	int fd;
	int64_t until_us; /* CLOCK_BOOTTIME */
	enum outcome outcome; /* why send() was false or receive() 0 */
	int os_error; /* errno behind it, 0 the system said none */
};

/* Waits for POLLIN or POLLOUT; false when the time is over. */
bool stream_wait(int fd, short events, int64_t until_us);

/* A TCP connection that does not block, made by that time: 0, an errno, or -1 when the time
 * was over. *fd is -1 when the socket itself was refused. */
int stream_connect(int *fd, const union socket_address *to, int64_t until_us);

/* The second half of it, over a socket that is open. */
int stream_reach(int fd, const union socket_address *to, int64_t until_us);

/* What a connection costs at least, should the counters never be read, and what ends it
 * after the last look at them: FIN, FIN and ACK, ACK. */
#define STREAM_GOODBYE_BYTES (3 * 52)
int64_t stream_syn_bytes(const union socket_address *to);

/* A plain stream over a connected socket that does not block. */
struct stream stream_plain(int fd, int64_t until_us);
