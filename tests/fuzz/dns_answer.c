/* Whatever a name server sends: an answer counts only under the id of the question, and
 * what it says stays in bounds. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "probe/doors/resolve.h"
#include "tests/fuzz/fuzz.h"

static void
must(int promise)
{
	if (!promise)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolve_answer answer;
	uint16_t id = size < 2 ? 0 : (uint16_t)(data[0] << 8 | data[1]);

	must(resolve_read(&answer, data, size, (uint16_t)(id + 1), "www.example") ==
		RESOLVE_IGNORED);
	if (resolve_read(&answer, data, size, id, "www.example") != RESOLVE_ANSWERED)
		return 0;
	must(answer.n <= answer.answers && answer.n <= RESOLVE_ADDRESSES_MAX);
	must(answer.rcode <= 4095);
	must(strnlen(answer.sha256, sizeof(answer.sha256)) == (answer.n ? 64 : 0));
	return 0;
}
