#include "probe/doors/fetch_connection.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/log.h"
#include "probe/doors/socket.h"

/*
 * libcurl does TLS by OpenSSL, but its LDAP and RTMP bring GnuTLS with them, which starts
 * itself in every process: 1.1 MB of the probe at rest, for nothing. This is GnuTLS's own
 * switch against that (GNUTLS_SKIP_GLOBAL_INIT in its header); its users can still start it.
 */
int _gnutls_global_init_skip(void);

int
_gnutls_global_init_skip(void)
{
	return 1;
}

/* Between two looks at the network while nothing happens. */
#define TICK_MS 1000
#define UPLOAD_TICK_MS 10

enum err
fetch_open(struct fetch_connection **out)
{
	struct fetch_connection *c = calloc(1, sizeof(*c));

	if (!c)
		bug("no memory");
	/* OpenSSL writes with write(2); a peer that is gone must not end the child. */
	signal(SIGPIPE, SIG_IGN);
	c->progress.fd = -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		c->multi = curl_multi_init();
		c->curl = curl_easy_init();
	}
	if (!c->multi || !c->curl) {
		log_error("cannot start the HTTP library");
		fetch_close(c);
		return ERR_IO;
	}
	*out = c;
	return OK;
}

void
fetch_close(struct fetch_connection *c)
{
	if (!c)
		return;
	c->progress.facts = NULL;
	curl_easy_cleanup(c->curl);
	curl_multi_cleanup(c->multi);
	curl_global_cleanup();
	free(c);
}

static CURLcode
fetch_run(struct fetch_connection *c)
{
	bool upload = c->request->upload_bytes > 0;
	CURLcode code = CURLE_FAILED_INIT;
	CURLMsg *message;
	int running = 1, left;

	if (curl_multi_add_handle(c->multi, c->curl) != CURLM_OK)
		return code;
	while (running) {
		if (curl_multi_perform(c->multi, &running) != CURLM_OK ||
			(running && curl_multi_poll(c->multi, NULL, 0,
					    upload ? UPLOAD_TICK_MS : TICK_MS, NULL)))
			break;
		if (upload)
			progress_tell(&c->progress);
	}
	while ((message = curl_multi_info_read(c->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			code = message->data.result;
	curl_multi_remove_handle(c->multi, c->curl);
	return code;
}

static CURLcode
fetch_perform(struct fetch_connection *c, const struct fetch_request *r)
{
	struct fetch_lists lists = {0};
	CURLcode code = CURLE_FAILED_INIT;

	curl_easy_reset(c->curl); /* connections stay open */
	c->error[0] = 0;
	c->request = r;
	c->taken = 0;
	c->gave = 0;
	c->progress.socket_us = c->progress.request_us = 0;
	c->progress.upload_bytes = r->upload_bytes;
	c->progress.record_bytes = r->record_bytes;
	c->progress.given_bytes = 0;
	c->progress.looks = r->looks;
	if (fetch_set_events(c) && fetch_set_request(c, &lists, r))
		code = fetch_run(c);
	curl_slist_free_all(lists.headers);
	curl_slist_free_all(lists.connect_to);
	return code;
}

static void
fetch_keep(void *arg, const void *bytes, size_t n)
{
	buf_add(arg, bytes, n);
}

enum err
fetch_exchange(struct buf *answer, long *status, struct fetch_connection *c,
	const struct fetch_request *r)
{
	CURLcode code;

	*status = 0;
	if (!r->pin || strncmp(r->pin, "sha256//", 8)) {
		log_error("no key is pinned for the analyzer: nothing is sent");
		return ERR_CONFIG;
	}
	if (!fetch_url_fits(r, "https")) {
		log_error("the analyzer's endpoint must be https://ADDRESS:PORT: "
			  "nothing is sent");
		return ERR_CONFIG;
	}
	c->progress.facts = NULL;
	c->progress.watch = NULL;
	c->body = fetch_keep;
	c->arg = answer;
	c->public_only = false;
	code = fetch_perform(c, r);
	if (code == CURLE_OK) {
		curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, status);
		return OK;
	}
	if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
		log_error("the analyzer answered with another key than the pinned one: "
			  "nothing was sent");
		return ERR_SIGNATURE;
	}
	if (code == CURLE_WRITE_ERROR) {
		log_error("the analyzer's answer is longer than %zu bytes: dropped",
			r->max_answer);
		return ERR_LIMIT;
	}
	log_detail("no answer from the analyzer: %s", curl_easy_strerror(code));
	return ERR_PEER;
}

int64_t
fetch_sent_bytes(struct fetch_connection *c)
{
	curl_off_t sent = 0;

	curl_easy_getinfo(c->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
	return sent;
}

/* What TLS made of an error of the socket underneath stands in curl's sentence alone. */
static enum outcome
fetch_tls_outcome(struct fetch_connection *c, enum outcome else_outcome)
{
	if (strstr(c->error, strerror(ECONNRESET))) {
		c->progress.facts->os_error = ECONNRESET;
		return OUTCOME_connection_reset;
	}
	if (strstr(c->error, "SYSCALL") || strstr(c->error, "unexpected eof"))
		return OUTCOME_eof_error;
	return else_outcome;
}

static enum outcome
fetch_outcome(struct fetch_connection *c, CURLcode code)
{
	long error = 0;

	curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &error);
	c->progress.facts->os_error = (int)error;
	switch ((int)code) { /* curl's list is long and grows */
	case CURLE_OK:
		return OUTCOME_ok;
	case CURLE_WRITE_ERROR:
		return c->progress.facts->cut ? OUTCOME_ok : OUTCOME_unmeasured;
	case CURLE_COULDNT_CONNECT:
		if (c->progress.facts->reason != REASON_internal)
			return OUTCOME_unmeasured;
		c->progress.facts->reason = socket_reason(c->progress.facts->os_error);
		return socket_outcome(c->progress.facts->os_error);
	case CURLE_OPERATION_TIMEDOUT:
		return OUTCOME_generic_timeout_error;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return OUTCOME_eof_error;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return c->progress.facts->os_error
			       ? socket_outcome(c->progress.facts->os_error)
			       : fetch_tls_outcome(c, OUTCOME_eof_error);
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return OUTCOME_ssl_invalid_pin;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION: /* an older TLS: fetch_events.c */
		return fetch_tls_outcome(c, OUTCOME_ssl_failed_handshake);
	case CURLE_FAILED_INIT:
	case CURLE_OUT_OF_MEMORY:
		return OUTCOME_unmeasured;
	default:
		return OUTCOME_http_malformed;
	}
}

enum outcome
fetch_measure(struct fetch_facts *facts, struct fetch_connection *c,
	const struct fetch_request *r, fetch_watch_fn *watch, fetch_body_fn *body,
	void *arg)
{
	enum outcome outcome;

	*facts = (struct fetch_facts){.status = -1,
		.connect_us = -1,
		.first_byte_us = -1,
		.rtt_us = -1,
		.receive_rtt_us = -1,
		.retrans = -1,
		.wire_bytes = -1,
		.reason = REASON_internal};
	if (!fetch_url_fits(r, r->pin || r->attend ? "https" : "http")) {
		facts->reason = REASON_no_endpoint;
		return OUTCOME_unmeasured;
	}
	c->progress.facts = facts;
	c->progress.watch = watch;
	c->body = body;
	c->arg = c->progress.arg = arg;
	c->public_only = true;
	progress_step(&c->progress, STAGE_connect);
	outcome = fetch_outcome(c, fetch_perform(c, r));
	progress_tell(&c->progress);
	c->progress.facts = NULL;
	return outcome;
}

static void
fetch_note_location(struct measurement *m, const struct fetch_facts *facts)
{
	struct buf text = {0};

	if (!facts->location_n)
		return;
	crypto_base64(&text, facts->location, facts->location_n);
	if (measurement_set_text(m, FIELD_location, text.data) != OK)
		bug("a place of %zu characters", text.len);
	buf_free(&text);
}

void
fetch_note(struct measurement *m, const struct fetch_facts *facts)
{
	fetch_note_location(m, facts);
	if (facts->status >= 100 && facts->status <= 599)
		SET(m, status, facts->status);
	if (facts->connect_us >= 0)
		SET(m, connect_us, facts->connect_us);
	if (facts->first_byte_us >= 0)
		SET(m, first_byte_us, facts->first_byte_us);
	if (facts->rtt_us >= 0)
		SET(m, rtt_us, facts->rtt_us);
	if (facts->retrans >= 0)
		SET(m, retrans, facts->retrans);
}
