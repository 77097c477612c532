/* A file of known block pages, and any page held against it. */
#include <stdlib.h>
#include <string.h>

#include "probe/doors/fingerprint.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = {(const char *)data, size};
	struct fingerprints *f = NULL;
	uint32_t line = 0;
	const char *name;

	if (fingerprint_read(&f, &line, all) != OK)
		return 0;
	name = fingerprint_of_page(f, all, all);
	if ((name && strlen(name) >= FINGERPRINT_NAME_BYTES) ||
		fingerprint_count(f) > FINGERPRINT_ROWS_MAX)
		abort();
	fingerprint_free(f);
	return 0;
}
