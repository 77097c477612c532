/* An outage that is accepted holds only what its header promises. */
#include <string.h>

#include "analyzer/exchange/outages.h"
#include "tests/fuzz/fuzz.h"

static enum err
look(void *arg, const struct store_outage *outage)
{
	size_t *n = arg;

	++*n;
	must(outage->id[0] && strnlen(outage->id, sizeof outage->id) < 65);
	must(strlen(outage->country) == 2 && outage->begin_utc_us > 0);
	must(!outage->end_utc_us || outage->end_utc_us >= outage->begin_utc_us);
	must(strnlen(outage->place, sizeof outage->place) < 96);
	must(outage->fell <= outage->signals && outage->signals <= 3);
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct places *places;
	const char *why = NULL;
	uint64_t line = 0;
	size_t n = 0;
	enum err err;

	if (!places && places_open(&places) != OK)
		abort();
	err = outages_read(
		(struct span){(const char *)data, size}, places, look, &n, &line, &why);
	must((err == OK) == (why == NULL));
	must(line >= 1 && (err == OK ? line == n + 1 : line == 1 || line == n + 2));
	return 0;
}
