#include "analyzer/exchange/zone.h"

#include <string.h>

/* RFC 8536, section 3.1: magic, version, 15 bytes of nothing, six counts. */
#define HEADER_BYTES 44
#define COUNTS_AT 20
#define TYPE_BYTES 6

struct header {
	uint32_t utc_n, wall_n, leaps_n, changes_n, types_n, names_bytes;
};

static uint64_t
read_number(const char *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | (uint8_t)at[i];
	return value;
}

static bool
read_header(struct header *h, struct span *rest)
{
	uint32_t *const counts[] = {&h->utc_n, &h->wall_n, &h->leaps_n, &h->changes_n,
		&h->types_n, &h->names_bytes};

	if (rest->len < HEADER_BYTES || memcmp(rest->at, "TZif", 4) != 0)
		return false;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		*counts[i] = (uint32_t)read_number(rest->at + COUNTS_AT + 4 * i, 4);
	rest->at += HEADER_BYTES;
	rest->len -= HEADER_BYTES;
	return true;
}

/* What follows a header, with times of so many bytes. */
static uint64_t
body_bytes(const struct header *h, uint64_t time_bytes)
{
	return h->changes_n * (time_bytes + 1) + (uint64_t)h->types_n * TYPE_BYTES +
	       h->names_bytes + h->leaps_n * (time_bytes + 4) + h->wall_n + h->utc_n;
}

bool
zone_read(struct zone *zone, struct span bytes)
{
	const char *changes, *indexes, *types;
	struct header h;

	/* The first block is for readers of 32 bits; the second says it all again. */
	if (!read_header(&h, &bytes) || body_bytes(&h, 4) > bytes.len)
		return false;
	bytes.at += body_bytes(&h, 4);
	bytes.len -= body_bytes(&h, 4);
	if (!read_header(&h, &bytes) || body_bytes(&h, 8) > bytes.len || !h.types_n ||
		h.changes_n > ZONE_CHANGES_MAX)
		return false;
	changes = bytes.at;
	indexes = changes + (size_t)h.changes_n * 8;
	types = indexes + h.changes_n;
	zone->first_s = (int32_t)read_number(types, 4);
	zone->n = h.changes_n;
	for (size_t i = 0; i < zone->n; i++) {
		uint8_t type = (uint8_t)indexes[i];

		if (type >= h.types_n)
			return false;
		zone->at_s[i] = (int64_t)read_number(changes + 8 * i, 8);
		zone->offset_s[i] =
			(int32_t)read_number(types + (size_t)type * TYPE_BYTES, 4);
	}
	return true;
}

int32_t
zone_offset_s(const struct zone *zone, int64_t utc_s)
{
	size_t n = zone->n;

	while (n && zone->at_s[n - 1] > utc_s)
		n--;
	return n ? zone->offset_s[n - 1] : zone->first_s;
}

int64_t
zone_utc_s(const struct zone *zone, int64_t local_s)
{
	int64_t guess_s = local_s - zone_offset_s(zone, local_s);

	return local_s - zone_offset_s(zone, guess_s);
}
