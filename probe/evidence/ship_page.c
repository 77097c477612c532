#include "probe/steps.h"

#include <string.h>

/* How a record lies in the page; behind it its body, padded to eight bytes. */
struct record_head {
	uint32_t kind, body_bytes, bytes, status, uplink, zero;
	int64_t boot_us;
	uint8_t id[HASH_BYTES];
};

size_t
ship_record_most(uint32_t kind)
{
	return kind == SHIP_LIST ? MANDATE_BYTES_MAX : SHIP_ANSWER_MAX;
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
	if (head.kind == SHIP_NOTHING || head.kind > SHIP_LOST ||
		head.body_bytes > ship_record_most(head.kind) ||
		head.uplink >= UPLINKS_MAX)
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
	if (record->body.len > ship_record_most(record->kind) ||
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
