#include "probe/doors/fetch_connection.h"

#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "probe/doors/socket.h"

bool
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

static bool
fetch_set_trust(struct fetch_connection *c, const struct fetch_request *r)
{
	unsigned bad = 0;

	SET_OPTION(CURLOPT_NOSIGNAL, 1L);
	SET_OPTION(CURLOPT_PROXY, "");
	SET_OPTION(CURLOPT_FOLLOWLOCATION, 0L);
	SET_OPTION(CURLOPT_HTTP_VERSION,
		r->attend ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	SET_OPTION(CURLOPT_PROTOCOLS_STR, r->pin || r->attend ? "https" : "http");
	/* Nothing is checked but the pin, so the store of 140 authorities stays on disk:
	 * curl would parse it for every child. */
	SET_OPTION(CURLOPT_CAINFO, NULL);
	SET_OPTION(CURLOPT_CAPATH, NULL);
	if (r->pin || r->attend) {
		SET_OPTION(CURLOPT_SSL_VERIFYPEER, 0L);
		SET_OPTION(CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (r->pin) {
		SET_OPTION(CURLOPT_PINNEDPUBLICKEY, r->pin);
	}
	return !bad;
}

/* Where to, and how long at the most. */
static bool
fetch_set_way(struct fetch_connection *c, struct fetch_lists *lists,
	const struct fetch_request *r)
{
	struct buf text = {0};
	unsigned bad = 0;

	SET_OPTION(CURLOPT_URL, r->url);
	if (r->target)
		SET_OPTION(CURLOPT_REQUEST_TARGET, r->target);
	if (r->address) {
		buf_printf(&text,
			strchr(r->address, ':') ? "::[%s]:" : "::%s:", r->address);
		lists->connect_to = fetch_list_add(lists->connect_to, text.data);
		SET_OPTION(CURLOPT_CONNECT_TO, lists->connect_to);
	}
	if (r->connect_limit_s)
		SET_OPTION(CURLOPT_CONNECTTIMEOUT, r->connect_limit_s);
	if (r->stall_limit_s) {
		SET_OPTION(CURLOPT_LOW_SPEED_LIMIT, 1L);
		SET_OPTION(CURLOPT_LOW_SPEED_TIME, r->stall_limit_s);
	}
	buf_free(&text);
	return !bad;
}

static bool
fetch_set_headers(struct fetch_connection *c, struct fetch_lists *lists,
	const struct fetch_request *r)
{
	struct buf text = {0};
	unsigned bad = 0;

	/* What curl itself says: any other name beside its order of lines would mark the
	 * probe, and some servers refuse a request without one. */
	buf_printf(&text, "curl/%s", curl_version_info(CURLVERSION_NOW)->version);
	if (!r->pin)
		SET_OPTION(CURLOPT_USERAGENT, text.data);
	buf_clear(&text);
	lists->headers = fetch_list_add(lists->headers, "Expect:");
	if (r->bearer) {
		buf_printf(&text, "Authorization: Bearer %s", r->bearer);
		lists->headers = fetch_list_add(lists->headers, text.data);
	}
	if (r->known) {
		buf_clear(&text);
		buf_printf(&text, "If-None-Match: \"%s\"", r->known);
		lists->headers = fetch_list_add(lists->headers, text.data);
	}
	if (strcmp(r->method, "GET")) {
		buf_clear(&text);
		buf_printf(&text, "Content-Type: %s",
			r->type ? r->type : "application/octet-stream");
		lists->headers = fetch_list_add(lists->headers, text.data);
	}
	if (r->gzip)
		lists->headers =
			fetch_list_add(lists->headers, "Content-Encoding: gzip");
	if (r->type) {
		buf_clear(&text);
		buf_printf(&text, "Accept: %s", r->type);
		lists->headers = fetch_list_add(lists->headers, text.data);
	}
	SET_OPTION(CURLOPT_HTTPHEADER, lists->headers);
	buf_free(&text);
	return !bad;
}

static bool
fetch_set_body(struct fetch_connection *c, const struct fetch_request *r)
{
	unsigned bad = 0;

	if (r->upload_bytes) {
		SET_OPTION(CURLOPT_POST, 1L);
		SET_OPTION(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->upload_bytes);
	} else if (strcmp(r->method, "GET")) {
		SET_OPTION(CURLOPT_POSTFIELDS, r->body.len ? r->body.at : "");
		SET_OPTION(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
		SET_OPTION(CURLOPT_CUSTOMREQUEST, r->method);
	}
	return !bad;
}

bool
fetch_set_request(struct fetch_connection *c, struct fetch_lists *lists,
	const struct fetch_request *r)
{
	return fetch_set_trust(c, r) && fetch_set_way(c, lists, r) &&
	       fetch_set_headers(c, lists, r) && fetch_set_body(c, r);
}
