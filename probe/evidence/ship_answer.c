#include "probe/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/note.h"
#include "common/utc.h"

/* A note longer than this does not fit into the line that carries it. */
#define NOTE_MAX 900

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
	case SHIP_LOST:
		break;
	}
	return false;
}

/* What the answer may have cost at most: the page is hostile. */
static uint32_t
cost_of(const struct ship_record *record)
{
	uint32_t most = SEGMENT_FILE_MAX + (uint32_t)ship_record_most(record->kind);

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
	char body[SHIP_ANSWER_MAX];
	size_t freed = 0;

	while (ship_record_next(&record, &rest)) {
		shipped->bytes[record.uplink] += cost_of(&record);
		if (record.kind == SHIP_LOST)
			continue;
		shipped->reached = true;
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
