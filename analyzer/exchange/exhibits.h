#pragma once

#include "analyzer/steps.h"

/* Writes every exhibit that is stored and was sealed to this analyzer into a folder, opened: one
 * file each, named by the SHA-256 of what is in it and ending in its kind, of which no desktop
 * opens any by itself. Those that do not open are counted, and said. */
NODISCARD enum err exhibits_export(struct context *context, const char *dir);
