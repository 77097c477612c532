#pragma once

#include "common/buf.h"

/* Appends how far a verdict has been tried: on what it was calibrated, and in how many real
 * events it was right (real.def), in one sentence. */
void real_sentence(struct buf *out);
