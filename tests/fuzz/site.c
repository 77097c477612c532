/* Where a redirect points, as a server sent it. */
#include "probe/doors/site.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	site_is_another((struct span){(const char *)data, n}, "www.news.test");
	return 0;
}
