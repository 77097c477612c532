#pragma once

#include "analyzer/steps.h"

/*
 * What a person's browser or script reads: the stored events, on an address of their own,
 * which must be loopback. Nothing can be changed through it.
 */
struct pages;
/* ${store} is used from the server's thread alone. */
NODISCARD enum err pages_open(struct pages **pages, struct store *store,
	const struct settings *settings, const char *address);
void pages_close(struct pages *pages);
