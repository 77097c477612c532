#include "common/squeeze.h"

#include <stdint.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#include "common/log.h"

#define GZIP (15 + 16) /* inflateInit2(): a window of 32 KiB, and that form alone */
#define MEMORY_LEVEL 8

void
squeeze_pack(struct buf *out, struct span bytes)
{
	z_stream z = {.next_in = (const Bytef *)bytes.at, .avail_in = (uInt)bytes.len};
	size_t room;
	Bytef *packed;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP, MEMORY_LEVEL,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		bug("zlib does not start");
	room = deflateBound(&z, (uLong)bytes.len);
	packed = malloc(room);
	if (packed == NULL)
		bug("out of memory");
	z.next_out = packed;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		bug("zlib packs into less than it needs");
	buf_add(out, packed, room - z.avail_out);
	deflateEnd(&z);
	free(packed);
}

bool
squeeze_open(struct buf *out, struct span bytes, size_t most)
{
	z_stream z = {.next_in = (const Bytef *)bytes.at, .avail_in = (uInt)bytes.len};
	Bytef *open = malloc(most + 1);
	bool ok;

	if (open == NULL || inflateInit2(&z, GZIP) != Z_OK)
		bug("out of memory");
	z.next_out = open;
	z.avail_out = (uInt)most + 1;
	/* One byte more than may come tells that there is more. */
	ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0 &&
	     z.avail_out > 0;
	if (ok)
		buf_add(out, open, most + 1 - z.avail_out);
	inflateEnd(&z);
	free(open);
	return ok;
}
