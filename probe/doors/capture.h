#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/flow.h"
#include "common/measurement.h"
#include "probe/doors/socket.h"

/*
 * The packets of one TCP connection of our own -> the facts of common/flow.h, and its first reset.
 *
 * One process alone may capture (probe/keeper.c), and it reads no packet. Asked for a
 * connection it starts a worker that opens libpcap on all interfaces, lets the kernel's
 * filter take in that connection's headers alone, gives up every right, and only then reads.
 * Which connection that is the worker takes from the socket itself, which is handed over:
 * whoever asks can name no connection but one that it has.
 */

/* To the process that may capture, made before any fork. */
struct capture_way {
	int fd; /* -1: there is none, and */
	enum reason reason; /* why */
};

/* The header of IP of the far end's first packet: what its later ones are like. */
struct capture_answer {
	bool came, has_id;
	uint8_t hops; /* TTL or hop limit, as it arrived */
	uint16_t ip_id;
};

/* The first reset that came from the far end, as it was on the wire. */
#define CAPTURE_HEADERS_BYTES 100 /* of IP and TCP: 40 and 60 at the most */
struct capture_reset {
	uint8_t n; /* bytes of headers; 0: none came */
	uint8_t hops, flags;
	bool has_id;
	uint16_t ip_id, window;
	uint8_t headers[CAPTURE_HEADERS_BYTES];
};

struct capture_result {
	struct flow flow; /* without its list */
	struct flow_facts facts;
	uint32_t packets, dropped; /* taken in; for which there was no room */
	struct capture_answer answer;
	struct capture_reset reset;
};

struct capture {
	int fd; /* to the worker; -1: none, as at first, and */
	enum reason reason; /* why; none: it was not asked for yet */
	bool asked; /* for what there is so far */
	bool seen; /* a result came */
	struct capture_result result; /* the newest */
};

/* Before connect(): gives the socket a port of its own and waits until its packets are taken
 * in. Where that cannot be the connection is made all the same. */
void capture_begin(struct capture *capture, const struct capture_way *way, int socket,
	const union socket_address *to);
/* Asks for what there is so far, or takes it when it has come: without waiting. True: result
 * is new. */
bool capture_look(struct capture *capture);
/* The end: true when a last result came. Does nothing where there is none to end. */
bool capture_end(struct capture *capture);
/* Writes what was captured into the fields of a measurement, in place of what counters had
 * said; or why nothing was. */
void capture_note(struct measurement *m, const struct capture *capture);
/* The same of a connection that is no transfer: its resets, and the far end's first answer; where
 * nothing was captured, nothing. */
void capture_note_resets(struct measurement *m, const struct capture *capture);

/* ---- between the processes ---- */

/* With the socket to be captured and the worker's end of a pair. */
struct capture_ask {
	struct sockaddr_storage to;
};
/* To the worker, one byte; the answer is a struct capture_result. */
enum capture_word { CAPTURE_TELL = 'T', CAPTURE_END = 'E' };
/* From the worker, before anything else: none: it takes packets in; else why it does not. */
struct capture_ready {
	int32_t reason;
};
