#include "analyzer/ingest/notes.h"

#include <string.h>

#include "common/note.h"
#include "common/utc.h"

static bool
is_nonce(const char *text)
{
	return strlen(text) == NOTES_NONCE_DIGITS &&
	       strspn(text, "0123456789abcdef") == NOTES_NONCE_DIGITS;
}

enum err
notes_write_where(struct buf *out, const struct identity *identity,
	const struct place *place, const char *nonce, int64_t now_utc_us)
{
	struct buf text = {0};
	char now[UTC_TEXT_BYTES];

	if (!is_nonce(nonce))
		return ERR_FORMAT;
	utc_text(now, now_utc_us);
	buf_printf(&text,
		"faultline/where\nnonce %s\nasn %u\ncountry %s\nprefix %s\ntime %s\n",
		nonce, place->asn, place->country, place->prefix, now);
	note_sign(out, buf_span(&text), identity->key_name, identity->key);
	buf_free(&text);
	return OK;
}

/* One key signs receipts and where notes: the first line keeps them apart. */
bool
notes_check_where(struct span bytes, const struct identity *identity)
{
	struct note note;

	return span_skip(&(struct span){bytes.at, bytes.len}, "faultline/where\n") &&
	       note_parse(&note, bytes) == OK &&
	       note_verify(&note, identity->key_name, crypto_key_public(identity->key));
}

void
notes_write_receipt(struct buf *out, const struct identity *identity,
	const uint8_t id[static HASH_BYTES], int64_t now_utc_us)
{
	struct buf text = {0};
	char now[UTC_TEXT_BYTES], hex[HASH_HEX_BYTES];

	utc_text(now, now_utc_us);
	crypto_hex(hex, id, HASH_BYTES);
	buf_printf(&text, "faultline/received\nsegment %s\ntime %s\n", hex, now);
	note_sign(out, buf_span(&text), identity->key_name, identity->key);
	buf_free(&text);
}
