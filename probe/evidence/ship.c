#include "probe/steps.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/squeeze.h"
#include "probe/doors/fetch.h"
#include "probe/doors/way.h"

/* A shipment begun in the dark would sit in TCP's back-off long after the light is back;
 * the next try begins afresh. Five round trips of a slow 2G line fit in. */
#define CONNECT_LIMIT_S 15
#define STALL_LIMIT_S 30
#define SHIP_MOST 32
#define URL_BYTES (ENDPOINT_BYTES + 128)
/* Headers of HTTP, TLS, TCP and IP around one exchange. */
#define EXCHANGE_BYTES 600

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
		.most_bytes = SHIP_MOST * SEGMENT_FILE_MAX,
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
	struct ship_record record = {
		.kind = SHIP_LOST, .uplink = page->uplink, .boot_us = clock_boot_us()};
	struct fetch_request bound = *request;
	struct buf answer = {0};
	long status = 0;
	bool ok = false;

	/* Also where the one before was closed, and another connection is made. */
	bound.interface = page->interface;
	if (fetch_exchange(&answer, &status, connection, &bound) != OK) {
		int64_t sent_bytes = fetch_sent_bytes(connection);

		record.bytes = (uint32_t)(sent_bytes + EXCHANGE_BYTES);
		if (sent_bytes > 0)
			(void)ship_record_put(page->at, page->bytes, &record);
		goto done;
	}
	record.kind = kind;
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
	const struct enrolment *e, const char *nonce)
{
	static const uint8_t no_id[HASH_BYTES];
	char url[URL_BYTES];

	snprintf(url, sizeof(url), "%s/v1/where?nonce=%s", e->endpoint, nonce);
	return ship_exchange(page, connection,
		&(struct fetch_request){.method = "GET",
			.url = url,
			.pin = e->pin,
			.max_answer = SHIP_ANSWER_MAX,
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
			.max_answer = SHIP_ANSWER_MAX,
			.connect_limit_s = CONNECT_LIMIT_S,
			.stall_limit_s = STALL_LIMIT_S},
		SHIP_COUNTS, no_id);
}

/* What is still to go, and over which connection. */
struct ship_load {
	struct ship_page page;
	const struct shipment *shipment;
	uint8_t ids[SHIP_MOST][HASH_BYTES];
	size_t n, next;
	int64_t bytes; /* of segments so far */
	bool done; /* all of it went */
};

static bool
ship_one(struct ship_load *load, struct fetch_connection *connection,
	const uint8_t id[static HASH_BYTES])
{
	const struct shipment *shipment = load->shipment;
	const struct enrolment *e = shipment->enrolment;
	char url[URL_BYTES], hex[HASH_HEX_BYTES];
	struct buf segment = {0}, packed = {0};
	bool ok = true;

	crypto_hex(hex, id, HASH_BYTES);
	snprintf(url, sizeof(url), "%s/v1/segments/%s", e->endpoint, hex);
	/* One that cannot be read does not hold up the others. */
	if (spool_get(&segment, shipment->spool, id) == OK) {
		squeeze_pack(&packed, buf_span(&segment));
		load->bytes += (int64_t)packed.len + EXCHANGE_BYTES;
		ok = ship_exchange(&load->page, connection,
			&(struct fetch_request){.method = "PUT",
				.url = url,
				.pin = e->pin,
				.bearer = e->token,
				.body = buf_span(&packed),
				.gzip = true,
				.max_answer = SHIP_ANSWER_MAX,
				.connect_limit_s = CONNECT_LIMIT_S,
				.stall_limit_s = STALL_LIMIT_S},
			SHIP_RECEIPT, id);
	}
	buf_free(&packed);
	buf_free(&segment);
	return ok;
}

static void
ship_segments(struct ship_load *load, struct fetch_connection *connection)
{
	const struct shipment *shipment = load->shipment;
	bool going = true;

	while (going && load->next < load->n &&
		load->bytes + SEGMENT_FILE_MAX <= shipment->most_bytes)
		going = ship_one(load, connection, load->ids[load->next++]);
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
	load->page.interface = interface;
	if (shipment->places)
		going = ship_ask_where(&load->page, connection, shipment->enrolment,
			shipment->nonces[uplink]);
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
	struct ship_load load = {
		.page = {.at = at, .bytes = page_bytes}, .shipment = shipment};
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
