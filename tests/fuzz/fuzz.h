#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer, or replay.c with the files of a corpus, calls. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
