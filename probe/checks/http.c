#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/crypto.h"
#include "common/log.h"
#include "probe/check.h"
#include "probe/doors/capture.h"
#include "probe/doors/endpoint.h"
#include "probe/doors/fetch.h"
#include "probe/doors/fingerprint.h"
#include "probe/doors/site.h"

#define PORT 80
#define BODY_BYTES_MAX ((size_t)256 * 1024)
#define HEAD_BYTES_MAX 16384
#define SHOWN_HEAD_MAX 2048

struct http_page {
	struct attempt *attempt;
	struct buf head, body;
	uint32_t asked_bytes; /* for the address */
};

static void
http_watch(void *arg, const struct fetch_facts *facts)
{
	struct http_page *page = arg;

	check_step(page->attempt, facts->stage);
	fetch_note(&page->attempt->m, facts);
	if (facts->wire_bytes >= 0)
		page->attempt->bytes = page->asked_bytes + (uint32_t)facts->wire_bytes;
}

static void
http_take_body(void *arg, const void *bytes, size_t n)
{
	struct http_page *page = arg;

	buf_add(&page->body, bytes, n);
	SET(&page->attempt->m, body_bytes, (int64_t)page->body.len);
}

static void
http_take_header(void *arg, const char *line, size_t n)
{
	struct http_page *page = arg;

	if (n <= HEAD_BYTES_MAX - page->head.len)
		buf_add(&page->head, line, n);
}

/* Is it one that somebody has seen before where pages are blocked? */
static void
http_recognize(struct http_page *page)
{
	const struct inherited *inherited = page->attempt->job.inherited;
	const char *name;

	if (!inherited || !inherited->fingerprints)
		return;
	name = fingerprint_of_page(
		inherited->fingerprints, buf_span(&page->head), buf_span(&page->body));
	if (name &&
		measurement_set_text(&page->attempt->m, FIELD_fingerprint, name) != OK)
		bug("a name of %zu bytes", strlen(name));
}

/* Is it an answer that sites do not usually give: known from elsewhere, an error, the way to
 * another site, or of another kind than this target gave before? */
static bool
http_is_unlike(const struct attempt *attempt, const struct fetch_facts *facts)
{
	const struct job *job = &attempt->job;
	struct span location = {facts->location, facts->location_n};

	return attempt->m.has[FIELD_fingerprint] || facts->status >= 400 ||
	       site_is_another(location, job->target.host) ||
	       (job->usual_status && job->usual_status / 100 != facts->status / 100);
}

/* Of the head what tells who answers. The rest changes with every answer, so that no two would
 * be the same exhibit, or is meant for whoever asked. */
static void
http_show_head(struct buf *shown, struct span head)
{
	static const char *const names[] = {
		"HTTP/", "Content-Type:", "Location:", "Server:", "Via:"};
	struct span line;

	while (span_line(&line, &head))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (line.len >= strlen(names[i]) &&
				!strncasecmp(line.at, names[i], strlen(names[i])) &&
				shown->len + line.len < SHOWN_HEAD_MAX) {
				buf_add(shown, line.at, line.len);
				buf_puts(shown, "\n");
			}
	buf_puts(shown, "\n");
}

static void
http_show(struct http_page *page, const struct fetch_facts *facts)
{
	struct buf shown = {0};
	size_t n = page->body.len;

	if (facts->status < 0 || !http_is_unlike(page->attempt, facts))
		return;
	http_show_head(&shown, buf_span(&page->head));
	if (n > EXHIBIT_BYTES_MAX - shown.len)
		n = EXHIBIT_BYTES_MAX - shown.len;
	if (n)
		buf_add(&shown, page->body.data, n);
	check_show(page->attempt, EXHIBIT_KIND_page, buf_span(&shown));
	buf_free(&shown);
}

static void
http_hash_body(struct http_page *page)
{
	uint8_t hash[HASH_BYTES];
	char hex[HASH_HEX_BYTES];

	crypto_sha256(hash, page->body.data ? page->body.data : "", page->body.len);
	crypto_hex(hex, hash, sizeof(hash));
	if (measurement_set_text(&page->attempt->m, FIELD_body_sha256, hex) != OK)
		bug("a hash that does not fit");
}

static void
http_get(struct http_page *page, const struct endpoint *endpoint, uint16_t port)
{
	const struct target *target = &page->attempt->job.target;
	struct fetch_connection *connection = NULL;
	struct fetch_facts facts;
	struct capture capture = {.fd = -1};
	struct fetch_request request = {.method = "GET",
		.target = "/",
		.address = endpoint->text,
		.interface = endpoint->address.way.interface,
		.header = http_take_header,
		.capture = &capture,
		.capture_way = check_capture_way(page->attempt),
		.max_answer = BODY_BYTES_MAX};
	struct buf url = {0};
	enum outcome outcome;

	/* An IPv6 address as the host stands in brackets (RFC 3986 section 3.2.2). */
	buf_printf(&url,
		target->host[0] || !strchr(endpoint->text, ':') ? "http://%s:%u/"
								: "http://[%s]:%u/",
		target->host[0] ? target->host : endpoint->text, port);
	request.url = url.data;
	if (fetch_open(&connection) != OK) {
		check_unmeasured(page->attempt, REASON_internal);
		goto done;
	}
	outcome = fetch_measure(
		&facts, connection, &request, http_watch, http_take_body, page);
	http_watch(page, &facts);
	check_end_capture(page->attempt, &capture, outcome);
	http_recognize(page);
	http_show(page, &facts);
	if (outcome == OUTCOME_ok) {
		SET(&page->attempt->m, body_bytes, (int64_t)page->body.len);
		http_hash_body(page);
	}
	check_end_with(page->attempt, outcome, facts.reason, facts.os_error);
done:
	fetch_close(connection);
	buf_free(&url);
}

void
check_http(struct attempt *attempt)
{
	const struct target *target = &attempt->job.target;
	struct http_page page = {.attempt = attempt};
	struct endpoint endpoint;

	if (!check_find(&endpoint, attempt, PORT))
		return;
	page.asked_bytes = attempt->bytes;
	http_get(&page, &endpoint, target->port ? target->port : PORT);
	buf_free(&page.head);
	buf_free(&page.body);
}
