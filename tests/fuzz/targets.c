/* A target list that is accepted holds only what its header promises. */
#include <stdlib.h>
#include <string.h>

#include "common/targets.h"
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
	static struct targets targets;
	const char *why = NULL;
	uint32_t line = 0;

	if (targets_read(&targets, (struct span){(const char *)data, size}, &line,
		    &why) != OK) {
		must(why && line >= 1 && targets.n == 0);
		return 0;
	}
	must(targets.n <= TARGETS_MAX);
	for (uint32_t i = 0; i < targets.n; i++) {
		const struct target *t = &targets.rows[i];

		must(targets_find(&targets, t->id) == t); /* ids are unique */
		must(strnlen(t->id, sizeof t->id) < sizeof t->id && t->id[0]);
		must(strnlen(t->host, sizeof t->host) < sizeof t->host);
		must(strnlen(t->address, sizeof t->address) < sizeof t->address);
		must(strnlen(t->path, sizeof t->path) < sizeof t->path);
		must(t->path[0] == '/' && t->checks && t->rung < RUNG_COUNT);
		must(t->checks < 1u << CHECK_COUNT);
		must(t->host[0] || t->address[0]);
	}
	return 0;
}
