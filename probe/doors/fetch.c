#include "probe/doors/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/address.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/log.h"
#include "probe/doors/progress.h"
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

/* The socket's own address is what counts, whatever the URL said. */
static curl_socket_t
fetch_on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch_connection *c = arg;

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (c->public_only && !address_is_public(&address->addr)) {
		c->progress.facts->reason = REASON_not_public;
		return CURL_SOCKET_BAD;
	}
	c->progress.fd = socket(
		address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	c->progress.socket_us = clock_boot_us();
	return c->progress.fd;
}

static int
fetch_on_close(void *arg, curl_socket_t fd)
{
	struct fetch_connection *c = arg;

	if (fd == c->progress.fd) {
		progress_look(&c->progress);
		c->progress.fd = -1;
	}
	return close(fd);
}

static CURLcode
fetch_on_tls(CURL *curl, void *context, void *arg)
{
	struct fetch_connection *c = arg;

	(void)curl, (void)context;
	progress_connected(&c->progress);
	progress_step(&c->progress, STAGE_tls_handshake);
	return CURLE_OK;
}

static int
fetch_on_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct fetch_connection *c = arg;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	progress_connected(&c->progress);
	progress_step(&c->progress, STAGE_request);
	return CURL_PREREQFUNC_OK;
}

/* Of all that curl has to tell, only the moment when the request has left. */
static int
fetch_on_debug(CURL *curl, curl_infotype type, char *bytes, size_t n, void *arg)
{
	struct fetch_connection *c = arg;

	(void)curl, (void)bytes, (void)n;
	if (type == CURLINFO_HEADER_OUT)
		progress_requested(&c->progress);
	return 0;
}

static int
fetch_on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
	curl_off_t up)
{
	struct fetch_connection *c = arg;
	curl_off_t started = 0;

	(void)down_all, (void)down, (void)up_all;
	progress_gave(&c->progress, up);
	/* curl keeps a first line without its end to itself; the timer knows of it. */
	if (!c->progress.facts || c->progress.facts->stage != STAGE_first_byte ||
		curl_easy_getinfo(c->curl, CURLINFO_STARTTRANSFER_TIME_T, &started) ||
		started <= 0) {
		progress_tell(&c->progress);
		return 0;
	}
	c->progress.facts->first_byte_us = clock_boot_us() - c->progress.request_us;
	progress_step(&c->progress, STAGE_body);
	return 0;
}

/* RFC 9110 section 10.2.2; the first one counts. */
static void
fetch_take_location(struct fetch_facts *facts, const char *bytes, size_t n)
{
	static const char name[] = "location:";
	size_t at = sizeof(name) - 1;

	if (facts->status < 300 || facts->status > 399 || facts->location_n || n < at ||
		strncasecmp(bytes, name, at))
		return;
	while (at < n && (bytes[at] == ' ' || bytes[at] == '\t'))
		at++;
	while (n > at && strchr(" \t\r\n", bytes[n - 1]))
		n--;
	n = n - at < sizeof(facts->location) ? n - at : sizeof(facts->location);
	memcpy(facts->location, bytes + at, n);
	facts->location_n = (uint16_t)n;
}

static size_t
fetch_on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch_connection *c = arg;
	long status = 0;

	if (c->progress.facts && c->progress.facts->first_byte_us < 0)
		c->progress.facts->first_byte_us =
			clock_boot_us() - c->progress.request_us;
	if (c->progress.facts &&
		!curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status) && status)
		c->progress.facts->status = status;
	if (c->progress.facts)
		fetch_take_location(c->progress.facts, bytes, size * n);
	progress_step(&c->progress, STAGE_body);
	return size * n;
}

static size_t
fetch_on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch_connection *c = arg;
	size_t room = c->request->max_answer - c->taken;
	size_t take = size * n < room ? size * n : room;

	c->taken += take;
	if (take && c->body)
		c->body(c->arg, bytes, take);
	if (take == size * n)
		return take;
	if (c->progress.facts)
		c->progress.facts->cut = true;
	return CURL_WRITEFUNC_ERROR;
}

/* Each piece becomes a record of its own. */
static size_t
fetch_on_upload(char *out, size_t size, size_t n, void *arg)
{
	struct fetch_connection *c = arg;
	size_t left = (size_t)c->request->upload_bytes - c->gave;
	size_t most = size * n < FETCH_RECORD_BYTES ? size * n : FETCH_RECORD_BYTES;
	size_t give = left < most ? left : most;

	memset(out, 0, give);
	c->gave += give;
	return give;
}

/* Splits what can be asked for from what is refused: https (or http for measuring), and
 * a host that is an address unless one was given. */
static bool
fetch_url_fits(const struct fetch_request *r, const char *scheme)
{
	CURLU *url = curl_url();
	char *has = NULL, *host = NULL;
	union socket_address address;
	bool fits = false;

	if (!url)
		bug("no memory");
	if (curl_url_set(url, CURLUPART_URL, r->url, 0) ||
		curl_url_get(url, CURLUPART_SCHEME, &has, 0) || strcmp(has, scheme) ||
		curl_url_get(url, CURLUPART_HOST, &host, 0))
		goto done;
	if (r->address) {
		fits = socket_parse(&address, r->address, 0);
		goto done;
	}
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = 0;
		fits = socket_parse(&address, host + 1, 0);
	} else {
		fits = socket_parse(&address, host, 0);
	}
done:
	curl_free(has);
	curl_free(host);
	curl_url_cleanup(url);
	return fits;
}

static struct curl_slist *
fetch_list_add(struct curl_slist *list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(list, text);

	if (!longer)
		bug("no memory");
	return longer;
}

#define SET_OPTION(option, value) (bad |= curl_easy_setopt(c->curl, option, value))

static bool
fetch_set_callbacks(struct fetch_connection *c)
{
	unsigned bad = 0;

	SET_OPTION(CURLOPT_OPENSOCKETFUNCTION, fetch_on_socket);
	SET_OPTION(CURLOPT_OPENSOCKETDATA, c);
	SET_OPTION(CURLOPT_CLOSESOCKETFUNCTION, fetch_on_close);
	SET_OPTION(CURLOPT_CLOSESOCKETDATA, c);
	SET_OPTION(CURLOPT_SSL_CTX_FUNCTION, fetch_on_tls);
	SET_OPTION(CURLOPT_SSL_CTX_DATA, c);
	SET_OPTION(CURLOPT_PREREQFUNCTION, fetch_on_request);
	SET_OPTION(CURLOPT_PREREQDATA, c);
	SET_OPTION(CURLOPT_DEBUGFUNCTION, fetch_on_debug);
	SET_OPTION(CURLOPT_DEBUGDATA, c);
	SET_OPTION(CURLOPT_VERBOSE, 1L);
	SET_OPTION(CURLOPT_XFERINFOFUNCTION, fetch_on_progress);
	SET_OPTION(CURLOPT_XFERINFODATA, c);
	SET_OPTION(CURLOPT_NOPROGRESS, 0L);
	SET_OPTION(CURLOPT_HEADERFUNCTION, fetch_on_header);
	SET_OPTION(CURLOPT_HEADERDATA, c);
	SET_OPTION(CURLOPT_WRITEFUNCTION, fetch_on_body);
	SET_OPTION(CURLOPT_WRITEDATA, c);
	SET_OPTION(CURLOPT_ERRORBUFFER, c->error);
	return !bad;
}

static bool
fetch_set_trust(struct fetch_connection *c, const struct fetch_request *r)
{
	unsigned bad = 0;

	SET_OPTION(CURLOPT_NOSIGNAL, 1L);
	SET_OPTION(CURLOPT_PROXY, "");
	SET_OPTION(CURLOPT_FOLLOWLOCATION, 0L);
	SET_OPTION(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET_OPTION(CURLOPT_PROTOCOLS_STR, r->pin ? "https" : "http");
	/* Nothing is checked but the pin, so the store of 140 authorities stays on disk:
	 * curl would parse it for every child. */
	SET_OPTION(CURLOPT_CAINFO, NULL);
	SET_OPTION(CURLOPT_CAPATH, NULL);
	if (r->pin) {
		SET_OPTION(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
		SET_OPTION(CURLOPT_SSL_ENABLE_ALPN, 0L);
		SET_OPTION(CURLOPT_SSL_VERIFYPEER, 0L);
		SET_OPTION(CURLOPT_SSL_VERIFYHOST, 0L);
		SET_OPTION(CURLOPT_PINNEDPUBLICKEY, r->pin);
	}
	return !bad;
}

static bool
fetch_set_request(struct fetch_connection *c, const struct fetch_request *r,
	struct curl_slist **headers, struct curl_slist **connect_to)
{
	struct buf text = {0};
	unsigned bad = 0;

	SET_OPTION(CURLOPT_URL, r->url);
	if (r->target)
		SET_OPTION(CURLOPT_REQUEST_TARGET, r->target);
	if (r->address) {
		buf_printf(&text,
			strchr(r->address, ':') ? "::[%s]:" : "::%s:", r->address);
		*connect_to = fetch_list_add(*connect_to, text.data);
		SET_OPTION(CURLOPT_CONNECT_TO, *connect_to);
		buf_clear(&text);
	}
	if (r->connect_limit_s)
		SET_OPTION(CURLOPT_CONNECTTIMEOUT, r->connect_limit_s);
	if (r->stall_limit_s) {
		SET_OPTION(CURLOPT_LOW_SPEED_LIMIT, 1L);
		SET_OPTION(CURLOPT_LOW_SPEED_TIME, r->stall_limit_s);
	}
	/* A plain request without this line is rare enough to mark the probe, and some
	 * servers refuse it. */
	if (!r->pin)
		SET_OPTION(CURLOPT_USERAGENT, "Mozilla/5.0");
	*headers = fetch_list_add(*headers, "Expect:");
	if (r->bearer) {
		buf_printf(&text, "Authorization: Bearer %s", r->bearer);
		*headers = fetch_list_add(*headers, text.data);
	}
	if (r->known) {
		buf_clear(&text);
		buf_printf(&text, "If-None-Match: \"%s\"", r->known);
		*headers = fetch_list_add(*headers, text.data);
	}
	if (r->upload_bytes) {
		SET_OPTION(CURLOPT_POST, 1L);
		SET_OPTION(CURLOPT_READFUNCTION, fetch_on_upload);
		SET_OPTION(CURLOPT_READDATA, c);
		SET_OPTION(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->upload_bytes);
	} else if (strcmp(r->method, "GET")) {
		SET_OPTION(CURLOPT_POSTFIELDS, r->body.len ? r->body.at : "");
		SET_OPTION(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
		SET_OPTION(CURLOPT_CUSTOMREQUEST, r->method);
	}
	if (strcmp(r->method, "GET"))
		*headers = fetch_list_add(
			*headers, "Content-Type: application/octet-stream");
	SET_OPTION(CURLOPT_HTTPHEADER, *headers);
	buf_free(&text);
	return !bad;
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
	struct curl_slist *headers = NULL, *connect_to = NULL;
	CURLcode code = CURLE_FAILED_INIT;

	curl_easy_reset(c->curl); /* connections stay open */
	c->error[0] = 0;
	c->request = r;
	c->taken = 0;
	c->gave = 0;
	c->progress.socket_us = c->progress.request_us = 0;
	c->progress.upload_bytes = r->upload_bytes;
	c->progress.given_bytes = 0;
	if (fetch_set_callbacks(c) && fetch_set_trust(c, r) &&
		fetch_set_request(c, r, &headers, &connect_to))
		code = fetch_run(c);
	curl_slist_free_all(headers);
	curl_slist_free_all(connect_to);
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
		if (c->progress.facts->reason == REASON_not_public)
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
	if (!fetch_url_fits(r, r->pin ? "https" : "http")) {
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
