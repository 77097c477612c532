/* The headers of a reset, as somebody on the way made them: of what is shown no byte tells of the
 * end that it came to. */
#include <string.h>

#include "probe/doors/reset.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct capture_reset reset = {.n = (uint8_t)(n < 255 ? n : 255)};
	uint8_t out[CAPTURE_HEADERS_BYTES], again[CAPTURE_HEADERS_BYTES];
	size_t shown;

	memcpy(reset.headers, data,
		n < sizeof(reset.headers) ? n : sizeof(reset.headers));
	shown = reset_hide(out, &reset);
	must(shown <= n && shown <= CAPTURE_HEADERS_BYTES);
	/* What is hidden stays hidden, and nothing more is. */
	memcpy(reset.headers, out, shown);
	reset.n = (uint8_t)shown;
	must(shown == 0 ||
		(reset_hide(again, &reset) == shown && memcmp(again, out, shown) == 0));
	return 0;
}
