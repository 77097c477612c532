#include "common/note.h"

#include <string.h>

/* U+2014 and a space, as the signed-note page has it. */
#define DASH "\xe2\x80\x94 "
#define SIGNED_BYTES (4 + SIG_BYTES)

/* First 4 bytes of SHA-256(name || 0x0A || 0x01 || key), as C2SP signed-note has it. */
static void
hash_key(uint8_t out[static 4], const char *name,
	const uint8_t key[static PUBLIC_KEY_BYTES])
{
	uint8_t back[2 + PUBLIC_KEY_BYTES] = {0x0a, 0x01}; /* 0x01: Ed25519 */
	uint8_t hash[HASH_BYTES];

	memcpy(back + 2, key, PUBLIC_KEY_BYTES);
	crypto_sha256_2(hash, name, strlen(name), back, sizeof back);
	memcpy(out, hash, 4);
}

void
note_sign(struct buf *out, struct span text, const char *key_name,
	const struct crypto_key *key)
{
	uint8_t bytes[SIGNED_BYTES];

	hash_key(bytes, key_name, crypto_key_public(key));
	crypto_key_sign(bytes + 4, key, text.at, text.len);
	buf_add(out, text.at, text.len);
	buf_printf(out, "\n" DASH "%s ", key_name);
	crypto_base64(out, bytes, sizeof bytes);
	buf_puts(out, "\n");
}

/* Printable ASCII; '+' and spaces have no place in a key name. */
static bool
is_text(struct span span, bool name)
{
	size_t i;

	for (i = 0; i < span.len; i++) {
		char c = span.at[i];

		if (c < 0x20 || c > 0x7e || (name && (c == ' ' || c == '+')))
			return false;
	}
	return span.len > 0;
}

/* "— <name> <base64>", without its '\n'. */
static enum err
signature_parse(struct note *note, struct span line)
{
	uint8_t bytes[SIGNED_BYTES];
	size_t n = sizeof bytes;
	struct span name;
	const char *space;

	if (!span_skip(&line, DASH) || !line.len)
		return ERR_FORMAT;
	space = memchr(line.at, ' ', line.len);
	if (!space)
		return ERR_FORMAT;
	name = (struct span){line.at, (size_t)(space - line.at)};
	line.at = space + 1;
	line.len -= name.len + 1;
	if (!is_text(name, true) || name.len >= sizeof note->key_name)
		return ERR_FORMAT;
	if (!crypto_unbase64(bytes, &n, line) || n != sizeof bytes)
		return ERR_FORMAT;
	memcpy(note->key_name, name.at, name.len);
	note->key_name[name.len] = '\0';
	memcpy(note->key_hash, bytes, 4);
	memcpy(note->sig, bytes + 4, SIG_BYTES);
	return OK;
}

enum err
note_parse(struct note *note, struct span bytes)
{
	struct span rest = bytes, line;

	*note = (struct note){.whole = bytes};
	do {
		if (!span_line(&line, &rest))
			return ERR_FORMAT;
		if (line.len && !is_text(line, false))
			return ERR_FORMAT;
	} while (line.len);
	note->text = (struct span){bytes.at, (size_t)(line.at - bytes.at)};
	if (!note->text.len)
		return ERR_FORMAT;
	if (!span_line(&line, &rest) || rest.len)
		return ERR_FORMAT;
	return signature_parse(note, line);
}

bool
note_verify(const struct note *note, const char *key_name,
	const uint8_t key[static PUBLIC_KEY_BYTES])
{
	uint8_t hash[4];

	hash_key(hash, key_name, key);
	return strcmp(note->key_name, key_name) == 0 &&
	       crypto_equal(note->key_hash, hash, sizeof hash) &&
	       crypto_verify(note->sig, key, note->text.at, note->text.len);
}
