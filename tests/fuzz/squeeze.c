/* A body in the gzip form, as the network sends it: what opens is no longer than it may be, and
 * packed and opened again is the same. */
#include <stdlib.h>
#include <string.h>

#include "common/squeeze.h"
#include "tests/fuzz/fuzz.h"

#define MOST 16384

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span bytes = {(const char *)data, n};
	struct buf open = {0}, packed = {0}, again = {0};

	if (squeeze_open(&open, bytes, MOST)) {
		if (open.len > MOST)
			abort();
		squeeze_pack(&packed, buf_span(&open));
		if (!squeeze_open(&again, buf_span(&packed), MOST) ||
			again.len != open.len ||
			(open.len > 0 && memcmp(again.data, open.data, open.len) != 0))
			abort();
	}
	buf_free(&open);
	buf_free(&packed);
	buf_free(&again);
	return 0;
}
