/* An invite that is accepted is written again as what was read, in both forms. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/invite.h"
#include "common/log.h"
#include "tests/fuzz/fuzz.h"

static void
must_be_the_same(const struct invite *invite, const struct buf *form)
{
	struct invite again;

	if (invite_parse(&again, buf_span(form), NULL) != OK ||
		memcmp(&again, invite, sizeof(again)) != 0)
		bug("an invite that does not survive its own form");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = {0}, code = {0};
	struct invite invite;

	if (invite_parse(&invite, (struct span){(const char *)data, size}, NULL) ==
		OK) {
		invite_write(&text, &invite);
		invite_write_code(&code, &invite);
		must_be_the_same(&invite, &text);
		must_be_the_same(&invite, &code);
	}
	buf_free(&text);
	buf_free(&code);
	return 0;
}
