#include "probe/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/note.h"
#include "common/squeeze.h"
#include "common/utc.h"
#include "probe/doors/fetch.h"
#include "probe/doors/way.h"

/* Of one shipment; a child that takes longer is ended, what it has left counts. */
/* A shipment begun in the dark would sit in TCP's back-off long after the light is back;
 * the next try begins afresh. Five round trips of a slow 2G line fit in. */
#define CONNECT_LIMIT_S 15
#define STALL_LIMIT_S 30
#define SHIP_MOST 32
#define ANSWER_MAX 2048
#define URL_BYTES (ENDPOINT_BYTES + 128)
/* Headers of HTTP, TLS, TCP and IP around one exchange. */
#define EXCHANGE_BYTES 600
/* A note longer than this does not fit into the line that carries it. */
#define NOTE_MAX 900

/* How a record lies in the page; behind it its body, padded to eight bytes. */
struct record_head {
	uint32_t kind, body_bytes, bytes, status, uplink, zero;
	int64_t boot_us;
	uint8_t id[HASH_BYTES];
};

/* Most bytes of an answer's body. */
static size_t
most_of(uint32_t kind)
{
	return kind == SHIP_LIST ? MANDATE_BYTES_MAX : ANSWER_MAX;
}

static size_t
padded(size_t n)
{
	return (n + 7) / 8 * 8;
}

bool
ship_record_next(struct ship_record *record, struct span *rest)
{
	struct record_head head;
	size_t whole;

	if (rest->len < sizeof(head))
		return false;
	memcpy(&head, rest->at, sizeof(head));
	if (head.kind == SHIP_NOTHING || head.kind > SHIP_REFUSED ||
		head.body_bytes > most_of(head.kind) || head.uplink >= UPLINKS_MAX)
		return false;
	whole = sizeof(head) + padded(head.body_bytes);
	if (whole > rest->len)
		return false;
	*record = (struct ship_record){.kind = head.kind,
		.bytes = head.bytes,
		.status = head.status,
		.uplink = head.uplink,
		.boot_us = head.boot_us,
		.body = {rest->at + sizeof(head), head.body_bytes}};
	memcpy(record->id, head.id, HASH_BYTES);
	rest->at += whole;
	rest->len -= whole;
	return true;
}

bool
ship_record_put(void *page, size_t page_bytes, const struct ship_record *record)
{
	struct span rest = {page, page_bytes};
	struct record_head head = {.kind = record->kind,
		.body_bytes = (uint32_t)record->body.len,
		.bytes = record->bytes,
		.status = record->status,
		.uplink = record->uplink,
		.boot_us = record->boot_us};
	struct ship_record skip;
	char *at;

	while (ship_record_next(&skip, &rest))
		;
	if (record->body.len > most_of(record->kind) ||
		sizeof(head) + padded(record->body.len) > rest.len)
		return false;
	memcpy(head.id, record->id, HASH_BYTES);
	at = (char *)page + (page_bytes - rest.len);
	/* The head last: a child that is ended in between leaves no half record. */
	if (record->body.len > 0)
		memcpy(at + sizeof(head), record->body.at, record->body.len);
	memcpy(at, &head, sizeof(head));
	return true;
}

bool
ship_places(const struct enrolment *enrolment)
{
	union socket_address to;

	return !socket_parse_url(&to, enrolment->endpoint) || !way_is_tunnel(&to);
}

void
ship_start(struct shipment *shipment, const struct enrolment *enrolment,
	struct spool *spool, int64_t now_us)
{
	uint8_t nonce[16];

	*shipment = (struct shipment){.enrolment = enrolment,
		.spool = spool,
		.started_us = now_us,
		.most = SHIP_MOST,
		.places = ship_places(enrolment)};
	for (size_t i = 0; i < UPLINKS_MAX; i++) {
		shipment->may[i] = true;
		crypto_random(nonce, sizeof(nonce));
		crypto_hex(shipment->nonces[i], nonce, sizeof(nonce));
	}
}

bool
ship_exchange(const struct ship_page *page, struct fetch_connection *connection,
	const struct fetch_request *request, enum ship_kind kind,
	const uint8_t id[static HASH_BYTES])
{
	struct ship_record record = {.kind = kind, .uplink = page->uplink};
	struct buf answer = {0};
	long status = 0;
	bool ok = false;

	if (fetch_exchange(&answer, &status, connection, request) != OK)
		goto done;
	/* A list that is known or not there yet is an answer like another. */
	if (status != 200 && (kind != SHIP_LIST || (status != 304 && status != 404)))
		record.kind = SHIP_REFUSED;
	record.status = (uint32_t)status;
	record.boot_us = clock_boot_us();
	record.bytes = (uint32_t)(request->body.len + answer.len + EXCHANGE_BYTES);
	memcpy(record.id, id, HASH_BYTES);
	if (status == 200)
		record.body = buf_span(&answer);
	ok = ship_record_put(page->at, page->bytes, &record);
done:
	buf_free(&answer);
	return ok && status / 100 != 5 && status != 401 && status != 403;
}

bool
ship_ask_where(const struct ship_page *page, struct fetch_connection *connection,
	const struct enrolment *e, const char *nonce, const char *interface)
{
	static const uint8_t no_id[HASH_BYTES];
	char url[URL_BYTES];

	snprintf(url, sizeof(url), "%s/v1/where?nonce=%s", e->endpoint, nonce);
	return ship_exchange(page, connection,
		&(struct fetch_request){.method = "GET",
			.url = url,
			.interface = interface,
			.pin = e->pin,
			.max_answer = ANSWER_MAX,
			.connect_limit_s = CONNECT_LIMIT_S,
			.stall_limit_s = STALL_LIMIT_S},
		SHIP_WHERE, no_id);
}

bool
ship_ask_list(const struct ship_page *page, struct fetch_connection *connection,
	const struct enrolment *e, const char *tag)
{
	static const uint8_t no_id[HASH_BYTES];
	char url[URL_BYTES];

	snprintf(url, sizeof(url), "%s/v1/targets", e->endpoint);
	return ship_exchange(page, connection,
		&(struct fetch_request){.method = "GET",
			.url = url,
			.pin = e->pin,
			.known = tag[0] != '\0' ? tag : NULL,
			.max_answer = MANDATE_BYTES_MAX,
			.connect_limit_s = CONNECT_LIMIT_S,
			.stall_limit_s = STALL_LIMIT_S},
		SHIP_LIST, no_id);
}

static bool
ship_ask_batches(const struct ship_page *page, struct fetch_connection *connection,
	const struct shipment *shipment)
{
	static const uint8_t no_id[HASH_BYTES];
	const struct enrolment *e = shipment->enrolment;
	char url[URL_BYTES + BATCHES_TEXT];

	snprintf(url, sizeof(url), "%s/v1/oneway?batches=%s", e->endpoint,
		shipment->batches);
	return ship_exchange(page, connection,
		&(struct fetch_request){.method = "GET",
			.url = url,
			.pin = e->pin,
			.bearer = e->token,
			.max_answer = ANSWER_MAX,
			.connect_limit_s = CONNECT_LIMIT_S,
			.stall_limit_s = STALL_LIMIT_S},
		SHIP_COUNTS, no_id);
}

static bool
ship_one(const struct ship_page *page, struct fetch_connection *connection,
	const struct shipment *shipment, const uint8_t id[static HASH_BYTES])
{
	const struct enrolment *e = shipment->enrolment;
	char url[URL_BYTES], hex[HASH_HEX_BYTES];
	struct buf segment = {0}, packed = {0};
	bool ok = true;

	crypto_hex(hex, id, HASH_BYTES);
	snprintf(url, sizeof(url), "%s/v1/segments/%s", e->endpoint, hex);
	/* One that cannot be read does not hold up the others. */
	if (spool_get(&segment, shipment->spool, id) == OK) {
		squeeze_pack(&packed, buf_span(&segment));
		ok = ship_exchange(page, connection,
			&(struct fetch_request){.method = "PUT",
				.url = url,
				.pin = e->pin,
				.bearer = e->token,
				.body = buf_span(&packed),
				.gzip = true,
				.max_answer = ANSWER_MAX,
				.connect_limit_s = CONNECT_LIMIT_S,
				.stall_limit_s = STALL_LIMIT_S},
			SHIP_RECEIPT, id);
	}
	buf_free(&packed);
	buf_free(&segment);
	return ok;
}

/* What is still to go, and over which connection. */
struct ship_load {
	struct ship_page page;
	const struct shipment *shipment;
	uint8_t ids[SHIP_MOST][HASH_BYTES];
	size_t n, next;
	bool done; /* all of it went */
};

static void
ship_segments(struct ship_load *load, struct fetch_connection *connection)
{
	const struct shipment *shipment = load->shipment;
	bool going = true;

	while (going && load->next < load->n)
		going = ship_one(
			&load->page, connection, shipment, load->ids[load->next++]);
	load->done = going;
	if (going && shipment->batches[0] != '\0')
		going = ship_ask_batches(&load->page, connection, shipment);
	/* Last: the evidence goes first over a line that may be cut again. */
	if (going && shipment->tag != NULL)
		(void)ship_ask_list(
			&load->page, connection, shipment->enrolment, shipment->tag);
}

/* ${interface} "": as the kernel routes. */
static void
ship_over(struct ship_load *load, size_t uplink, const char *interface)
{
	const struct shipment *shipment = load->shipment;
	struct fetch_connection *connection;
	bool going = true;

	if (fetch_open(&connection) != OK)
		return;
	load->page.uplink = (uint32_t)uplink;
	if (shipment->places)
		going = ship_ask_where(&load->page, connection, shipment->enrolment,
			shipment->nonces[uplink], interface);
	if (going && !load->done)
		ship_segments(load, connection);
	fetch_close(connection);
}

size_t
ship_ways(const struct shipment *shipment)
{
	return shipment->places && shipment->uplinks.n > 1 ? shipment->uplinks.n : 1;
}

/* Where the first uplink leads nowhere the second carries the evidence of both. */
void
ship_child(void *arg, void *at, size_t page_bytes)
{
	const struct shipment *shipment = arg;
	const struct uplinks *u = &shipment->uplinks;
	struct ship_load load = {.page = {at, page_bytes, 0}, .shipment = shipment};
	size_t most = shipment->most < SHIP_MOST ? shipment->most : SHIP_MOST;

	load.n = spool_list(load.ids, most, shipment->spool);
	if (ship_ways(shipment) == 1) {
		ship_over(&load, 0, "");
		return;
	}
	for (size_t i = 0; i < u->n; i++)
		if (shipment->may[i] &&
			(i == 0 || !load.done || shipment->places_second))
			ship_over(&load, i, u->names[i]);
}

/* "name value" -> the value; false when the next line is another. */
static bool
take(char *out, size_t room, struct span *rest, const char *name)
{
	size_t prefix = strlen(name);
	struct span line;

	if (!span_line(&line, rest) || line.len <= prefix + 1 ||
		memcmp(line.at, name, prefix) != 0 || line.at[prefix] != ' ' ||
		line.len - prefix - 1 >= room)
		return false;
	for (size_t i = prefix + 1; i < line.len; i++)
		if (line.at[i] <= ' ' || line.at[i] > '~' || line.at[i] == '"' ||
			line.at[i] == '\\')
			return false;
	memcpy(out, line.at + prefix + 1, line.len - prefix - 1);
	out[line.len - prefix - 1] = '\0';
	return true;
}

/* A note of the analyzer's with this first line -> its other lines. */
static bool
open_note(struct span *rest, struct span bytes, const char *origin,
	const uint8_t key[static PUBLIC_KEY_BYTES])
{
	char name[NOTE_KEY_NAME_BYTES], hex[17];
	struct note note;
	struct span line;

	crypto_hex(hex, key, 8);
	snprintf(name, sizeof(name), "faultline-analyzer-%s", hex);
	if (note_parse(&note, bytes) != OK || !note_verify(&note, name, key))
		return false;
	*rest = note.text;
	return span_line(&line, rest) && span_is(line, origin);
}

bool
ship_verify_receipt(struct span bytes, const uint8_t id[static HASH_BYTES],
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES])
{
	char said[HASH_HEX_BYTES], wanted[HASH_HEX_BYTES], time[UTC_TEXT_BYTES];
	struct span rest;
	int64_t utc_us;

	crypto_hex(wanted, id, HASH_BYTES);
	return open_note(&rest, bytes, "faultline/received", analyzer_key) &&
	       take(said, sizeof(said), &rest, "segment") &&
	       strcmp(said, wanted) == 0 && take(time, sizeof(time), &rest, "time") &&
	       utc_parse(&utc_us, time) && rest.len == 0;
}

bool
ship_read_where(struct where *where, struct span bytes, const char *nonce,
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES])
{
	char said[33], asn[16], time[UTC_TEXT_BYTES], *end;
	struct span rest;

	memset(where, 0, sizeof(*where));
	if (bytes.len > NOTE_MAX ||
		!open_note(&rest, bytes, "faultline/where", analyzer_key) ||
		!take(said, sizeof(said), &rest, "nonce") || strcmp(said, nonce) != 0 ||
		!take(asn, sizeof(asn), &rest, "asn") ||
		!take(where->country, sizeof(where->country), &rest, "country") ||
		!take(where->prefix, sizeof(where->prefix), &rest, "prefix") ||
		!take(time, sizeof(time), &rest, "time") ||
		!utc_parse(&where->utc_us, time) || rest.len != 0)
		return false;
	where->asn = strtoll(asn, &end, 10);
	return *end == '\0' && where->asn >= 0 && where->asn <= UINT32_MAX &&
	       strlen(where->country) == 2;
}

/* The nonce says over which uplink it was asked. */
static void
take_where(const struct ship_record *record, struct span body,
	const struct shipment *shipment, struct recorder *r)
{
	struct recorder *recorders[UPLINKS_MAX] = {r, shipment->second};
	struct where where;

	for (size_t i = 0; i < UPLINKS_MAX; i++)
		if (recorders[i] != NULL &&
			ship_read_where(&where, body, shipment->nonces[i],
				shipment->enrolment->analyzer_key))
			recorder_where(recorders[i], body, &where, record->boot_us);
}

/* One answer; true when it freed a segment. Its body is this process's own copy: what
 * was verified is what is used. */
static bool
take_answer(const struct ship_record *record, struct span body,
	const struct shipment *shipment, struct recorder *r, int64_t now_us)
{
	const struct enrolment *e = shipment->enrolment;

	switch ((enum ship_kind)record->kind) {
	case SHIP_RECEIPT:
		if (!ship_verify_receipt(body, record->id, e->analyzer_key)) {
			log_error("a receipt that the analyzer has not signed: the "
				  "segment stays");
			return false;
		}
		return spool_free(shipment->spool, record->id) == OK;
	case SHIP_WHERE:
		if (record->boot_us >= shipment->started_us &&
			record->boot_us <= now_us && shipment->places && ship_places(e))
			take_where(record, body, shipment, r);
		return false;
	case SHIP_REFUSED:
		log_note("the analyzer refused a segment or a question, status %u",
			record->status);
		if (record->status / 100 == 4 && record->status != 401 &&
			record->status != 403)
			spool_defer(shipment->spool, record->id);
		return false;
	case SHIP_NOTHING:
	case SHIP_TOKEN:
	case SHIP_LIST:
	case SHIP_COUNTS:
		break;
	}
	return false;
}

/* What the answer may have cost at most: the page is hostile. */
static uint32_t
cost_of(const struct ship_record *record)
{
	uint32_t most = SEGMENT_FILE_MAX + (uint32_t)most_of(record->kind);

	return record->bytes < most ? record->bytes : most;
}

/* A handshake for each uplink that was tried; the second is where nobody answered over the
 * first, too. */
static void
add_handshakes(struct shipped *shipped, const struct shipment *shipment)
{
	bool second = ship_ways(shipment) > 1 && shipment->may[1];

	if (!second || shipment->may[0])
		shipped->bytes[0] += SHIP_HANDSHAKE_BYTES;
	if (second &&
		(shipment->places_second || shipped->bytes[1] > 0 || !shipped->reached))
		shipped->bytes[1] += SHIP_HANDSHAKE_BYTES;
}

size_t
ship_finish(struct shipped *shipped, const void *page, size_t page_bytes,
	const struct shipment *shipment, struct recorder *r, int64_t now_us)
{
	struct span rest = {page, page_bytes};
	struct ship_record record;
	char body[ANSWER_MAX];
	size_t freed = 0;

	while (ship_record_next(&record, &rest)) {
		shipped->reached = true;
		shipped->bytes[record.uplink] += cost_of(&record);
		if (record.kind == SHIP_LIST) {
			shipped->list_known = true;
			buf_clear(&shipped->list);
			buf_add(&shipped->list, record.body.at, record.body.len);
			continue;
		}
		if (record.kind == SHIP_COUNTS) {
			buf_clear(&shipped->counts);
			buf_add(&shipped->counts, record.body.at, record.body.len);
			continue;
		}
		memcpy(body, record.body.at, record.body.len);
		freed += take_answer(&record, (struct span){body, record.body.len},
			shipment, r, now_us);
	}
	add_handshakes(shipped, shipment);
	return freed;
}
