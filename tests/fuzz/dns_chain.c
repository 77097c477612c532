/* Whatever comes back while signatures are followed up to the root. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"www.zz", "www.deep.zz", "www.plain.zz", "www.old.zz", "."};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (heard_trust(data, size, names[i], HEARD_UTC_US) > RESOLVE_BOGUS)
			abort();
	return 0;
}
