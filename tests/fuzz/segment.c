#include <stdlib.h>
#include <string.h>

#include "common/segment.h"
#include "tests/fuzz/fuzz.h"

/* A segment that is accepted has one form too, and a refusal always says why. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct segment segment;
	struct buf again = {0};
	const char *why = NULL;
	size_t i;

	if (segment_read(&segment, (struct span){(const char *)data, size}, &why)) {
		if (!why)
			abort();
		return 0;
	}
	for (i = 0; i < segment.n; i++) {
		buf_add(&again, segment.lines[i].at, segment.lines[i].len);
		buf_puts(&again, "\n");
	}
	buf_puts(&again, "\n");
	buf_add(&again, segment.note.at, segment.note.len);
	buf_puts(&again, "seed ");
	crypto_base64(&again, segment.seed, SEED_BYTES);
	buf_puts(&again, "\n");
	if (why || again.len != size || memcmp(again.data, data, size))
		abort();
	buf_free(&again);
	return 0;
}
