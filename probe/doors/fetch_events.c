#include "probe/doors/fetch_connection.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/address.h"
#include "common/clock.h"
#include "probe/doors/handshake.h"
#include "probe/doors/way.h"

/* The socket's own address is what counts, whatever the URL said. */
static curl_socket_t
fetch_on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch_connection *c = arg;
	union socket_address to = {0};

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (c->public_only && !address_is_public(&address->addr)) {
		c->progress.facts->reason = REASON_not_public;
		return CURL_SOCKET_BAD;
	}
	memcpy(&to, &address->addr,
		address->addrlen < sizeof(to) ? address->addrlen : sizeof(to));
	socket_lead(&to, c->request->interface ? c->request->interface : "");
	if (c->public_only && !to.way.interface[0] && way_is_tunnel(&to)) {
		c->progress.facts->reason = REASON_tunnel;
		return CURL_SOCKET_BAD;
	}
	errno = socket_open(&c->progress.fd, &to, address->socktype, address->protocol);
	if (c->progress.fd >= 0 && c->request->capture && c->request->capture_way)
		capture_begin(c->request->capture, c->request->capture_way,
			c->progress.fd, &to);
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

	(void)curl;
	if (c->request->attend)
		c->request->attend(context, c->request->attend_arg);
	else
		handshake_insist(context);
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
	if (c->progress.facts && c->request->header)
		c->request->header(c->arg, bytes, size * n);
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
	size_t record = c->request->record_bytes;
	size_t most = size * n < record ? size * n : record;
	size_t give = left < most ? left : most;

	memset(out, 0, give);
	c->gave += give;
	return give;
}

bool
fetch_set_events(struct fetch_connection *c)
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
	if (c->request->upload_bytes) {
		SET_OPTION(CURLOPT_READFUNCTION, fetch_on_upload);
		SET_OPTION(CURLOPT_READDATA, c);
	}
	SET_OPTION(CURLOPT_ERRORBUFFER, c->error);
	return !bad;
}
