#include "common/mandate.h"

#include <stdio.h>
#include <string.h>

#include "common/note.h"

#define SERIAL_MAX INT64_C(9007199254740991) /* 2^53-1, as everywhere in FORMAT.md */

void
mandate_sign(struct buf *out, const struct mandate *mandate, const char *key_name,
	const struct crypto_key *key)
{
	struct buf text = {0};

	buf_printf(&text, "faultline/targets\ncountry %s\nserial %llu\n",
		mandate->country, (unsigned long long)mandate->serial);
	buf_add(&text, mandate->list.at, mandate->list.len);
	note_sign(out, buf_span(&text), key_name, key);
	buf_free(&text);
}

static bool
read_head(struct mandate *mandate, struct span text)
{
	struct span country, serial;

	if (!span_skip(&text, "faultline/targets\n") || !span_line(&country, &text) ||
		!span_skip(&country, "country ") || country.len != 2 ||
		!span_line(&serial, &text) || !span_skip(&serial, "serial ") ||
		!span_number(&mandate->serial, serial, SERIAL_MAX) || !mandate->serial)
		return false;
	for (size_t i = 0; i < country.len; i++) {
		if (country.at[i] < 'A' || country.at[i] > 'Z')
			return false;
		mandate->country[i] = country.at[i];
	}
	mandate->country[country.len] = '\0';
	mandate->list = text;
	return text.len > 0;
}

enum err
mandate_open(struct mandate *mandate, struct span bytes,
	const uint8_t analyzer_key[static PUBLIC_KEY_BYTES])
{
	char name[NOTE_KEY_NAME_BYTES], hex[17];
	struct note note;

	if (bytes.len > MANDATE_BYTES_MAX || note_parse(&note, bytes) != OK ||
		!read_head(mandate, note.text))
		return ERR_FORMAT;
	crypto_hex(hex, analyzer_key, 8);
	snprintf(name, sizeof name, "faultline-analyzer-%s", hex);
	return note_verify(&note, name, analyzer_key) ? OK : ERR_SIGNATURE;
}
