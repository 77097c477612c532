/* A series that is accepted holds only what its header promises. */
#include <string.h>

#include "analyzer/exchange/series.h"
#include "tests/fuzz/fuzz.h"

static enum err
look(void *arg, const struct store_point *point)
{
	size_t *n = arg;

	++*n;
	must(point->source[0] && strnlen(point->source, sizeof point->source) < 33);
	must(point->metric[0] && strnlen(point->metric, sizeof point->metric) < 17);
	must(strlen(point->country) == 2 && point->utc_us >= 0);
	must(point->value_micro >= 0);
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	uint64_t line = 0;
	size_t n = 0;
	enum err err = series_read(
		(struct span){(const char *)data, size}, NULL, look, &n, &line, &why);

	must((err == OK) == (why == NULL));
	must(line >= 1 && (err == OK ? line == n + 1 : line == 1 || line == n + 2));
	return 0;
}
