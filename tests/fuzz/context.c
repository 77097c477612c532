/* A line of context that is accepted holds only what its header promises. */
#include <string.h>

#include "analyzer/exchange/context.h"
#include "tests/fuzz/fuzz.h"

static enum err
look(void *arg, const struct store_context *context)
{
	size_t *n = arg;

	++*n;
	must(context->kind[0] && strnlen(context->kind, sizeof context->kind) < 33);
	must(context->source[0] &&
		strnlen(context->source, sizeof context->source) < 33);
	must(context->says[0] && strnlen(context->says, sizeof context->says) < 201);
	must(strlen(context->country) == 2 && context->begin_utc_us >= 0);
	must(!context->end_utc_us || context->end_utc_us >= context->begin_utc_us);
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	uint64_t line = 0;
	size_t n = 0;
	enum err err = context_read(
		(struct span){(const char *)data, size}, look, &n, &line, &why);

	must((err == OK) == (why == NULL));
	must(line >= 1 && (err == OK ? line == n + 1 : line == 1 || line == n + 2));
	return 0;
}
