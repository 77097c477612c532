#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * zlib's only door: bytes in one member of the gzip form (RFC 1952), as Content-Encoding has
 * it. Lines of JSON become a fifth. Nothing of this machine and no time is in it.
 */

/* Appended to out. */
void squeeze_pack(struct buf *out, struct span bytes);
/* The bytes appended to out. False: not one whole member and nothing behind it, or more than
 * ${most} bytes; out is then as it was. The bytes are hostile; memory is bounded by ${most} and
 * the 32 KiB of the form. */
bool squeeze_open(struct buf *out, struct span bytes, size_t most);
