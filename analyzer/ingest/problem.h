#pragma once

#include "common/buf.h"

/* An RFC 9457 problem document. ${title} and ${detail} are sentences of our own, without
 * '"' and '\'. */
void problem_write(
	struct buf *out, unsigned status, const char *title, const char *detail);
