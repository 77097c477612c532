#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What libFuzzer, or replay.c with the files of a corpus, calls. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input: a fuzzer and a replay see the end of the program. */
static inline void
must(int promise)
{
	if (!promise)
		abort();
}
