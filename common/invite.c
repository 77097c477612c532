#include "common/invite.h"

#include <stdbool.h>
#include <string.h>

#define PREFIX "fl1-"

void
invite_write(struct buf *out, const struct invite *invite)
{
	char key[2 * PUBLIC_KEY_BYTES + 1];

	crypto_hex(key, invite->key, PUBLIC_KEY_BYTES);
	buf_printf(out,
		"faultline/invite\ncode %s\nendpoint %s\npin %s\nkey %s\nrole %s\n",
		invite->code, invite->endpoint, invite->pin, key, invite->role);
}

void
invite_write_code(struct buf *out, const struct invite *invite)
{
	struct buf text = {0}, code = {0};

	invite_write(&text, invite);
	crypto_base64(&code, text.data, text.len);
	while (code.len > 0 && code.data[code.len - 1] == '=')
		code.len--;
	for (size_t i = 0; i < code.len; i++) {
		if (code.data[i] == '+')
			code.data[i] = '-';
		if (code.data[i] == '/')
			code.data[i] = '_';
	}
	buf_puts(out, PREFIX);
	buf_add(out, code.data, code.len);
	buf_free(&text);
	buf_free(&code);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* base64url without padding -> the padded standard form -> bytes. */
static bool
decode(char *out, size_t *n, struct span code)
{
	char padded[2 * INVITE_MAX];

	if (code.len + 3 > sizeof(padded))
		return false;
	for (size_t i = 0; i < code.len; i++) {
		char c = code.at[i];

		if (c == '+' || c == '/' || c == '=')
			return false;
		padded[i] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	while (code.len % 4 != 0)
		padded[code.len++] = '=';
	return crypto_unbase64(out, n, (struct span){padded, code.len});
}

/* The value behind "name " in the next line; printable, without spaces. */
static bool
take(char *out, size_t room, struct span *rest, const char *name)
{
	size_t prefix = strlen(name);
	struct span line;

	if (!span_line(&line, rest) || line.len <= prefix + 1 ||
		memcmp(line.at, name, prefix) != 0 || line.at[prefix] != ' ')
		return false;
	line.at += prefix + 1;
	line.len -= prefix + 1;
	if (line.len >= room)
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] <= ' ' || line.at[i] > '~')
			return false;
	memcpy(out, line.at, line.len);
	out[line.len] = '\0';
	return true;
}

static bool
starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool
is_hex(const char *text, size_t bytes)
{
	uint8_t out[PUBLIC_KEY_BYTES];

	return bytes <= sizeof(out) &&
	       crypto_unhex(out, bytes, (struct span){text, strlen(text)});
}

static const char *
read_lines(struct invite *invite, struct span rest)
{
	char key[2 * PUBLIC_KEY_BYTES + 1];
	struct span line;

	if (!span_line(&line, &rest) || !span_is(line, "faultline/invite"))
		return "it is not an invite: its first line must be "
		       "\"faultline/invite\"";
	if (!take(invite->code, sizeof(invite->code), &rest, "code") ||
		!is_hex(invite->code, 16))
		return "its code is not 32 hex digits";
	if (!take(invite->endpoint, sizeof(invite->endpoint), &rest, "endpoint"))
		return "its endpoint is missing or too long";
	if (!starts(invite->endpoint, "https://"))
		return "its endpoint is not https: evidence is never sent in the clear";
	if (!take(invite->pin, sizeof(invite->pin), &rest, "pin") ||
		!starts(invite->pin, "sha256//"))
		return "its pin does not read sha256//...";
	if (!take(key, sizeof(key), &rest, "key") ||
		!crypto_unhex(
			invite->key, PUBLIC_KEY_BYTES, (struct span){key, strlen(key)}))
		return "its key is not 64 hex digits";
	if (!take(invite->role, sizeof(invite->role), &rest, "role") ||
		(strcmp(invite->role, "field") != 0 &&
			strcmp(invite->role, "control") != 0))
		return "its role is neither field nor control";
	if (rest.len > 0)
		return "there is something behind its last line";
	return NULL;
}

enum err
invite_parse(struct invite *invite, struct span bytes, const char **why)
{
	char text[INVITE_MAX + 1];
	const char *wrong = NULL;

	memset(invite, 0, sizeof(*invite));
	bytes = trim(bytes);
	if (bytes.len > sizeof(PREFIX) && memcmp(bytes.at, PREFIX, 4) == 0) {
		size_t n = INVITE_MAX;

		if (decode(text, &n, (struct span){bytes.at + 4, bytes.len - 4}))
			bytes = (struct span){text, n};
		else
			wrong = "the code was cut or mistyped";
	} else if (bytes.len < INVITE_MAX) {
		/* The newline that trim() took belongs to the last line. */
		memcpy(text, bytes.at, bytes.len);
		text[bytes.len] = '\n';
		bytes = (struct span){text, bytes.len + 1};
	} else {
		wrong = "it is too long for an invite";
	}
	if (wrong == NULL)
		wrong = read_lines(invite, bytes);
	if (why != NULL)
		*why = wrong;
	return wrong == NULL ? OK : ERR_FORMAT;
}
