#include "common/exhibit.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/squeeze.h"

enum err
exhibit_seal(struct exhibit *e, enum exhibit_kind kind, struct span bytes,
	const uint8_t key[static PUBLIC_KEY_BYTES])
{
	struct buf packed = {0};
	enum err err = ERR_LIMIT;

	e->sealed_n = 0;
	if (bytes.len > EXHIBIT_BYTES_MAX)
		return err;
	squeeze_pack(&packed, bytes);
	if (packed.len > EXHIBIT_SEALED_MAX - CRYPTO_SEAL_BYTES)
		bug("%zu bytes are packed into %zu", bytes.len, packed.len);
	err = crypto_seal(e->sealed, key, packed.data, packed.len);
	if (err == OK) {
		e->kind = kind;
		crypto_sha256(e->sha256, bytes.at, bytes.len);
		/* Last: a child that is ended in between leaves none. */
		e->sealed_n = (uint32_t)(packed.len + CRYPTO_SEAL_BYTES);
	}
	crypto_wipe(packed.data, packed.len);
	buf_free(&packed);
	return err;
}

static uint32_t
parts_of(uint32_t bytes)
{
	return (bytes + EXHIBIT_PART_BYTES - 1) / EXHIBIT_PART_BYTES;
}

static void
say_part(struct buf *lines, const struct exhibit *e, uint32_t part, uint32_t parts)
{
	uint32_t at = part * EXHIBIT_PART_BYTES;
	uint32_t n = e->sealed_n - at;
	struct measurement *m = calloc(1, sizeof(*m));
	struct buf text = {0};

	if (m == NULL)
		bug("out of memory");
	if (n > EXHIBIT_PART_BYTES)
		n = EXHIBIT_PART_BYTES;
	SET(m, kind, LINE_exhibit);
	SET(m, exhibit_kind, e->kind);
	SET(m, part, part + 1);
	SET(m, parts, parts);
	crypto_base64(&text, e->sealed + at, n);
	m->has[FIELD_exhibit_sha256] = true;
	crypto_hex(m->exhibit_sha256, e->sha256, HASH_BYTES);
	if (measurement_set_text(m, FIELD_exhibit, text.data) != OK ||
		measurement_encode(lines, m) != OK)
		bug("an exhibit that cannot be said");
	buf_puts(lines, "\n");
	buf_free(&text);
	free(m);
}

size_t
exhibit_say(struct buf *lines, const struct exhibit *e)
{
	struct exhibit own;
	uint32_t parts;

	memcpy(&own, e, sizeof(own)); /* nobody changes it any more */
	if (own.sealed_n <= CRYPTO_SEAL_BYTES || own.sealed_n > EXHIBIT_SEALED_MAX ||
		own.kind >= EXHIBIT_KIND_COUNT)
		return 0;
	parts = parts_of(own.sealed_n);
	for (uint32_t part = 0; part < parts; part++)
		say_part(lines, &own, part, parts);
	return parts;
}

/* Where the exhibit of this line is put together, a place for a new one where it is the first;
 * or EXHIBITS_BEGUN. */
static size_t
find_begun(struct exhibit_gathering *g, const struct measurement *line,
	const uint8_t hash[static HASH_BYTES])
{
	size_t at;

	for (at = 0; at < EXHIBITS_BEGUN; at++)
		if (g->next[at] > 0 &&
			memcmp(g->begun[at].sha256, hash, HASH_BYTES) == 0)
			break;
	if (line->part != 1)
		return at;
	if (at == EXHIBITS_BEGUN) {
		at = g->oldest;
		g->oldest = (at + 1) % EXHIBITS_BEGUN;
	}
	g->begun[at].kind = (uint32_t)line->exhibit_kind;
	g->begun[at].sealed_n = 0;
	memcpy(g->begun[at].sha256, hash, HASH_BYTES);
	g->parts[at] = line->parts;
	g->next[at] = 1;
	return at;
}

/* Adds what the line holds; false: it is none that could follow. */
static bool
add_part(struct exhibit *e, const struct measurement *line)
{
	size_t n = EXHIBIT_PART_BYTES;
	struct span text = {line->exhibit, strlen(line->exhibit)};

	if (!crypto_unbase64(e->sealed + e->sealed_n, &n, text) || n == 0 ||
		(line->part < line->parts && n != EXHIBIT_PART_BYTES))
		return false;
	e->sealed_n += (uint32_t)n;
	return true;
}

const struct exhibit *
exhibit_gather(struct exhibit_gathering *g, const struct measurement *line)
{
	uint8_t hash[HASH_BYTES];
	struct span hex = {line->exhibit_sha256, strlen(line->exhibit_sha256)};
	size_t at;

	if (line->kind != LINE_exhibit || !crypto_unhex(hash, sizeof(hash), hex))
		return NULL;
	at = find_begun(g, line, hash);
	if (at == EXHIBITS_BEGUN)
		return NULL;
	if (line->part != g->next[at] || line->parts != g->parts[at] ||
		(uint32_t)line->exhibit_kind != g->begun[at].kind ||
		!add_part(&g->begun[at], line)) {
		g->next[at] = 0;
		return NULL;
	}
	g->next[at]++;
	if (line->part < line->parts)
		return NULL;
	g->next[at] = 0;
	return &g->begun[at];
}

bool
exhibit_open(struct buf *out, const struct exhibit *e, const struct crypto_key *key)
{
	uint8_t packed[EXHIBIT_SEALED_MAX], hash[HASH_BYTES];
	struct buf shown = {0};
	bool ok;

	if (e->sealed_n <= CRYPTO_SEAL_BYTES || e->sealed_n > EXHIBIT_SEALED_MAX ||
		!crypto_key_unseal(packed, key, e->sealed, e->sealed_n))
		return false;
	ok = squeeze_open(&shown,
		(struct span){(const char *)packed, e->sealed_n - CRYPTO_SEAL_BYTES},
		EXHIBIT_BYTES_MAX);
	crypto_sha256(hash, shown.data ? shown.data : "", shown.len);
	ok = ok && memcmp(hash, e->sha256, HASH_BYTES) == 0;
	if (ok)
		buf_add(out, shown.data ? shown.data : "", shown.len);
	buf_free(&shown);
	return ok;
}
