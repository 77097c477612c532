#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "probe/doors/fetch.h"
#include "probe/doors/progress.h"

/* What the files of this door share: fetch.c makes the exchange, fetch_request.c tells curl
 * what is wanted, fetch_events.c hears from it how far it has got. */
struct fetch_connection {
	CURLM *multi; /* keeps the connection; curl's other way looks but once a second */
	CURL *curl;
	char error[CURL_ERROR_SIZE];

	/* The exchange that runs. */
	const struct fetch_request *request;
	struct progress progress;
	fetch_body_fn *body;
	void *arg;
	size_t taken; /* bytes of the answer's body so far */
	size_t gave; /* bytes of an upload so far */
	bool public_only;
};

/* Adds to an ${unsigned bad} whether curl refused the option. */
#define SET_OPTION(option, value) (bad |= curl_easy_setopt(c->curl, option, value))

/* Lets curl call fetch_events.c. False, here and below: it refused an option. */
bool fetch_set_events(struct fetch_connection *c);

/* What curl reads while the exchange runs; the caller's to free. */
struct fetch_lists {
	struct curl_slist *headers, *connect_to;
};
/* Tells what is trusted, whom to ask, and for what. */
bool fetch_set_request(struct fetch_connection *c, struct fetch_lists *lists,
	const struct fetch_request *request);
/* Splits what can be asked for from what is refused: https (or http for measuring), and a
 * host that is an address unless one was given. */
bool fetch_url_fits(const struct fetch_request *request, const char *scheme);
