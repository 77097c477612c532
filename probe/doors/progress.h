#pragma once

#include "probe/doors/fetch.h"

/* How far an exchange of fetch.h has got: it keeps the facts and tells the watcher. Where
 * facts is NULL nobody wants to know. */
struct progress {
	struct fetch_facts *facts;
	fetch_watch_fn *watch; /* NULL: nobody */
	void *arg; /* of watch */
	int fd; /* the socket in use, -1 none */
	int64_t socket_us; /* when the socket was made: the SYN leaves at once */
	int64_t request_us; /* when the request had left; both CLOCK_BOOTTIME */
	int64_t upload_bytes; /* of the body that goes out, 0 none is watched */
	int64_t record_bytes; /* of that body, in one record of TLS */
	int64_t given_bytes; /* to the kernel, before the first of that body */
	struct flow_looks *looks; /* at the body, either way; NULL: none is taken */
};

/* Reads what the kernel knows of the socket into the facts. */
void progress_look(struct progress *progress);
/* Looks, and tells the watcher. */
void progress_tell(struct progress *progress);
/* The next step begins; the stages only grow. */
void progress_step(struct progress *progress, enum stage stage);
/* The request's head has left. */
void progress_requested(struct progress *progress);
/* So much of the body was given to the kernel. */
void progress_gave(struct progress *progress, int64_t bytes);
/* The handshake of TCP is over: known when curl prepares the one of TLS, or the request. */
void progress_connected(struct progress *progress);
