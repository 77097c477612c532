/* A line that is accepted is what the encoder writes for it. */
#include <stdlib.h>
#include <string.h>

#include "common/measurement.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span line = {(const char *)data, size};
	const char *why = NULL;
	struct buf again = {0};
	struct measurement m;

	if (measurement_decode(&m, line, &why) != OK) {
		if (!why)
			abort();
		return 0;
	}
	if (measurement_encode(&again, &m) != OK || again.len != size ||
		memcmp(again.data, data, size) != 0)
		abort();
	buf_free(&again);
	return 0;
}
