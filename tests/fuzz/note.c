#include <stdlib.h>
#include <string.h>

#include "common/note.h"
#include "tests/fuzz/fuzz.h"

/* A note that is accepted has one form: its parts, put together, are its bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	uint8_t sig[4 + SIG_BYTES];
	struct buf again = {0};
	struct note note;

	if (note_parse(&note, bytes))
		return 0;
	memcpy(sig, note.key_hash, 4);
	memcpy(sig + 4, note.sig, SIG_BYTES);
	buf_add(&again, note.text.at, note.text.len);
	buf_printf(&again, "\n\xe2\x80\x94 %s ", note.key_name);
	crypto_base64(&again, sig, sizeof sig);
	buf_puts(&again, "\n");
	if (again.len != size || memcmp(again.data, data, size))
		abort();
	buf_free(&again);
	return 0;
}
